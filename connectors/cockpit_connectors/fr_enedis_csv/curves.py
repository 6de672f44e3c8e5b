"""From readings to packed months: placing each measure in its interval of its local month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from cockpit.domain.moment import PARIS, add_months, instant
from cockpit.domain.record import Json
from cockpit.sources.port import Fault, FaultKind

from .clock import DAILY, placed, steps
from .text import whole

MOST_MONTHS = 2_000
"""Months of all curves together; beyond it a file of one measure a month would cost far more than its size."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One line that holds a measure, or says that there is none (``value`` None).

    ``at`` is the end of the interval, or a moment of the measured day when ``minutes`` is ``DAILY``; naive means
    Paris wall clock. ``value`` is mean power in W, or energy in Wh when ``energy``. ``minutes`` is the interval's
    length; when not ``sure`` it is only what the header says (None: nothing). A higher ``rank`` is a later stage
    of correction by the distributor.
    """

    meter: str
    direction: str
    at: datetime
    value: Decimal | None
    energy: bool
    minutes: int | None
    sure: bool
    rank: int
    place: str


@dataclass(frozen=True, slots=True)
class Month:
    """One packed month of one curve, as the kind ``energy.series`` has it, and where its first line stands."""

    data: dict[str, Json]
    month: str
    first_day: str
    last_day: str
    place: str

    @property
    def source_key(self) -> str:
        """Meter, direction, interval and month: what makes this block the same block in another file."""
        return "|".join(str(self.data[name]) for name in ("meter", "direction", "interval")) + "|" + self.month


@dataclass(slots=True)
class _Block:
    start: int
    size: int
    step: int
    place: str
    found: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Left:
    """Measures of one sort that were left out: how many, and where the first stands."""

    count: int = 0
    place: str | None = None

    def add(self, place: str) -> None:
        self.count += 1
        self.place = self.place or place


class Curves:
    """The curves of one import, month by month. ``add`` takes the readings of one file in the order of its lines."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, int], dict[str, _Block]] = {}
        self._months = 0
        self._outside = _Left()
        self._differing = _Left()
        self._too_many = _Left()

    def add(self, readings: Iterable[Reading]) -> None:
        """Place these readings; they all come from one file."""
        tracks: dict[tuple[str, str], list[Reading]] = {}
        for reading in readings:
            if reading.minutes == DAILY:
                self._put(reading, DAILY, _noon(reading.at))
            else:
                tracks.setdefault((reading.meter, reading.direction), []).append(reading)
        for track in tracks.values():
            self._add_track(track)

    def _add_track(self, track: list[Reading]) -> None:
        ends = placed([reading.at for reading in track], [reading.value for reading in track])
        hint = next((reading.minutes for reading in track if not reading.sure), None)
        told = steps(
            sorted({end for end, reading in zip(ends, track, strict=True) if not reading.sure and end % 300 == 0}), hint
        )
        for end, reading in zip(ends, track, strict=True):
            minutes = reading.minutes if reading.sure else told.get(end)
            if minutes is None:
                self._leave(reading, self._outside)
            else:
                self._put(reading, minutes, end - minutes * 60)

    def _put(self, reading: Reading, minutes: int, begins: int) -> None:
        day = datetime.fromtimestamp(begins, PARIS)
        months = self._series.setdefault((reading.meter, reading.direction, minutes), {})
        block = months.get(day.strftime("%Y-%m"))
        if block is None:
            if self._months >= MOST_MONTHS:
                self._leave(reading, self._too_many)
                return
            block = months[day.strftime("%Y-%m")] = _empty(day.year, day.month, minutes, reading.place)
            self._months += 1
        index, off = (day.day - 1, 0) if minutes == DAILY else divmod(begins - block.start, block.step)
        if off:
            self._leave(reading, self._outside)
        elif reading.value is not None:
            self._keep(block, index, reading, _measure(reading.value, minutes, reading.energy))

    def _keep(self, block: _Block, index: int, reading: Reading, value: int) -> None:
        known = block.found.get(index)
        if known is None or reading.rank > known[0]:
            block.found[index] = (reading.rank, value)
        elif reading.rank == known[0] and value != known[1]:
            self._differing.add(reading.place)

    @staticmethod
    def _leave(reading: Reading, left: _Left) -> None:
        if reading.value is not None:
            left.add(reading.place)

    def months(self) -> Iterator[Month]:
        """Every month that has at least one measure, curve by curve in the order of the file."""
        covered = self._covered_days()
        for (meter, direction, minutes), months in self._series.items():
            for month in sorted(months):
                block = months[month]
                values: list[Json] = [None] * block.size
                for index, (_, value) in block.found.items():
                    if minutes != DAILY or (meter, direction, f"{month}-{index + 1:02}") not in covered:
                        values[index] = value
                if any(value is not None for value in values):
                    yield _month((meter, direction, minutes), month, block, values)

    def _covered_days(self) -> set[tuple[str, str, str]]:
        # A day told by a curve is not told again by its daily sum: whoever adds both up would count it twice.
        daily = {(meter, direction) for meter, direction, minutes in self._series if minutes == DAILY}
        return {
            (meter, direction, datetime.fromtimestamp(block.start + index * block.step, PARIS).date().isoformat())
            for (meter, direction, minutes), months in self._series.items()
            if minutes != DAILY and (meter, direction) in daily
            for block in months.values()
            for index in block.found
        }

    def faults(self) -> Iterator[Fault]:
        """What was left out, one fault a sort."""
        if self._outside.count:
            yield _left(self._outside, "outside-intervals", "are not stamped at the end of a regular interval")
        if self._differing.count:
            yield _left(self._differing, "differing-measures", "differ from an earlier measure of the same interval")
        if self._too_many.count:
            sentence = f"The file holds more than {MOST_MONTHS} months of measures; the others were left out."
            yield Fault(FaultKind.TOO_BIG, "too-many-months", sentence, self._too_many.place)


