"""The lines under each sort of header: one class a layout, each line a reading or a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeAlias

from cockpit.sources.port import Fault, FaultKind

from .clock import DAILY, midnight, minutes_of, stamp
from .curves import Reading
from .text import CellError, key, meter_in, number

Read: TypeAlias = Reading | Fault

UNITS = {"w": (1, False), "kw": (1000, False), "wh": (1, True), "kwh": (1000, True)}
ACTIVE = {"pa", "ea", "energieactive", "puissanceactive"}
DIRECTIONS = {"cons": "consumption", "consommation": "consumption", "soutirage": "consumption"} | {
    "prod": "production",
    "production": "production",
    "injection": "production",
}
_STAGES = {"reconstitue": 1, "complete": 1, "corrige": 2, "best": 3}
LONG_COLUMNS = ("horodate", "valeur", "unite", "grandeurphysique", "grandeurmetier")
DAY = re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?")
_UNIT_IN_TITLE = re.compile(r"\((?:en )?(k?wh?)\)|\ben (k?wh?)\s*$", re.IGNORECASE)


class Block(Protocol):
    """One header and the lines under it."""

    def read(self, cells: list[str], place: str) -> Iterator[Read]: ...

    def end(self) -> Iterator[Read]: ...


class Skipped:
    """A block that is not an active power curve nor daily energy: said once, its lines are passed over."""

    def read(self, cells: list[str], place: str) -> Iterator[Read]:
        return iter(())

    def end(self) -> Iterator[Read]:
        return iter(())


class CustomerBlock(Skipped):
    """Customer area: ``Horodate;Valeur`` under two header rows; stamps end their interval (a day names itself)."""

    def __init__(self, meter: str, direction: str, unit: tuple[int, bool], minutes: int | None) -> None:
        self._meter, self._direction, self._unit, self._minutes = meter, direction, unit, minutes
        self._value_column = 1
        self._changed = False

    def head(self, cells: list[str], place: str) -> Iterator[Read]:
        """The row that names the columns: the stamp first, and a value somewhere after it."""
        names = [key(cell) for cell in cells]
        column = next((index for index, name in enumerate(names) if index and name.startswith("valeur")), None)
        if column is None or not names[0].startswith(("horodate", "date")):
            self._changed = True
            yield layout_changed(place)
        else:
            self._value_column = column
            self._unit = unit_in(cells[column]) or self._unit

    def read(self, cells: list[str], place: str) -> Iterator[Read]:
        if self._changed:
            return
        at, value = stamp(cells[0]), number(cell(cells, self._value_column))
        factor, energy = self._unit
        yield Reading(
            meter=self._meter,
            direction=self._direction,
            at=at,
            value=None if value is None else value * factor,
            energy=energy,
            minutes=self._minutes,
            sure=self._minutes == DAILY,
            rank=0,
            place=place,
        )


class LongBlock(Skipped):
    """Long format: meter, magnitude, unit and step stand on every line; stamps end their interval."""

    def __init__(self, columns: dict[str, int], meter: str) -> None:
        self._columns, self._meter = columns, meter
        self._last = max(columns[name] for name in LONG_COLUMNS)

    def _named(self, cells: list[str], name: str) -> str:
        return cell(cells, self._columns[name]) if name in self._columns else ""

    def read(self, cells: list[str], place: str) -> Iterator[Read]:
        if len(cells) <= self._last:
            raise CellError("short-line", "This line has fewer cells than the header.")
        direction = DIRECTIONS.get(key(self._named(cells, "grandeurmetier")))
        unit = UNITS.get(key(self._named(cells, "unite")))
        if key(self._named(cells, "grandeurphysique")) not in ACTIVE or direction is None or unit is None:
            yield unsupported(place)
            return
        meter = self._named(cells, "identifiantprm") or self._meter
        if meter != self._meter and meter_in(meter) != meter:
            raise CellError("bad-meter", "The meter number on this line does not have 14 digits.")
        step = self._named(cells, "pas")
        minutes = minutes_of(step) if step else None
        if step and (minutes is None or (minutes == DAILY and not unit[1])):
            raise CellError("bad-interval", "The length of the interval on this line is not one that is read.")
        value = number(self._named(cells, "valeur"))
        yield Reading(
            meter=meter,
            direction=direction,
            at=stamp(self._named(cells, "horodate")),
            value=None if value is None else value * unit[0],
            energy=unit[1],
            minutes=minutes,
            sure=minutes is not None,
            rank=_STAGES.get(key(self._named(cells, "etapemetier")), 0),
            place=place,
        )


class SupplierBlock:
    """Supplier: a line for the day, then a line a time; or one line a day. Stamps end their interval.

    Midnight belongs to the day it closes, as the first line of a day that runs backward; it is the midnight that
    opens the day only where the order of the lines says so.
    """

    def __init__(self, meter: str, unit: tuple[int, bool] | None, minutes: int | None) -> None:
        self.meter, self.unit, self._minutes = meter, unit, minutes
        self._day: datetime | None = None
        self._times: list[tuple[timedelta, Decimal | None, str]] = []

    def read(self, cells: list[str], place: str) -> Iterator[Read]:
        if DAY.fullmatch(cells[0]):
            yield from self.end()
            self._day = None
            day = stamp(cells[0])
            if cell(cells, 1):
                yield self._daily(day, number(cells[1]), place)
            else:
                self._day = day
            return
        found = _TIME.fullmatch(cells[0])
        if not found:
            raise CellError("bad-date", "The time on this line cannot be read.")
        if self._day is None:
            raise CellError("bad-date", "This line has a time and no day above it.")
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        time = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if time > timedelta(days=1):
            raise CellError("bad-date", "The time on this line does not exist.")
        self._times.append((time, number(cell(cells, 1)), place))

    def _daily(self, day: datetime, value: Decimal | None, place: str) -> Read:
        if self.unit is None or not self.unit[1]:
            return unsupported(place)
        return self._reading(day, value, DAILY, place)

    def _reading(self, at: datetime, value: Decimal | None, minutes: int | None, place: str) -> Reading:
        factor, energy = self.unit or (1, False)
        return Reading(
            meter=self.meter,
            direction="consumption",
            at=at,
            value=None if value is None else value * factor,
            energy=energy,
            minutes=minutes,
            sure=minutes is not None,
            rank=0,
            place=place,
        )

    def end(self) -> Iterator[Read]:
        if self._day is None:
            return
        opening = _opening_midnights([time for time, _, _ in self._times])
        for index, (time, value, place) in enumerate(self._times):
            at = midnight(self._day) + time
            if not time and index not in opening:
                at = midnight(self._day, 1)
            yield self._reading(at, value, self._minutes, place)
        self._times = []


def _opening_midnights(times: list[timedelta]) -> set[int]:
    """Which ``00:00:00`` lines of a day come where the day begins: last when it runs backward, first when forward."""
    rest = [index for index, time in enumerate(times) if time]
    if len(rest) < 2:
        return set()
    backward = times[rest[0]] > times[rest[-1]]
    return {
        index for index, time in enumerate(times) if not time and (index > rest[-1] if backward else index < rest[0])
    }


def cell(cells: list[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def unsupported(place: str | None) -> Fault:
    """The file says something else than active power or daily energy from there."""
    sentence = "This part holds something else than active power or daily energy (an index, a maximum…)."
    return Fault(FaultKind.UNSUPPORTED, "unsupported-magnitude", sentence, place)


def layout_changed(place: str | None) -> Fault:
    """The header is not one of the three families any more."""
    sentence = "The columns of this file are not those this reader knows; the layout may have changed."
    return Fault(FaultKind.LAYOUT_CHANGED, "unknown-header", sentence, place)


def unit_in(title: str) -> tuple[int, bool] | None:
    found = _UNIT_IN_TITLE.search(title)
    return UNITS[(found[1] or found[2]).lower()] if found else None
