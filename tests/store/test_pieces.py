"""How a run is cut into pieces: nothing lost, days whole, the newest apart."""

from __future__ import annotations

from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from cockpit.store.pieces import NEWEST_BYTES, PIECE_BYTES, Item, cut

RUNS = st.lists(
    st.builds(
        lambda day, number, size: Item(20260101 + day, f"{number:032x}", 20260101 + day, b"x" * size),
        st.integers(0, 40),
        st.integers(0, 1 << 32),
        st.integers(1, 40_000),
    ),
    max_size=120,
).map(sorted)


def size(group: object) -> int:
    return sum(len(one.raw) for one in group)  # type: ignore[attr-defined]


@given(RUNS, st.booleans())
def test_nothing_is_lost_and_no_day_is_cut_in_two(items: list[Item], newest: bool) -> None:
    groups = list(cut(items, between_days=True, newest=newest))
    assert [one for group in groups for one in group] == items
    assert all(groups)
    for before, after in pairwise(groups):
        assert before[-1].day < after[0].day or size(before) > 3 * PIECE_BYTES


@given(RUNS)
def test_the_newest_lie_in_a_small_piece_once_there_are_several(items: list[Item]) -> None:
    groups = list(cut(items, between_days=True, newest=True))
    days = [size(day) for _, found in groupby(items, lambda one: one.day) for day in [list(found)]]
    if size(items) <= PIECE_BYTES:
        assert len(groups) <= 1
    elif max(days) <= PIECE_BYTES - NEWEST_BYTES:
        last_day = [one for one in groups[-1] if one.day == groups[-1][0].day]
        assert size(groups[-1]) - size(last_day) < NEWEST_BYTES, "its oldest day is all that may be too much"
