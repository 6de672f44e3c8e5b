"""Pauses: what is dated inside one never leaves, whatever is asked, and nothing is lost beside them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.consent.pauses import Pause, in_pause, paused, resumed
from cockpit.consent.projection import project
from cockpit.domain.consent import ClauseInput
from cockpit.domain.ids import Kind
from cockpit.domain.record import Record
from cockpit.domain.use import Grain, Source
from tests.web.furnished import bank, energy

FIRST = date(2026, 1, 1)
numbers = st.integers(0, 58)
pause_days = st.lists(st.tuples(numbers, st.none() | numbers), max_size=3)
LINES = ClauseInput(Kind("bank.transaction"), ("amount", "booking_date"), Grain.RAW, required=True)
CURVE = ClauseInput(Kind("energy.series"), ("interval", "start", "unit", "values"), Grain.RAW, required=True)


def day(number: int) -> str:
    return (FIRST + timedelta(number)).isoformat()


def pauses_of(pairs: list[tuple[int, int | None]]) -> tuple[Pause, ...]:
    return tuple(Pause(day(a), None if b is None else day(max(a, b))) for a, b in pairs)


def lines() -> list[Record]:
    return [record for record in bank(FIRST, 59) if record.kind == LINES.kind]


@settings(deadline=None)
@given(pause_days)
def test_a_line_leaves_exactly_when_no_pause_covers_its_day(pairs: list[tuple[int, int | None]]) -> None:
    pauses = pauses_of(pairs)
    left = {str(one["booking_date"]) for one in project(lines(), LINES, day(0), day(58), Source.ANY, pauses)}
    assert left == {day(number) for number in range(59) if not in_pause(day(number), pauses)}


@settings(deadline=None)
@given(pause_days)
def test_a_curve_says_nothing_of_the_days_of_a_pause_and_all_of_the_others(
    pairs: list[tuple[int, int | None]],
) -> None:
    pauses, (block,) = pauses_of(pairs), energy(FIRST, 1)
    (whole,) = project([block], CURVE, day(0), day(30), Source.ANY)
    left = project([block], CURVE, day(0), day(30), Source.ANY, pauses)
    values = left[0]["values"] if left else [None] * (31 * 48)
    assert isinstance(values, list)
    assert isinstance(whole["values"], list)
    expected = [None if in_pause(day(index // 48), pauses) else value for index, value in enumerate(whole["values"])]
    assert values == expected


@settings(deadline=None)
@given(pause_days)
def test_sums_leave_the_pauses_out(pairs: list[tuple[int, int | None]]) -> None:
    pauses = pauses_of(pairs)
    by_day = ClauseInput(CURVE.kind, ("values",), Grain.DAY, required=True)
    left = project(energy(FIRST, 1), by_day, day(0), day(30), Source.ANY, pauses)
    days = {str(total["day"]) for block in left for total in block["values"]}  # type: ignore[union-attr,index,call-overload]
    assert days == {day(number) for number in range(31) if not in_pause(day(number), pauses)}


def test_a_pause_begins_once_and_ends_once() -> None:
    begun = paused(paused((), "2026-03-01"), "2026-03-05")
    assert begun == (Pause("2026-03-01"),)
    ended = resumed(resumed(begun, "2026-03-10"), "2026-03-20")
    assert ended == (Pause("2026-03-01", "2026-03-10"),)


def test_a_second_pause_leaves_a_second_hole() -> None:
    twice = resumed(paused(resumed(paused((), "2026-03-01"), "2026-03-02"), "2026-05-01"), "2026-05-03")
    inside = [day for day in ("2026-02-28", "2026-03-02", "2026-03-03", "2026-05-02") if in_pause(day, twice)]
    assert inside == ["2026-03-02", "2026-05-02"]


@pytest.mark.parametrize(
    ("asleep", "slept"),
    [("2026-10-04", False), ("2026-10-05", True), ("2026-10-06", True), ("2026-10-07", True), ("2026-10-08", False)],
)
def test_a_pause_holds_from_its_first_day_to_its_last(asleep: str, slept: bool) -> None:
    assert in_pause(asleep, [Pause("2026-10-05", "2026-10-07")]) is slept
    assert in_pause("9999-12-31", [Pause("2026-10-05")])
