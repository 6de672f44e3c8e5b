"""What load curves say: energy day by day and month by month, and how the newest month compares."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.domain.record import Record
from cockpit.domain.series import INTERVALS, day_runs, watt_hours

MINUTES_IN_HOUR = 60
MINUTES_IN_DAY = 24 * MINUTES_IN_HOUR
COMPLETE = 0.95
"""The part of a day that must be measured for a fine curve to stand for that day. A day of 25 hours still counts."""


@dataclass(frozen=True, slots=True)
class EnergyDay:
    """One day of one energy, all meters together: whole watt-hours, and the lowest and highest mean power (W).

    ``low`` and ``high`` are None when the day is known by its total only.
    """

    day: str
    watt_hours: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class EnergyMonth:
    """One month: whole watt-hours, how many of its days were measured, and how many days it has."""

    month: str
    watt_hours: int
    measured: int
    length: int

    @property
    def complete(self) -> bool:
        """Whether every day of the month was measured."""
        return self.measured >= self.length

    @property
    def kwh(self) -> int:
        """Whole kilowatt-hours, as a bill says them."""
        return round(self.watt_hours / 1000)


@dataclass(frozen=True, slots=True)
class MonthSaid:
    """The one sentence on energy: a month, and how it compares with the same month a year before.

    ``change_per_cent`` is signed and whole; None when the year before is not known in full.
    """

    month: EnergyMonth
    against: EnergyMonth | None
    change_per_cent: int | None


@dataclass(frozen=True, slots=True)
class _Tally:
    """What one series measured of one day: watt-hours, minutes, the lowest and highest power of a finer series."""

    total: float
    minutes: int
    powers: list[float]


def consumption_days(records: Iterable[Record], energy: str) -> tuple[EnergyDay, ...]:
    """Each measured day of what was consumed of ``energy``, oldest first.

    A meter may be known by a fine curve and by daily totals: each day is counted once, from the finest series that
    measured (nearly) the whole of it, else from the one that measured most. Records of production are left out.
    """
    best: dict[tuple[str, str], tuple[bool, int, _Tally]] = {}
    for record in records:
        if record.data.get("energy") != energy or record.data.get("direction") == "production":
            continue
        width = INTERVALS[str(record.data["interval"])]
        for day, tally in _tallies(record, width).items():
            key = (str(record.data["meter"]), day)
            rank = (tally.minutes >= COMPLETE * MINUTES_IN_DAY, -width)
            known = best.get(key)
            if known is None or _outranks(rank, tally, known):
                best[key] = (*rank, tally)
    return _together(best)


def _outranks(rank: tuple[bool, int], tally: _Tally, known: tuple[bool, int, _Tally]) -> bool:
    if rank[0] != known[0]:
        return rank[0]
    return rank[1] > known[1] if rank[0] else tally.minutes > known[2].minutes


def _tallies(record: Record, width: int) -> dict[str, _Tally]:
    tallies = {}
    for run in day_runs(record.data):
        if measured := [value for value in run.values if value is not None]:
            powers = [
                watt_hours(record.data, value) * MINUTES_IN_HOUR / width for value in (min(measured), max(measured))
            ]
            tallies[run.day] = _Tally(
                total=watt_hours(record.data, sum(measured)),
                minutes=width * len(measured),
                powers=powers if width < MINUTES_IN_DAY else [],
            )
    return tallies


def _together(best: dict[tuple[str, str], tuple[bool, int, _Tally]]) -> tuple[EnergyDay, ...]:
    days: dict[str, list[_Tally]] = {}
    for (_, day), (_, _, tally) in best.items():
        days.setdefault(day, []).append(tally)
    return tuple(
        EnergyDay(
            day=day,
            watt_hours=round(sum(tally.total for tally in tallies)),
            low=round(sum(min(tally.powers) for tally in tallies)) if all(t.powers for t in tallies) else None,
            high=round(sum(max(tally.powers) for tally in tallies)) if all(t.powers for t in tallies) else None,
        )
        for day, tallies in sorted(days.items())
    )


def energies(records: Iterable[Record]) -> tuple[str, ...]:
    """The energies there are curves of, in alphabetical order."""
    return tuple(sorted({str(record.data.get("energy")) for record in records}))


def months(days: Iterable[EnergyDay]) -> tuple[EnergyMonth, ...]:
    """Days gathered by month, oldest first."""
    gathered: dict[str, list[EnergyDay]] = {}
    for day in days:
        gathered.setdefault(day.day[:7], []).append(day)
    return tuple(
        EnergyMonth(
            month=month,
            watt_hours=sum(day.watt_hours for day in measured),
            measured=len(measured),
            length=calendar.monthrange(int(month[:4]), int(month[5:]))[1],
        )
        for month, measured in sorted(gathered.items())
    )


def month_said(known: tuple[EnergyMonth, ...]) -> MonthSaid | None:
    """The newest complete month against the same month a year before; the newest month when none is complete."""
    if not known:
        return None
    newest = next((month for month in reversed(known) if month.complete), known[-1])
    year_before = f"{int(newest.month[:4]) - 1:04d}{newest.month[4:]}"
    against = next((month for month in known if month.month == year_before and month.complete), None)
    if against is None or not newest.complete or against.watt_hours <= 0:
        return MonthSaid(newest, None, None)
    change = round(100 * (newest.watt_hours - against.watt_hours) / against.watt_hours)
    return MonthSaid(newest, against, change)
