"""Charts as geometry in per cent: a template draws it as SVG whose words keep their size on every screen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cockpit.uses.energy import EnergyDay, EnergyMonth

_BAND_HEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One month's bar: its place and size in per cent of the drawing, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    month: EnergyMonth
    current: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the scale: its height in per cent from the top, and its value."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart of months; ``ticks`` are in kWh."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A band from the lowest to the highest power of each day, as an SVG path in a box ``width`` by 100.

    ``ticks`` are in W; ``months`` are the first days of months with their place in per cent.
    """

    path: str
    width: int
    ticks: tuple[Tick, ...]
    months: tuple[tuple[float, str], ...]
    first: str
    last: str
    lowest: int
    highest: int


def month_bars(months: tuple[EnergyMonth, ...], current: str, most: int = 13) -> Bars:
    """The newest ``most`` months as bars; ``current`` is the month the sentence speaks of."""
    shown = months[-most:]
    scale = _scale(max((month.kwh for month in shown), default=0))
    step = 100 / max(len(shown), 1)
    bars = []
    for index, month in enumerate(shown):
        height = 100 * month.kwh / scale[-1]
        bars.append(
            Bar(
                x=round(index * step + step * 0.16, 3),
                y=round(100 - height, 3),
                width=round(step * 0.68, 3),
                height=round(height, 3),
                middle=round(index * step + step / 2, 3),
                month=month,
                current=month.month == current,
            )
        )
    return Bars(tuple(bars), _ticks(scale))


def power_band(days: tuple[EnergyDay, ...], most: int = 366) -> Band | None:
    """The newest ``most`` days known by a fine curve; None when there are fewer than two."""
    shown = [(day.day, day.low, day.high) for day in days[-most:] if day.low is not None and day.high is not None]
    if len(shown) < 2:
        return None
    highest, lowest = max(high for _, _, high in shown), min(low for _, low, _ in shown)
    scale = _scale(highest)
    upper = [f"{index} {_depth(high, scale[-1])}" for index, (_, _, high) in enumerate(shown)]
    lower = [f"{index} {_depth(low, scale[-1])}" for index, (_, low, _) in enumerate(shown)]
    width = len(shown) - 1
    firsts = tuple(
        (round(100 * index / width, 3), day) for index, (day, _, _) in enumerate(shown) if day.endswith("-01")
    )
    path = f"M{' L'.join(upper)} L{' L'.join(reversed(lower))} Z"
    return Band(path, width, _ticks(scale), firsts, shown[0][0], shown[-1][0], lowest, highest)


def _depth(value: int, top: int) -> str:
    return f"{_BAND_HEIGHT * (1 - value / top):.1f}".removesuffix(".0")


def _scale(highest: int) -> tuple[int, ...]:
    """Round numbers from 0 up to at least ``highest``, three to five steps of 1, 2 or 5."""
    rough = max(highest, 1) / 4
    power = 10 ** math.floor(math.log10(rough)) if rough >= 1 else 1
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    count = max(1, math.ceil(highest / step))
    return tuple(round(step * index) for index in range(count + 1))


def _ticks(scale: tuple[int, ...]) -> tuple[Tick, ...]:
    return tuple(Tick(round(100 - 100 * value / scale[-1], 3), value) for value in scale)
