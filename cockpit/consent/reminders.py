"""What to tell a person of their consents before anything happens by itself: ends, disuse, the yearly look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cockpit.domain.consent import ConsentStatus
from cockpit.domain.moment import add_months

UNUSED_MONTHS = 6
"""A consent under which nothing was read for so long expires: nobody needs it."""
UNUSED_NOTICE_MONTHS = 5
REVIEW_MONTHS = 12
"""After so long a running consent is shown again, to be kept or stopped."""
ENDING_DAYS = (7, 30)
"""The nearer and the farther notice before the end."""


class Remind(StrEnum):
    """What a reminder is about, the most urgent first."""

    SUSPENDED = "suspended"
    ENDS_THIS_WEEK = "ends-this-week"
    WAITS = "waits"
    UNUSED = "unused"
    REVIEW = "review"
    PAUSED = "paused"
    ENDS_THIS_MONTH = "ends-this-month"


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of one consent, as days. ``used`` is the last reading, or the decision when there was none."""

    status: ConsentStatus
    expires: str
    used: str
    reviewed: str


def unused_since(dates: Dates, today: date) -> bool:
    """Whether a running consent was not used for so long that it expires."""
    return dates.status.live and dates.used <= add_months(today, -UNUSED_MONTHS).isoformat()


def reminder(dates: Dates, today: date) -> Remind | None:
    """The one thing to say of this consent today, or None."""
    by_status = _BY_STATUS.get(dates.status)
    if by_status or not dates.status.live:
        return by_status
    left = (date.fromisoformat(dates.expires) - today).days
    said = (
        (Remind.ENDS_THIS_WEEK, left <= ENDING_DAYS[0]),
        (Remind.UNUSED, dates.used <= add_months(today, -UNUSED_NOTICE_MONTHS).isoformat()),
        (Remind.REVIEW, dates.reviewed <= add_months(today, -REVIEW_MONTHS).isoformat()),
        (Remind.ENDS_THIS_MONTH, left <= ENDING_DAYS[1]),
    )
    return next((what for what, due in said if due), None)


_BY_STATUS = {
    ConsentStatus.SUSPENDED: Remind.SUSPENDED,
    ConsentStatus.DEFERRED: Remind.WAITS,
    ConsentStatus.PAUSED: Remind.PAUSED,
}
