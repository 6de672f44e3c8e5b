"""Instants, days and months as text, the one way they are written everywhere."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
"""The zone in which a French administration's day begins."""


def instant(at: datetime) -> str:
    """``YYYY-MM-DDTHH:MM:SSZ`` of an aware datetime; such texts compare in the order of time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(at: datetime) -> str:
    """``YYYY-MM-DDTHH:MMZ``, all that a leaf of the log says of the time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def parse_instant(text: str) -> datetime:
    """The aware datetime of what ``instant`` wrote. Raises ``ValueError``."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def day_of(at: datetime) -> str:
    """The day in Europe/Paris, ``YYYY-MM-DD``."""
    return at.astimezone(PARIS).date().isoformat()


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later (or earlier), or the last day of that month when it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
