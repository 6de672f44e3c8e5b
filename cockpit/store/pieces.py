"""Vault segments are made: lines sorted by day, merged into the pieces they fall among, and cut to size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cockpit.store.lines import Glance, day_number, glance

PIECE_BYTES = 512 * 1024
"""What a piece aims at before compression: what a day costs to open, against what opening each costs an export."""
NEWEST_BYTES = 128 * 1024
"""What the piece of the newest aims at, once there are several: nothing is read more often."""


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


def cut(items: Sequence[Item], *, between_days: bool, newest: bool = False) -> Iterator[Sequence[Item]]:
    """Groups of about ``PIECE_BYTES``, none much smaller; with ``between_days`` no day is cut in two if it can be.

    A day of more than four pieces' worth is cut all the same. With ``newest`` the items end their run.
    """
    if newest:
        apart = _where_the_newest_begin(items)
        yield from cut(items[:apart], between_days=between_days)
        if apart < len(items):
            yield items[apart:]
        return
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


def _where_the_newest_begin(items: Sequence[Item]) -> int:
    """Where a last piece of about ``NEWEST_BYTES`` begins, at a day; the end when there are too few to part."""
    if sum(len(one.raw) for one in items) <= PIECE_BYTES:
        return len(items)
    start, size = len(items), 0
    while start > 0 and (size < NEWEST_BYTES or items[start].day == items[start - 1].day):
        start -= 1
        size += len(items[start].raw)
    return start if size <= PIECE_BYTES else len(items)


def body(items: Iterable[Item]) -> bytes:
    """The body of a piece."""
    return b"\n".join([*(one.raw for one in items), b""])
