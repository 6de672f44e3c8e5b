"""What the policy engine answers: a value that carries its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from cockpit.domain.consent import ClauseInput
from cockpit.domain.ids import ConsentId


class Reason(StrEnum):
    """Why a read is refused. Stable codes: they are in the log and in every refusal a service receives."""

    NO_CONSENT = "no-consent"
    NOT_ACTIVE = "not-active"
    EXPIRED = "expired"
    OTHER_SERVICE = "other-service"
    NOT_DECLARED = "not-declared"
    KIND_NOT_COVERED = "kind-not-covered"
    FIELD_NOT_COVERED = "field-not-covered"
    OUTSIDE_PERIOD = "outside-period"
    TOO_FINE = "too-fine"
    QUOTA_SPENT = "quota-spent"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The read may go on, projected to ``allowed`` (never wider than what was asked) and this window of days."""

    consent: ConsentId
    allowed: ClauseInput
    data_from: str
    data_until: str
    obligations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The read stops here."""

    reason: Reason
    consent: ConsentId | None = None


Decision: TypeAlias = Allowed | Refused
