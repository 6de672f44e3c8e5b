"""The index at rest: a sealed snapshot in chunks and the sealed changes since, so that a small refresh stays small.

The first parts are the whole index, cut, and share a counter; each further part holds the documents that came and went
afterwards. A part is an envelope whose place names the person, its number, its counter and how many chunks there are;
its previous hash is one random number for all chunks of a snapshot and for the first change, and the hash of the
change before for the others. Mixed, cut, moved or edited parts do not open, and the index is then made again from the
records. An older snapshot put back whole only says that it covers less.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, delete, insert, select

from cockpit.domain.errors import Tampered
from cockpit.domain.ids import Collection, PersonId, RecordUid
from cockpit.domain.record import StoredRecord
from cockpit.sealing.box import derive
from cockpit.sealing.envelope import (
    FIRST_PREVIOUS,
    EnvelopeKind,
    Place,
    envelope_hash,
    open_into,
    open_under_key,
    previous_of,
    seal_under_key,
)
from cockpit.search.document import Document, document_of
from cockpit.search.index import Covered, Index
from cockpit.store import tables

MOST_CHANGES = 4096
"""Documents kept as changes before the whole is written again: indexing them at each opening takes 50 ms."""
MOST_PARTS = 64
"""Changes kept, however small, before the whole is written again."""
MOST_GONE = 0.05
"""Share of removed or replaced documents above which the index is made again from the records, without their words."""
CHUNK_BYTES = 4 << 20
"""How much of the index one part holds: chunks are opened side by side."""
_THREADS = min(4, os.cpu_count() or 1)
_LEVEL = 9
_BATCH = 20_000
_TABLE = tables.index_snapshot


class _Changes(msgspec.Struct):
    put: list[Document]
    removed: list[str]
    covered: dict[str, tuple[int, int]]


@dataclass(slots=True)
class Snapshot:
    """An open index and where it stands in the store.

    ``parts`` counts what is stored, ``chunks`` those of them that are the whole, ``changes`` the documents of the
    others. ``link`` is the previous hash that the next change must have.
    """

    index: Index
    counter: int = 0
    chunks: int = 0
    parts: int = 0
    changes: int = 0
    link: bytes = field(default=FIRST_PREVIOUS, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def size(self) -> int:
        """Bytes of memory it takes."""
        return self.index.size


def load(connection: Connection, vault_key: bytes, person: PersonId, at_least: int = 0) -> Snapshot | None:
    """Open the person's snapshot; None when there is none, or it is not whole, or older than counter ``at_least``."""
    here = _TABLE.c.person_id == person
    stored = connection.execute(select(_TABLE.c.part, _TABLE.c.counter).where(here).order_by(_TABLE.c.part)).all()
    chunks = sum(row.counter == stored[0].counter for row in stored)
    expected = [(part, stored[0].counter + max(0, part - chunks + 1)) for part in range(len(stored))]
    if not stored or [tuple(row) for row in stored] != expected or stored[-1].counter < at_least:
        return None
    envelopes = connection.execute(select(_TABLE.c.envelope).where(here).order_by(_TABLE.c.part)).scalars()
    key, first = derive(vault_key, "index"), stored[0].counter
    try:
        image, link = _open_chunks(key, envelopes, person, chunks, first)
        snapshot = Snapshot(Index.load(image), first, chunks, chunks, link=link)
        for part, envelope in enumerate(envelopes, start=chunks):
            place = _place(person, part, first + part - chunks + 1, 0, snapshot.link)
            _apply(snapshot, msgspec.msgpack.decode(open_under_key(key, envelope, place), type=_Changes))
            snapshot.counter, snapshot.parts, snapshot.link = place.seq, part + 1, envelope_hash(envelope)
    except (Tampered, msgspec.MsgspecError):
        return None
    return snapshot


def exists(connection: Connection, person: PersonId) -> bool:
    """Whether a snapshot is kept for this person; not whether it opens."""
    return connection.execute(select(_TABLE.c.part).where(_TABLE.c.person_id == person).limit(1)).first() is not None


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
    stored = connection.execute(
        select(_TABLE.c.counter).where(_TABLE.c.person_id == person).order_by(_TABLE.c.part.desc()).limit(1)
    ).scalar_one_or_none()
    if snapshot.parts and stored != snapshot.counter:
        return False
    further = snapshot.parts - snapshot.chunks
    whole = change is None or not snapshot.parts or snapshot.changes > MOST_CHANGES or further >= MOST_PARTS
    key, snapshot.counter = derive(vault_key, "index"), (stored or 0) + 1
    if whole:
        image, snapshot.link, snapshot.changes = memoryview(snapshot.index.dump()), os.urandom(16), 0
        cuts = [image[start : start + CHUNK_BYTES] for start in range(0, len(image), CHUNK_BYTES)]
        connection.execute(delete(_TABLE).where(_TABLE.c.person_id == person))
        for part, content in enumerate(cuts):
            place = _place(person, part, snapshot.counter, len(cuts), snapshot.link)
            _insert(connection, place, part, seal_under_key(key, content, place, _LEVEL))
        snapshot.chunks = snapshot.parts = len(cuts)
    else:
        assert change is not None
        place = _place(person, snapshot.parts, snapshot.counter, 0, snapshot.link)
        envelope = seal_under_key(key, change, place, _LEVEL)
        _insert(connection, place, snapshot.parts, envelope)
        snapshot.parts, snapshot.link = snapshot.parts + 1, envelope_hash(envelope)
    return True


def forget(connection: Connection, person: PersonId) -> None:
    """Remove the snapshot: what was erased must not lie in it. It is made again at the next opening."""
    connection.execute(delete(_TABLE).where(_TABLE.c.person_id == person))


def _apply(snapshot: Snapshot, changes: _Changes) -> None:
    snapshot.index.remove(RecordUid(uid) for uid in changes.removed)
    snapshot.index.put(changes.put)
    snapshot.index.covered = {Collection(name): far for name, far in changes.covered.items()}
    snapshot.changes += len(changes.put) + len(changes.removed)


def _open_chunks(
    key: bytes, envelopes: Iterator[bytes], person: PersonId, chunks: int, counter: int
) -> tuple[bytearray, bytes]:
    """The whole index, and the number that its chunks share. Raises ``Tampered``."""
    image, link = bytearray(chunks * CHUNK_BYTES), b""

    def opened(part: int, envelope: bytes) -> int:
        room = memoryview(image)[part * CHUNK_BYTES : (part + 1) * CHUNK_BYTES]
        size = open_into(key, envelope, _place(person, part, counter, chunks, link), room)
        if size < CHUNK_BYTES and part + 1 < chunks:
            raise Tampered("a chunk of an index has another size than it should")
        return size

    # Decrypting and decompressing leave Python to others: they go on while the next chunk is fetched.
    with ThreadPoolExecutor(_THREADS) as pool:
        sizes = []
        for part in range(chunks):
            envelope = next(envelopes)
            link = link or previous_of(envelope)
            sizes.append(pool.submit(opened, part, envelope))
        size = sum(one.result() for one in sizes)
    del image[size:]
    return image, link


def _place(person: PersonId, part: int, counter: int, chunks: int, link: bytes) -> Place:
    return Place(person, f"index/{part}", EnvelopeKind.INDEX, 0, counter, link, chunks)


def _insert(connection: Connection, place: Place, part: int, envelope: bytes) -> None:
    connection.execute(insert(_TABLE).values(person_id=place.person, part=part, counter=place.seq, envelope=envelope))
