"""What can go wrong, grouped by who must act: the citizen, the service, the operator, or us.

An error carries a ``code`` (stable, translated by the pages) and details that never hold a personal value.
"""

from __future__ import annotations

from typing import ClassVar


class CockpitError(Exception):
    """The root of every error that is ours to explain; ``str(error)`` is a plain English sentence."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str | None = None, **details: str | int) -> None:
        super().__init__(message)
        self.reason: str = code or self.code
        self.details: dict[str, str | int] = dict(details)


class CitizenMustAct(CockpitError):
    """The person can mend it: a wrong passphrase, a file we cannot read, a choice left out."""

    code = "citizen"


class ServiceMustAct(CockpitError):
    """The asking service can mend it: over-asking, a broken request, an expired token."""

    code = "service"


class OperatorMustAct(CockpitError):
    """Whoever runs the machine can mend it: a missing key file, a full disk, a wrong setting."""

    code = "operator"


class WeMustFix(CockpitError):
    """A bug or a damaged store; nothing the person did."""

    code = "ours"


class SpaceLocked(CitizenMustAct):
    """The space is locked: only the person's passphrase or emergency kit opens it."""

    code = "space_locked"


class WrongSecret(CitizenMustAct):
    """No slot opened with the secret given. Says nothing of which part was wrong."""

    code = "wrong_secret"


class NotFound(CitizenMustAct):
    """What was asked for does not exist, or is not this visitor's to see; both look the same."""

    code = "not_found"


class Tampered(WeMustFix):
    """Stored bytes do not verify: edited, swapped, truncated, or sealed for somebody else."""

    code = "tampered"