def _left(left: _Left, code: str, why: str) -> Fault:
    return Fault(FaultKind.BAD_LINE, code, f"{left.count} measures were left out: they {why}.", left.place)


def _noon(at: datetime) -> int:
    """A second well inside the local day of ``at``: a daily sum is stamped with the day it measures."""
    local = at.astimezone(PARIS) if at.tzinfo else at
    return int(local.replace(hour=12, minute=0, second=0, tzinfo=PARIS).timestamp())


def _measure(value: Decimal, minutes: int, energy: bool) -> int:
    """Whole watts of a curve (energy divided by its interval), or whole watt-hours of a day."""
    return whole(value * 60 / minutes if energy and minutes != DAILY else value)


@lru_cache(maxsize=4096)
def _begins(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=PARIS).timestamp())


def _empty(year: int, month: int, minutes: int, place: str) -> _Block:
    after = add_months(date(year, month, 1), 1)
    start, end = _begins(year, month), _begins(after.year, after.month)
    size = (after - date(year, month, 1)).days if minutes == DAILY else (end - start) // (minutes * 60)
    return _Block(start, size, minutes * 60, place)


def _month(series: tuple[str, str, int], month: str, block: _Block, values: list[Json]) -> Month:
    meter, direction, minutes = series
    said = [index for index, value in enumerate(values) if value is not None]
    data: dict[str, Json] = {
        "meter": meter,
        "energy": "electricity",
        "direction": direction,
        "unit": "Wh" if minutes == DAILY else "W",
        "interval": "P1D" if minutes == DAILY else f"PT{minutes}M",
        "start": instant(datetime.fromtimestamp(block.start, UTC)),
        "values": values,
    }
    return Month(data, month, _day(block, month, said[0]), _day(block, month, said[-1]), block.place)


def _day(block: _Block, month: str, index: int) -> str:
    if block.step == DAILY * 60:
        return f"{month}-{index + 1:02}"
    return datetime.fromtimestamp(block.start + index * block.step, PARIS).date().isoformat()
