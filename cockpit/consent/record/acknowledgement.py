"""Whether a recipient said that it knows: its acknowledgement of a version of the record, awaited or late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cockpit.domain.ids import ServiceId
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.use import Obligation


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a service signed: that it knows the version whose hash this is. ``at`` is its own UTC instant."""

    service: ServiceId
    record_sha256: str
    at: str


class AcknowledgementState(StrEnum):
    """In time or not, given the present."""

    AWAITED = "awaited"
    IN_TIME = "in-time"
    AFTERWARDS = "afterwards"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class AcknowledgementDue:
    """Until when (UTC instant) it was due, how it stands, and by how many whole days it is, or was, late."""

    due: str
    state: AcknowledgementState
    days_late: int


def acknowledgement_due(made_at: str, duty: Obligation, received_at: str | None, now: datetime) -> AcknowledgementDue:
    """How the acknowledgement of a version made at ``made_at`` stands; ``received_at`` is when it reached us.

    Both are UTC instants: the recipient's own clock is not asked.
    """
    due = parse_instant(made_at) + timedelta(days=duty.days)
    reached = parse_instant(received_at) if received_at else now
    late = reached > due
    if received_at:
        state = AcknowledgementState.AFTERWARDS if late else AcknowledgementState.IN_TIME
    else:
        state = AcknowledgementState.LATE if late else AcknowledgementState.AWAITED
    return AcknowledgementDue(instant(due), state, (reached - due).days if late else 0)
