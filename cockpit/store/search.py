"""The index at rest: one sealed snapshot and the sealed changes since, so that a small refresh stays small.

Part 0 is the whole index, each further part the documents that came and went afterwards. Every part is sealed for its
person, place, counter and the part before it: mixed, cut in the middle, moved or edited parts do not open, and the
index is then made again from the records. An older snapshot put back whole only says that it covers less.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import zstandard
from sqlalchemy import Connection, delete, insert, select

from cockpit.domain.errors import Tampered
from cockpit.domain.ids import Collection, PersonId, RecordUid
from cockpit.domain.record import StoredRecord
from cockpit.sealing.box import derive, open_under, seal_under
from cockpit.sealing.envelope import envelope_hash
from cockpit.search.document import Document, document_of
from cockpit.search.index import Covered, Index
from cockpit.store import tables

MOST_CHANGES = 4096
"""Documents kept as changes before the whole is written again: indexing them at each opening takes 50 ms."""
MOST_PARTS = 64
MOST_GONE = 0.05
"""Share of removed or replaced documents above which the index is made again from the records, without their words."""
MAX_IMAGE_BYTES = 4 << 30
_BATCH = 20_000


class _Changes(msgspec.Struct):
    put: list[Document]
    removed: list[str]
    covered: dict[str, tuple[int, int]]


@dataclass(slots=True)
class Snapshot:
    """An open index and where it stands in the store. ``changes`` counts the documents of its further parts."""

    index: Index
    counter: int = 0
    parts: int = 0
    changes: int = 0
    last_hash: bytes = field(default=bytes(16), repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def size(self) -> int:
        """Bytes of memory it takes."""
        return self.index.size


def load(connection: Connection, vault_key: bytes, person: PersonId, at_least: int = 0) -> Snapshot | None:
    """Open the person's snapshot; None when there is none, or it is not whole, or older than counter ``at_least``."""
    table = tables.index_snapshot
    rows = connection.execute(select(table).where(table.c.person_id == person).order_by(table.c.part)).all()
    if not rows or rows[-1].counter < at_least:
        return None
    previous, snapshot = bytes(16), None
    try:
        for expected, row in enumerate(rows):
            if row.part != expected or row.counter != rows[0].counter + expected:
                return None
            content = _open(vault_key, row.envelope, person, row.part, row.counter, previous)
            previous = envelope_hash(row.envelope)
            if snapshot is None:
                snapshot = Snapshot(Index.load(content))
            else:
                _apply(snapshot, msgspec.msgpack.decode(content, type=_Changes))
            snapshot.counter, snapshot.parts, snapshot.last_hash = row.counter, expected + 1, previous
    except (Tampered, zstandard.ZstdError, msgspec.MsgspecError):
        return None
    return snapshot


def rebuild(records: Iterable[StoredRecord], covered: Covered) -> Snapshot:
    """An index made from the records alone, not yet saved."""
    index, batch = Index.empty(), list[Document]()
    for stored in records:
        batch.append(document_of(stored))
        if len(batch) == _BATCH:
            index.put(batch)
            batch = []
    index.put(batch)
    index.covered = dict(covered)
    return Snapshot(index)


def add(snapshot: Snapshot, stored: Sequence[StoredRecord], removed: Sequence[RecordUid], covered: Covered) -> bytes:
    """Bring an open index up to date; the bytes to save as one further part."""
    changes = _Changes(
        [document_of(one) for one in stored],
        [str(uid) for uid in removed],
        {str(name): far for name, far in covered.items()},
    )
    _apply(snapshot, changes)
    return msgspec.msgpack.encode(changes)


def stale(snapshot: Snapshot) -> bool:
    """Whether too much of the index is about documents that are gone: it is then better made again."""
    return snapshot.index.gone > MOST_GONE * (snapshot.index.count + MOST_CHANGES)


def save(
    connection: Connection, vault_key: bytes, person: PersonId, snapshot: Snapshot, change: bytes | None = None
) -> bool:
    """Keep what changed as a further part, or the whole when it is new or has too many parts.

    Nothing is kept, and False returned, when somebody else saved since this snapshot was loaded: theirs is as good.
    """
    table = tables.index_snapshot
    stored = connection.execute(
        select(table.c.counter).where(table.c.person_id == person).order_by(table.c.part.desc()).limit(1)
    ).scalar_one_or_none()
    whole = change is None or not snapshot.parts or snapshot.changes > MOST_CHANGES or snapshot.parts >= MOST_PARTS
    if snapshot.parts and stored != snapshot.counter:
        return False
    counter = (stored or 0) + 1
    if whole:
        part, previous, content = 0, bytes(16), snapshot.index.dump()
        connection.execute(delete(table).where(table.c.person_id == person))
    else:
        assert change is not None
        part, previous, content = snapshot.parts, snapshot.last_hash, change
    envelope = _seal(vault_key, content, person, part, counter, previous)
    connection.execute(insert(table).values(person_id=person, part=part, counter=counter, envelope=envelope))
    snapshot.counter, snapshot.parts, snapshot.last_hash = counter, part + 1, envelope_hash(envelope)
    if whole:
        snapshot.changes = 0
    return True


def forget(connection: Connection, person: PersonId) -> None:
    """Remove the snapshot: what was erased must not lie in it. It is made again at the next opening."""
    table = tables.index_snapshot
    connection.execute(delete(table).where(table.c.person_id == person))


def _apply(snapshot: Snapshot, changes: _Changes) -> None:
    snapshot.index.remove(RecordUid(uid) for uid in changes.removed)
    snapshot.index.put(changes.put)
    snapshot.index.covered = {Collection(name): far for name, far in changes.covered.items()}
    snapshot.changes += len(changes.put) + len(changes.removed)


def _seal(vault_key: bytes, content: bytes, person: str, part: int, counter: int, previous: bytes) -> bytes:
    compressed = zstandard.ZstdCompressor(level=9).compress(content)
    return seal_under(derive(vault_key, "index"), compressed, _context(person, part, counter, previous))


def _open(vault_key: bytes, envelope: bytes, person: str, part: int, counter: int, previous: bytes) -> bytes:
    compressed = open_under(derive(vault_key, "index"), envelope, _context(person, part, counter, previous))
    return zstandard.ZstdDecompressor().decompress(compressed, max_output_size=MAX_IMAGE_BYTES)


def _context(person: str, part: int, counter: int, previous: bytes) -> str:
    return f"index {person} {part} {counter} {previous.hex()}"
