"""Covers: every erased opening finds one, when there is any way at all to share them out."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from cockpit.tlog.covering import Cover, covered

minutes = st.integers(0, 5).map(lambda minute: f"2026-11-23T09:{minute:02}Z")
erasures = st.lists(minutes, max_size=5)
covers = st.lists(st.tuples(minutes, st.integers(0, 3)), max_size=3).map(
    lambda made: [Cover(index, at, count) for index, (at, count) in enumerate(made)]
)


def can_be_covered(erased: list[str], held: list[Cover]) -> bool:
    """By trying every way."""
    return any(
        all(cover.at >= at for at, cover in zip(erased, way, strict=True))
        and all(way.count(cover) <= cover.count for cover in held)
        for way in product(held, repeat=len(erased))
    )


@given(erasures, covers)
def test_all_are_covered_whenever_they_can_be(erased: list[str], held: list[Cover]) -> None:
    newest_first = sorted(erased, reverse=True)
    found = list(covered(newest_first, held))
    assert [at for at, _ in found] == newest_first
    assert all(cover is not None for _, cover in found) is can_be_covered(erased, held)


@given(erasures, covers)
def test_no_cover_takes_in_more_than_it_says_or_what_is_younger(erased: list[str], held: list[Cover]) -> None:
    found = [(at, cover) for at, cover in covered(sorted(erased, reverse=True), held) if cover is not None]
    assert all(cover.at >= at for at, cover in found)
    taken = [cover for _, cover in found]
    assert all(taken.count(cover) <= cover.count for cover in held)
