"""Reminders: one sentence for each consent, the most urgent, before anything happens by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cockpit.consent.reminders import Dates, Remind, reminder, unused_since
from cockpit.domain.consent import ConsentStatus

TODAY = date(2026, 11, 23)
CALM = Dates(ConsentStatus.GIVEN, "2027-06-01", "2026-11-20", "2026-06-01")


def test_a_calm_consent_says_nothing() -> None:
    assert reminder(CALM, TODAY) is None


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (replace(CALM, expires="2026-12-23"), Remind.ENDS_THIS_MONTH),
        (replace(CALM, expires="2026-12-24"), None),
        (replace(CALM, expires="2026-11-30"), Remind.ENDS_THIS_WEEK),
        (replace(CALM, expires="2026-12-01"), Remind.ENDS_THIS_MONTH),
        (replace(CALM, used="2026-06-23"), Remind.UNUSED),
        (replace(CALM, used="2026-06-24"), None),
        (replace(CALM, reviewed="2025-11-23"), Remind.REVIEW),
        (replace(CALM, reviewed="2025-11-24"), None),
        (replace(CALM, status=ConsentStatus.PAUSED, expires="2026-11-24"), Remind.PAUSED),
        (replace(CALM, status=ConsentStatus.SUSPENDED), Remind.SUSPENDED),
        (replace(CALM, status=ConsentStatus.DEFERRED), Remind.WAITS),
        (replace(CALM, expires="2026-11-24", used="2026-01-01"), Remind.ENDS_THIS_WEEK),
    ],
)
def test_the_most_urgent_is_said(dates: Dates, expected: Remind | None) -> None:
    assert reminder(dates, TODAY) is expected


@pytest.mark.parametrize("status", [status for status in ConsentStatus if status.final])
def test_nothing_is_said_of_what_is_over(status: ConsentStatus) -> None:
    assert reminder(replace(CALM, status=status, expires="2026-01-01", used="2020-01-01"), TODAY) is None


def test_what_nobody_uses_for_half_a_year_expires() -> None:
    assert unused_since(replace(CALM, used="2026-05-23"), TODAY)
    assert not unused_since(replace(CALM, used="2026-05-24"), TODAY)
    assert not unused_since(replace(CALM, used="2020-01-01", status=ConsentStatus.PAUSED), TODAY)
