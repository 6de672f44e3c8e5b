"""Drawing entries at random so that anybody can draw the same: from a published seed and the log's root."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

from cockpit.audit.checked import Fact, facts_of
from cockpit.audit.faults import HouseError
from cockpit.audit.sync import newest, stored

CONTEXT = b"mesinfos-cockpit sample v1\n"
MOST = 1000


@dataclass(frozen=True, slots=True)
class Sample:
    """Entries drawn from a log. The seed, the size and the root are all that is needed to draw them again."""

    log: str
    seed: str
    size: int
    root: str
    indexes: tuple[int, ...]


def drawn(seed: str, root: bytes, size: int, count: int) -> tuple[int, ...]:
    """``count`` different indexes below ``size``, in the order drawn; all of them when there are no more.

    The k-th try is SHA-256(context, length of the seed on 4 bytes, seed, root, k on 8 bytes), taken as a number of 256
    bits; one that falls in the incomplete last round of ``size`` is left, so that each entry is as likely as another.
    """
    said = seed.encode()
    start = hashlib.sha256(CONTEXT + len(said).to_bytes(4, "big") + said + root)
    limit = (1 << 256) - (1 << 256) % size if size else 0
    found: dict[int, None] = {}
    number = 0
    while len(found) < min(count, size):
        tried = start.copy()
        tried.update(number.to_bytes(8, "big"))
        number += 1
        value = int.from_bytes(tried.digest(), "big")
        if value < limit:
            found[value % size] = None
    return tuple(found)


def sample(kept: sqlite3.Connection, log: str, seed: str, count: int) -> Sample:
    """Draw from the newest state of a log that the house has. Raises ``HouseError``."""
    seen = newest(kept, log)
    if seen is None:
        raise HouseError("the house has no such log; run: cockpit audit sync")
    if not 1 <= count <= MOST or not 1 <= len(seed.encode()) <= 256:
        raise HouseError(f"draw 1 to {MOST} entries, with a seed of 1 to 256 bytes")
    size, root = seen.checkpoint.size, seen.checkpoint.root
    return Sample(log, seed, size, root.hex(), drawn(seed, root, size, count))


def facts_drawn(kept: sqlite3.Connection, found: Sample) -> list[Fact]:
    """What the drawn entries say, in the order drawn. Raises ``Refuted`` when the house's own copy was changed."""
    said = []
    for index in found.indexes:
        said += facts_of(found.log, index, next(stored(kept, found.log, index)))
    return said
