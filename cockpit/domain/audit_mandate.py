"""An auditor's mandate: who may look, at what, until when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a mandate opens.

    ``USES``: what was allowed, read and refused. ``RECIPIENTS``: who may ask, and the published uses. ``OPERATIONS``:
    what the operator and persons did with spaces and keys. ``CASES``: one named case, with a second auditor.
    """

    USES = "uses"
    RECIPIENTS = "recipients"
    OPERATIONS = "operations"
    CASES = "cases"


_FAMILIES = {
    "consent": Scope.USES,
    "access": Scope.USES,
    "token": Scope.USES,
    "obligation": Scope.USES,
    "receipt": Scope.USES,
    "recipient": Scope.RECIPIENTS,
    "use": Scope.RECIPIENTS,
    "notice": Scope.RECIPIENTS,
    "policy": Scope.RECIPIENTS,
}
_ALWAYS = frozenset({"auditor", "shard", "witness"})
"""What is about the log itself and those who read it: every mandate sees it."""


@dataclass(frozen=True, slots=True)
class AuditorMandate:
    """One auditor's mandate, given by the operator.

    ``name`` is shown to a person whose case is opened. ``until`` and ``ended_at`` are instants, ``ended_at`` empty
    while it was not ended before its time. ``jwk`` is the public key (RFC 8037), ``thumbprint`` its RFC 7638 hash.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    until: str
    jwk: dict[str, str]
    thumbprint: str
    given_at: str
    ended_at: str = ""

    def live(self, now: str) -> bool:
        """Whether it may be used at the instant ``now``."""
        return not self.ended_at and now < self.until

    def opens(self, event_type: str) -> bool:
        """Whether it opens entries of this type; one of an unknown family is the operator's."""
        family = event_type.partition(".")[0]
        return family in _ALWAYS or _FAMILIES.get(family, Scope.OPERATIONS) in self.scopes
