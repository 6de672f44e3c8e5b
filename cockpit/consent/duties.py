"""What a change of a consent binds the recipient to do, until when, and how that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cockpit.consent.facts import months
from cockpit.domain.event import EventType
from cockpit.domain.moment import add_months, instant, parse_instant
from cockpit.domain.use import Obligation

ACKNOWLEDGE, ERASE = "acknowledge", "erase"
"""The duties whose end a recipient shows by a signed statement: that it knows a version, that it erased the data."""

_ENDS = frozenset({EventType.CONSENT_WITHDRAWN, EventType.CONSENT_REVOKED, EventType.CONSENT_INVALIDATED})
# A refusal binds nobody: no recipient has anything. What was looked at again and kept changes no terms.
_TOLD = _ENDS | {
    EventType.CONSENT_GIVEN,
    EventType.CONSENT_NARROWED,
    EventType.CONSENT_RENEWED,
    EventType.CONSENT_PAUSED,
    EventType.CONSENT_RESUMED,
    EventType.CONSENT_SUSPENDED,
    EventType.CONSENT_EXPIRED,
}
RETENTION_ENDED = "retention-ended"
_BEGUN = {
    (ACKNOWLEDGE, "received"): _TOLD,
    (ERASE, "withdrawal"): _ENDS,
    # What ended by itself may be kept for as long as was agreed. What was read before is over sooner: this is the last.
    (ERASE, RETENTION_ENDED): frozenset({EventType.CONSENT_EXPIRED}),
}


def begun_by(event: EventType, obligations: Sequence[Obligation]) -> tuple[Obligation, ...]:
    """Those of a use's obligations that this change begins and that a signed statement ends.

    The others of the registry begin with what happens at the recipient's, which no change of a consent tells.
    """
    return tuple(duty for duty in obligations if event in _BEGUN.get((duty.action, duty.trigger), ()))


def due_at(made_at: str, duty: Obligation, retention: str) -> str:
    """Until when a duty that a version made at ``made_at`` began is to be done; both are UTC instants.

    ``retention`` (``P6M``) is how long the recipient may keep what it read. Raises ``ValueError`` for another form.
    """
    begins = parse_instant(made_at)
    if duty.trigger == RETENTION_ENDED:
        begins = datetime.combine(add_months(begins.date(), months(retention)), begins.timetz())
    return instant(begins + timedelta(days=duty.days))


class DutyState(StrEnum):
    """In time or not, given the present."""

    AWAITED = "awaited"
    IN_TIME = "in-time"
    AFTERWARDS = "afterwards"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class DutyStanding:
    """How a duty stands, and by how many whole days it is, or was, late."""

    state: DutyState
    days_late: int


def standing(due: str, done_at: str, now: datetime) -> DutyStanding:
    """How a duty stands that was due at ``due``; ``done_at`` is when the statement reached us, or empty.

    All are UTC instants: the recipient's own clock is not asked.
    """
    reached = parse_instant(done_at) if done_at else now
    late = reached > parse_instant(due)
    if done_at:
        state = DutyState.AFTERWARDS if late else DutyState.IN_TIME
    else:
        state = DutyState.LATE if late else DutyState.AWAITED
    return DutyStanding(state, (reached - parse_instant(due)).days if late else 0)
