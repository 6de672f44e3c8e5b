"""What the auditor's house refuses, and what it keeps of it as evidence."""

from __future__ import annotations

from typing import Any

from cockpit.domain.errors import CockpitError


class HouseError(CockpitError):
    """Whoever runs the house can mend it: a missing key, a wrong address, a folder that is no house."""

    code = "house"


class NotAnswered(CockpitError):
    """The cockpit refused a request, or did not answer. ``reason`` is its own code."""

    code = "not_answered"


class Refuted(CockpitError):
    """What the cockpit handed over does not hold together. ``evidence`` is all that shows it, as JSON values.

    ``reason`` is one of the codes of ``docs/reference/audit-api.md``.
    """

    code = "refuted"

    def __init__(self, code: str, message: str, **evidence: Any) -> None:
        super().__init__(message, code=code)
        self.evidence: dict[str, Any] = evidence
