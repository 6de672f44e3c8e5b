"""Bringing the index up to date with the records: what changed since it was made, or all when it cannot be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy import func, select

from cockpit.domain.ids import Collection, Kind, RecordUid, collection_of
from cockpit.domain.record import StoredRecord
from cockpit.sealing.keyring import Keyring
from cockpit.search.index import Covered
from cockpit.store import search, tables
from cockpit.store.search import Snapshot
from cockpit.store.space import Reader, Spaces


def refresh_index(spaces: Spaces, keyring: Keyring, kinds: Iterable[Kind], held: Snapshot | None = None) -> Snapshot:
    """The index of an unlocked space, up to date; its snapshot is saved when it changed.

    ``held`` is the one in memory, if any; otherwise the sealed one is opened, and when it is missing, damaged, or
    covers what the streams never held, it is made again from the records. Raises ``Tampered`` for damaged records.
    """
    known = frozenset(kinds)
    with spaces.read(keyring) as reader:
        far = heads(reader, known)
        snapshot = held or search.load(reader.connection, keyring.vault_key, reader.person)
        if snapshot is None or not _precedes(snapshot.index.covered, far) or search.stale(snapshot):
            snapshot = search.rebuild((stored for kind in sorted(known) for stored in reader.records(kind)), far)
            change = None
        elif snapshot.index.covered == far:
            return snapshot
        else:
            # Two requests of one session may come at once: the second finds that the first has done it.
            with snapshot.lock:
                if snapshot.index.covered == far:
                    return snapshot
                change = search.add(snapshot, *changed(reader, known, snapshot.index.covered, far), far)
        person = reader.person
    with snapshot.lock, spaces.database.write() as connection:
        search.save(connection, keyring.vault_key, person, snapshot, change)
    return snapshot


def heads(reader: Reader, kinds: Iterable[Kind]) -> Covered:
    """How far the stream of each collection goes now: its epoch as fence, its newest sequence number."""
    table = tables.collection
    wanted = {collection_of(kind) for kind in kinds}
    rows = reader.connection.execute(
        select(table.c.collection, table.c.epoch, table.c.head_seq).where(
            table.c.person_id == reader.person, table.c.collection.in_(wanted)
        )
    )
    return {Collection(row.collection): (row.epoch, row.head_seq) for row in rows}


def changed(
    reader: Reader, kinds: Iterable[Kind], covered: Covered, far: Covered
) -> tuple[list[StoredRecord], list[RecordUid]]:
    """The records with a line beyond what was covered, and those that are no more."""
    found: list[StoredRecord] = []
    gone: set[RecordUid] = set()
    for collection in far:
        if covered.get(collection) == far[collection]:
            continue
        uids = set(_uids_beyond(reader, collection, covered.get(collection, (0, 0))[1]))
        here = [
            stored
            for kind in kinds
            if collection_of(kind) == collection
            for stored in reader.records(kind)
            if stored.uid in uids
        ]
        found += here
        gone |= uids - {stored.uid for stored in here}
    return found, sorted(gone)


def _uids_beyond(reader: Reader, collection: Collection, seq: int) -> Iterator[RecordUid]:
    table = tables.segment
    lines = reader.connection.execute(
        select(func.coalesce(func.sum(table.c.records), 0)).where(
            table.c.person_id == reader.person, table.c.collection == collection, table.c.seq <= seq
        )
    ).scalar_one()
    return (RecordUid(line["uid"]) for line in islice(reader.lines(collection), int(lines), None))


def _precedes(covered: Covered, far: Covered) -> bool:
    """Whether the streams can have grown from ``covered`` to ``far``: same fences, nothing taken back."""
    return all(
        collection in far and far[collection][0] == fence and far[collection][1] >= seq
        for collection, (fence, seq) in covered.items()
    )
