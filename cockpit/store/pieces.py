"""Vault segments are made: lines sorted by day, merged into the pieces they fall among, and cut to size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cockpit.store.lines import Glance, day_number, glance

PIECE_BYTES = 512 * 1024
"""What a piece aims at before compression: what the newest fifty cost to open, against what opening each costs all."""


class Item(NamedTuple):
    """A line to place. Items sort by day, then identity: the order of a run."""

    day: int
    uid: str
    until: int
    raw: bytes


def item(raw: bytes, seen: Glance | None = None) -> Item:
    """A line as an item: a record's day is its own, a note's is when it was written."""
    seen = seen or glance(raw)
    if seen.record is None:
        day = day_number(seen.at)
        return Item(day, seen.uid, day, raw)
    day = day_number(seen.record.day)
    return Item(day, seen.uid, day_number(seen.record.until) or day, raw)


def cut(items: Sequence[Item], *, between_days: bool) -> Iterator[Sequence[Item]]:
    """Groups of about ``PIECE_BYTES``, none much smaller; with ``between_days`` no day is cut in two if it can be.

    A day of more than four pieces' worth is cut all the same.
    """
    total = sum(len(one.raw) for one in items)
    target = total / max(round(total / PIECE_BYTES), 1)
    start, size = 0, 0
    for index, one in enumerate(items):
        ends_day = not between_days or index == 0 or one.day != items[index - 1].day or size > 4 * PIECE_BYTES
        if size + len(one.raw) / 2 > target and ends_day and index > start:
            yield items[start:index]
            start, size = index, 0
        size += len(one.raw)
    if start < len(items):
        yield items[start:]


def body(items: Iterable[Item]) -> bytes:
    """The body of a piece."""
    return b"\n".join([*(one.raw for one in items), b""])
