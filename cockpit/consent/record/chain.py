"""The versions of one record: each names the one before, and nothing follows a final state."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.consent import lifecycle
from cockpit.consent.record.form import record_sha256
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import Tampered

_FIRST = frozenset({ConsentStatus.REQUESTED, ConsentStatus.DEFERRED, ConsentStatus.REFUSED, ConsentStatus.GIVEN})
_SAME = ("id", "subject", "role", "service", "use")


def check_chain(versions: Sequence[ConsentRecord]) -> None:
    """Return when the versions, oldest first, are one unbroken life. Raises ``Tampered`` naming the version at fault.

    A gap, a version of another consent, one that goes back in time and a change the table of states does not know
    are refused.
    """
    for number, record in enumerate(versions, start=1):
        before = versions[number - 2] if number > 1 else None
        fault = _first_fault(record) if before is None else _fault(before, record)
        if record.version != number:
            fault = "is not the next one"
        if fault:
            raise Tampered(f"version {number} of the record {fault}")


def _first_fault(record: ConsentRecord) -> str:
    if record.replaces:
        return "names a version before it, which is not there"
    return "" if record.state in _FIRST else "begins in the middle of a life"


def _fault(before: ConsentRecord, record: ConsentRecord) -> str:
    if record.replaces != record_sha256(before):
        return "does not name the version before it"
    if any(getattr(record, name) != getattr(before, name) for name in _SAME):
        return "is about another consent"
    if record.at < before.at:
        return "is dated before the one it replaces"
    reachable = {lifecycle.TABLE[change][1] for change in lifecycle.possible(before.state)}
    return "" if record.state in reachable else "cannot follow the one before it"
