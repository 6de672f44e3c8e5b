"""Bringing the index up to date with the records: what changed since it was made, or all when it cannot be trusted."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.domain.ids import Kind, RecordUid, collection_of
from cockpit.domain.record import StoredRecord
from cockpit.sealing.keyring import Keyring
from cockpit.search.index import Covered
from cockpit.store import search
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
            snapshot = search.rebuild((stored for kind in sorted(known) for stored in reader.stream(kind)), far)
            change = None
        elif _same(snapshot.index.covered, far):
            return snapshot
        else:
            # Two requests of one session may come at once: the second finds that the first has done it.
            with snapshot.lock:
                if _same(snapshot.index.covered, far):
                    return snapshot
                change = search.add(snapshot, *changed(reader, known, snapshot.index.covered, far), far)
        person = reader.person
    with snapshot.lock, spaces.database.write(person) as connection:
        search.save(connection, keyring.vault_key, person, snapshot, change)
    return snapshot


def heads(reader: Reader, kinds: Iterable[Kind]) -> Covered:
    """How far each collection goes: the inbox segment that its compaction took in last, and the newest one."""
    collections = sorted({collection_of(kind) for kind in kinds})
    opened = {collection: reader.opened(collection) for collection in collections}
    return {collection: (one.manifest.base_seq, one.head.seq) for collection, one in opened.items()}


def changed(
    reader: Reader, kinds: Iterable[Kind], covered: Covered, far: Covered
) -> tuple[list[StoredRecord], list[RecordUid]]:
    """The records with a line beyond what was covered, and those that are no more."""
    found: list[StoredRecord] = []
    gone: list[RecordUid] = []
    for kind in kinds:
        collection = collection_of(kind)
        seq = covered.get(collection, (0, 0))[1]
        if seq < far[collection][1]:
            here, erased = reader.changed_after(kind, seq)
            found += here
            gone += erased
    return found, sorted(gone)


def _precedes(covered: Covered, far: Covered) -> bool:
    """Whether what came since still lies in the inboxes, so that the index can grow from ``covered`` to ``far``."""
    return all(base <= covered.get(name, (0, 0))[1] <= head for name, (base, head) in far.items())


def _same(covered: Covered, far: Covered) -> bool:
    """Whether nothing came: a compaction in between moves lines and changes no record."""
    return all(covered.get(name, (0, -1))[1] == head for name, (_, head) in far.items())
