"""Pauses: a hole for each, whatever is asked, and nothing lost beside them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent.pauses import Pause, Window, paused, resumed, windows

FIRST = date(2026, 1, 1)
numbers = st.integers(0, 60)


def day(number: int) -> str:
    return (FIRST + timedelta(number)).isoformat()


def inside(text: str, parts: tuple[Window, ...]) -> bool:
    return any(part.first <= text <= part.last for part in parts)


pause_days = st.lists(st.tuples(numbers, st.none() | numbers), max_size=4)


def pauses_of(pairs: list[tuple[int, int | None]]) -> tuple[Pause, ...]:
    return tuple(Pause(day(a), None if b is None else day(max(a, b))) for a, b in pairs)


@given(numbers, numbers, pause_days)
def test_a_day_is_left_exactly_when_it_was_asked_and_no_pause_covers_it(
    first: int, last: int, pairs: list[tuple[int, int | None]]
) -> None:
    made = pauses_of(pairs)
    left = windows(Window(day(first), day(last)), made)
    for number in range(61):
        covered = any(pause.since <= day(number) <= (pause.until or "9999-12-31") for pause in made)
        assert inside(day(number), left) == (first <= number <= last and not covered)


@given(numbers, numbers, pause_days)
def test_windows_are_in_order_and_apart(first: int, last: int, pairs: list[tuple[int, int | None]]) -> None:
    left = windows(Window(day(first), day(last)), pauses_of(pairs))
    assert all(one.last < other.first for one, other in pairwise(left))


def test_a_pause_begins_once_and_ends_once() -> None:
    begun = paused(paused((), "2026-03-01"), "2026-03-05")
    assert begun == (Pause("2026-03-01"),)
    ended = resumed(resumed(begun, "2026-03-10"), "2026-03-20")
    assert ended == (Pause("2026-03-01", "2026-03-10"),)


def test_a_second_pause_leaves_a_second_hole() -> None:
    twice = resumed(paused(resumed(paused((), "2026-03-01"), "2026-03-02"), "2026-05-01"), "2026-05-03")
    assert windows(Window("2026-02-27", "2026-05-04"), twice) == (
        Window("2026-02-27", "2026-02-28"), Window("2026-03-03", "2026-04-30"), Window("2026-05-04", "2026-05-04"),
    )  # fmt: skip
