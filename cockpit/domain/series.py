"""Packed energy series: reading their intervals, merging two versions, cutting to days, summing to a grain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from cockpit.domain.moment import PARIS, parse_instant
from cockpit.domain.record import Json

INTERVALS = {"PT5M": 5, "PT10M": 10, "PT15M": 15, "PT20M": 20, "PT30M": 30, "PT60M": 60, "PT1H": 60, "P1D": 1440}
"""Minutes of each interval a series may have (ISO 8601 durations)."""


def intervals(data: Mapping[str, Any]) -> Iterator[tuple[datetime, int | None]]:
    """Each interval's beginning (UTC) and its measure, None where the source said nothing.

    A daily series steps by calendar days of Europe/Paris, so that a day of 23 or 25 hours is one step.
    """
    start = parse_instant(data["start"])
    if data["interval"] == "P1D":
        first = start.astimezone(PARIS)
        for index, value in enumerate(data["values"]):
            # Wall-clock arithmetic is meant here: midnight to midnight, whatever the length of the day.
            yield (first.replace(tzinfo=None) + timedelta(days=index)).replace(tzinfo=PARIS).astimezone(UTC), value
        return
    step = timedelta(minutes=INTERVALS[data["interval"]])
    for index, value in enumerate(data["values"]):
        yield start + index * step, value


@dataclass(frozen=True, slots=True)
class DayRun:
    """The measures of a block that begin on one day (``day``, Europe/Paris); ``start``: the first of them, in UTC."""

    day: str
    start: datetime
    values: list[int | None]


def day_runs(data: Mapping[str, Any]) -> Iterator[DayRun]:
    """A block day by day, in order, with a time zone asked once a day and not once a measure."""
    values = data["values"]
    if data["interval"] == "P1D":
        for at, value in intervals(data):
            yield DayRun(at.astimezone(PARIS).date().isoformat(), at, [value])
        return
    start, step = parse_instant(data["start"]), timedelta(minutes=INTERVALS[data["interval"]])
    index = 0
    while index < len(values):
        at = start + index * step
        day = at.astimezone(PARIS).date()
        midnight = datetime.combine(day + timedelta(days=1), time(), PARIS).astimezone(UTC)
        # The first interval that begins at midnight or after is the next day's.
        until = index - (at - midnight) // step
        yield DayRun(day.isoformat(), at, values[index:until])
        index = until


def watt_hours(data: Mapping[str, Any], value: int) -> float:
    """Energy of one measure in Wh: the unit is mean power (W) or already energy (Wh)."""
    return float(value) if data["unit"] == "Wh" else value * INTERVALS[data["interval"]] / 60


def merged(older: dict[str, Json], newer: dict[str, Json]) -> dict[str, Json]:
    """Two versions of one block: the newer measure wins where it says something.

    Blocks whose beginning or interval differ are not the same block: the newer is kept whole.
    """
    if older["start"] != newer["start"] or older["interval"] != newer["interval"]:
        return newer
    old, new = older["values"], newer["values"]
    assert isinstance(old, list)
    assert isinstance(new, list)
    size = max(len(old), len(new))
    padded_old, padded_new = old + [None] * (size - len(old)), new + [None] * (size - len(new))
    return newer | {"values": [b if b is not None else a for a, b in zip(padded_old, padded_new, strict=True)]}


def cut(data: Mapping[str, Any], first_day: str, last_day: str) -> dict[str, Json]:
    """The block with every measure outside the days (inclusive, Europe/Paris) removed, shortened at both ends."""
    kept = [run for run in day_runs(data) if first_day <= run.day <= last_day]
    start = kept[0].start.strftime("%Y-%m-%dT%H:%M:%SZ") if kept else data["start"]
    return dict(data) | {"start": start, "values": [value for run in kept for value in run.values]}


def blanked(data: Mapping[str, Any], says_nothing: Callable[[str], bool]) -> dict[str, Json]:
    """The block with no measure on the days (Europe/Paris) of which ``says_nothing``: its intervals stay in place."""
    values: list[Json] = []
    for run in day_runs(data):
        values += [None] * len(run.values) if says_nothing(run.day) else run.values
    return dict(data) | {"values": values}


def summed(data: Mapping[str, Any], by: str) -> dict[str, Json]:
    """The block's energy summed by ``day`` or ``month``: a mapping of day (or month) to whole watt-hours."""
    width = 10 if by == "day" else 7
    totals: dict[str, int] = {}
    for run in day_runs(data):
        measured = [value for value in run.values if value is not None]
        if measured:
            totals[run.day[:width]] = totals.get(run.day[:width], 0) + sum(measured)
    return {key: round(watt_hours(data, total)) for key, total in totals.items()}
