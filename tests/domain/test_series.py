"""Blocks of a series: whatever is done to them by the day is what asking each measure its day would do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.domain.moment import PARIS, instant
from cockpit.domain.record import Json
from cockpit.domain.series import blanked, cut, day_runs, intervals, summed

DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
MEASURES = st.none() | st.integers(0, 36_000)


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, Json]:
    """A block that begins at any minute of any day, those of 23 and 25 hours among them."""
    day = draw(DAYS | st.sampled_from([date(2026, 3, 28), date(2026, 10, 24)]))
    interval = draw(st.sampled_from(["PT5M", "PT30M", "PT60M", "PT1H", "P1D"]))
    begins = datetime.combine(day, time(), PARIS).astimezone(UTC)
    if interval != "P1D":
        begins += timedelta(minutes=draw(st.integers(0, 1439)))
    values = draw(st.lists(MEASURES, max_size=120))
    return {
        "unit": draw(st.sampled_from(["W", "Wh"])),
        "interval": interval,
        "start": instant(begins),
        "values": values,
    }


TWO_DAYS_OF_25_AND_24_HOURS: dict[str, Json] = {
    "unit": "Wh", "interval": "PT60M", "start": "2026-10-24T22:00:00Z", "values": [1] * 49,
}  # fmt: skip


def days_of(block: dict[str, Json]) -> list[str]:
    """The day of each measure, each asked for itself."""
    return [at.astimezone(PARIS).date().isoformat() for at, _ in intervals(block)]


@given(blocks())
@example(TWO_DAYS_OF_25_AND_24_HOURS)
def test_the_days_hold_every_measure_once_and_in_order(block: dict[str, Json]) -> None:
    runs = list(day_runs(block))
    assert [value for run in runs for value in run.values] == block["values"]
    assert [run.day for run in runs for _ in run.values] == days_of(block)
    assert all(run.values for run in runs)
    assert {run.start for run in runs} <= {at for at, _ in intervals(block)}


def test_a_day_has_as_many_hours_as_the_clock_gave_it() -> None:
    assert summed(TWO_DAYS_OF_25_AND_24_HOURS, "day") == {"2026-10-25": 25, "2026-10-26": 24}


@given(blocks(), DAYS, DAYS)
def test_what_is_cut_begins_and_ends_inside(block: dict[str, Json], one: date, other: date) -> None:
    first, last = sorted((one.isoformat(), other.isoformat()))
    inside = [
        (at, value) for (at, value), day in zip(intervals(block), days_of(block), strict=True) if first <= day <= last
    ]
    assert list(intervals(cut(block, first, last))) == inside


@given(blocks(), DAYS)
def test_blanked_days_keep_their_place(block: dict[str, Json], silent: date) -> None:
    values = blanked(block, lambda day: day == silent.isoformat())["values"]
    assert isinstance(block["values"], list)
    assert values == [
        None if day == silent.isoformat() else value for day, value in zip(days_of(block), block["values"], strict=True)
    ]


@given(blocks(), st.sampled_from([("day", 10), ("month", 7)]))
def test_a_sum_is_that_of_its_measures_and_nothing_measured_is_no_sum(
    block: dict[str, Json], grain: tuple[str, int]
) -> None:
    by, width = grain
    wh = {"PT5M": 5, "PT30M": 30, "PT60M": 60, "PT1H": 60, "P1D": 1440}[str(block["interval"])] / 60
    expected: dict[str, list[float]] = {}
    for (_, value), day in zip(intervals(block), days_of(block), strict=True):
        if value is not None:
            expected.setdefault(day[:width], []).append(value * (1 if block["unit"] == "Wh" else wh))
    found = summed(block, by)
    assert found.keys() == expected.keys()
    assert all(abs(found[key] - sum(parts)) <= 0.51 for key, parts in expected.items())
