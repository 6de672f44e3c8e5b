"""Openings that are gone must be covered: by entries that say how many went with each space that was erased.

Which entries were an erased person's is said nowhere: it would join what the tags keep apart. So a cover has a number,
and takes in openings that are not younger than itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cover:
    """The entry ``index`` of the consent log, of the minute ``at``, says that ``count`` openings were erased."""

    index: int
    at: str
    count: int


def covered(erased: Iterable[str], covers: Sequence[Cover]) -> Iterator[tuple[str, Cover | None]]:
    """For each erased opening (its minute, newest first), an entry that covers it, or None when none is left.

    Each gets the newest that still has room. When one gets none, no other sharing-out would have covered them all.
    """
    waiting = sorted(covers, key=lambda cover: (cover.at, cover.index))
    open_covers: list[tuple[Cover, int]] = []
    for at in erased:
        # From the newest on, covers only ever become usable: what fits a newer opening fits every older one.
        while waiting and waiting[-1].at >= at:
            cover = waiting.pop()
            if cover.count:
                open_covers.append((cover, cover.count))
        if not open_covers:
            yield at, None
            continue
        cover, room = open_covers.pop()
        if room > 1:
            open_covers.append((cover, room - 1))
        yield at, cover
