"""A clause (the exact terms) and a consent (a person's decision on a clause)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.domain.ids import ConsentId, Kind, PersonId, ServiceId, UseId
from cockpit.domain.use import AccessMode as AccessMode  # noqa: PLC0414 - a clause is written with this word too
from cockpit.domain.use import Automation, ConsentMode, EndAction, Grain


@dataclass(frozen=True, slots=True, order=True)
class ClauseInput:
    """One kind of data in a clause: the fields that may leave, and how coarse they must be.

    Raises ``ValueError`` without a field: a part that gives nothing would be read as one that names nothing.
    """

    kind: Kind
    fields: tuple[str, ...]
    grain: Grain
    required: bool

    def __post_init__(self) -> None:
        if not self.fields:
            raise ValueError(f"a clause gives no field of {self.kind}")


@dataclass(frozen=True, slots=True)
class Clause:
    """The exact terms of one consent: one service, one use, one decision. Canonical, hashed, and signed in receipts.

    ``data_from`` and ``data_until`` are inclusive days (``YYYY-MM-DD``) of the data itself; ``expires`` is the UTC
    instant after which nothing may be read; ``retention`` is an ISO 8601 duration in months (``P6M``), and
    ``end_action`` what follows it. ``places`` and ``onward`` bound where the recipient keeps the data and to whom it
    may pass it on; ``special`` tells that a special category (GDPR art. 9) is among the kinds.
    """

    service: ServiceId
    use: UseId
    use_version: int
    use_sha256: str
    purposes: tuple[str, ...]
    inputs: tuple[ClauseInput, ...]
    data_from: str
    data_until: str
    mode: AccessMode
    max_per_day: int
    expires: str
    retention: str
    recipients: tuple[ServiceId, ...]
    operations: tuple[str, ...]
    consent_mode: ConsentMode
    end_action: EndAction
    places: tuple[str, ...]
    onward: tuple[str, ...]
    automation: Automation
    legal_basis: str
    special: bool

    def input_for(self, kind: Kind) -> ClauseInput | None:
        """The part of the clause that is about ``kind``, or None when the clause does not cover it."""
        return next((part for part in self.inputs if part.kind == kind), None)


class ConsentStatus(StrEnum):
    """Where a consent is in its life, in the words of ISO/IEC TS 27560; each change is a version of its record."""

    REQUESTED = "requested"
    DEFERRED = "deferred"
    REFUSED = "refused"
    GIVEN = "given"
    RENEWED = "renewed"
    NARROWED = "narrowed"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"

    @property
    def live(self) -> bool:
        """Whether something may be read under it."""
        return self in LIVE

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        return self in FINAL


LIVE = frozenset({ConsentStatus.GIVEN, ConsentStatus.RENEWED, ConsentStatus.NARROWED})
FINAL = frozenset(
    {
        ConsentStatus.REFUSED,
        ConsentStatus.WITHDRAWN,
        ConsentStatus.REVOKED,
        ConsentStatus.EXPIRED,
        ConsentStatus.INVALIDATED,
    }
)


@dataclass(frozen=True, slots=True)
class Consent:
    """A clause and what the person made of it. ``epoch`` rises at each change, so that older tokens die."""

    id: ConsentId
    person: PersonId
    clause: Clause
    status: ConsentStatus
    epoch: int
