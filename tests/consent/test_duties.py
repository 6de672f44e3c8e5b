"""What a change of a consent binds the recipient to, and when that is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent.duties import DutyState, begun_by, due_at, standing
from cockpit.domain.event import EventType
from cockpit.domain.moment import instant
from cockpit.domain.use import Obligation

DUTY = Obligation("acknowledge", "received", 3, "jws")
ERASING = Obligation("erase", "withdrawal", 30, "jws")
KEPT = Obligation("erase", "retention-ended", 30, "jws")
BREACH = Obligation("tell-of-breach", "breach", 3, "notice")
MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "now", "state", "days"),
    [
        (None, MADE, DutyState.AWAITED, 0),
        (None, MADE + timedelta(days=3), DutyState.AWAITED, 0),
        (None, MADE + timedelta(days=3, seconds=1), DutyState.LATE, 0),
        (None, MADE + timedelta(days=10), DutyState.LATE, 7),
        (MADE + timedelta(days=3), MADE + timedelta(days=90), DutyState.IN_TIME, 0),
        (MADE + timedelta(days=5), MADE + timedelta(days=90), DutyState.AFTERWARDS, 2),
    ],
)
def test_lateness_is_counted_from_the_version(
    received: datetime | None, now: datetime, state: DutyState, days: int
) -> None:
    due = due_at(instant(MADE), DUTY, "")
    assert due == "2026-11-26T09:30:00Z"
    found = standing(due, instant(received) if received else "", now)
    assert (found.state, found.days_late) == (state, days)


@given(st.integers(0, 60), st.integers(0, 60 * 86400), st.integers(0, 60 * 86400))
def test_time_only_makes_it_later(days: int, first: int, more: int) -> None:
    duty = replace(DUTY, days=days)
    early, late = (
        standing(due_at(instant(MADE), duty, ""), "", MADE + timedelta(seconds=seconds))
        for seconds in (first, first + more)
    )
    assert early.days_late <= late.days_late
    assert not (early.state is DutyState.LATE and late.state is DutyState.AWAITED)


@pytest.mark.parametrize(
    ("event", "begun"),
    [
        (EventType.CONSENT_GIVEN, (DUTY,)),
        (EventType.CONSENT_PAUSED, (DUTY,)),
        (EventType.CONSENT_EXPIRED, (DUTY, KEPT)),
        (EventType.CONSENT_WITHDRAWN, (ERASING, DUTY)),
        (EventType.CONSENT_REVOKED, (ERASING, DUTY)),
        (EventType.CONSENT_REFUSED, ()),
        (EventType.CONSENT_DEFERRED, ()),
        (EventType.CONSENT_REVIEWED, ()),
    ],
)
def test_each_change_begins_its_duties(event: EventType, begun: tuple[Obligation, ...]) -> None:
    assert begun_by(event, (ERASING, DUTY, KEPT, BREACH)) == begun


@pytest.mark.parametrize(
    ("made", "retention", "due"),
    [
        ("2026-11-23T09:30:00Z", "P6M", "2027-06-22T09:30:00Z"),
        ("2026-08-31T22:59:59Z", "P6M", "2027-03-30T22:59:59Z"),
        ("2026-11-23T09:30:00Z", "P0M", "2026-12-23T09:30:00Z"),
    ],
)
def test_what_may_be_kept_is_erased_once_that_time_is_over(made: str, retention: str, due: str) -> None:
    assert due_at(made, KEPT, retention) == due
    assert due_at(made, ERASING, retention) == due_at(made, ERASING, "")


def test_without_a_retention_there_is_no_day_to_erase_by() -> None:
    with pytest.raises(ValueError, match="months"):
        due_at(instant(MADE), KEPT, "")
