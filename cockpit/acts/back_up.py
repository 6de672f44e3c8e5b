"""Back up a running deployment: a snapshot of its rows in sealed chunks, its documents, and its keyring apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b

from msgspec import structs
from sqlalchemy import Connection

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.alone import alone
from cockpit.archive.backup import Repository, Snapshot
from cockpit.archive.keyring_backup import KeyringPlace
from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.moment import instant
from cockpit.store import dump, keyrings, migrations
from cockpit.store.dump import Chunk
from cockpit.store.walls import EVERYONE

YOUNG = timedelta(days=1)
"""Chunks younger than this are never pruned: a backup may be running that will list them."""


@dataclass(slots=True)
class BackedUp:
    """What a backup wrote, counted. ``missing``: documents that have a row and no object, here and in the backup."""

    snapshot: str = ""
    rows: int = 0
    chunks_written: int = 0
    chunks_known: int = 0
    bytes_written: int = 0
    documents_written: int = 0
    missing: list[str] = field(default_factory=list)
    keyring_saved: bool = False
    pruned: int = 0


def back_up(cockpit: Cockpit, repository: Repository, apart: KeyringPlace | None, keep: int | None = None) -> BackedUp:
    """Save everything as it was at one moment, while the cockpit runs; what is there already is not written again.

    ``keep``: how many snapshots to leave, the newest ones. Raises ``OperatorMustAct``.
    """
    done, now = BackedUp(), cockpit.clock()
    with alone(cockpit.settings.data / "backup.lock"):
        before = _newest(repository)
        with cockpit.database.read(EVERYONE) as connection:
            snapshot = _save_rows(cockpit, connection, repository, done)
        absent = _save_documents(cockpit, repository, snapshot, before, done)
        if apart is not None:
            # After the rows, so that nobody's keys are missing; before the snapshot, so that no snapshot is without.
            with cockpit.keyrings.database.read(EVERYONE) as connection:
                apart.put(_keyring_chunks(connection), now)
            done.keyring_saved = True
        done.snapshot = repository.keep(structs.replace(snapshot, at=instant(now), absent=absent), now)
        if keep is not None:
            done.pruned = _prune(cockpit, repository, keep)
    return done


def _save_rows(cockpit: Cockpit, connection: Connection, repository: Repository, done: BackedUp) -> Snapshot:
    known = repository.known_chunks()
    size, checkpoint = cockpit.ledger.checkpoint(connection)
    counts: dict[str, int] = {}
    chunks: dict[str, bytes] = {}
    for table in dump.saved_tables():
        ids = bytearray()
        counts[table.name] = 0
        for chunk in dump.dump(connection, table):
            content = chunk.to_bytes()
            identity = repository.identify(content)
            if identity in known:
                done.chunks_known += 1
            else:
                done.bytes_written += repository.put_chunk(identity, content)
                done.chunks_written += 1
                known.add(identity)
            ids += identity
            counts[table.name] += len(chunk.rows)
        chunks[table.name] = bytes(ids)
    done.rows = sum(counts.values())
    revision = migrations.revision(connection) or ""
    return Snapshot(1, "", revision, cockpit.ledger.origin, size, checkpoint, counts, chunks, [])


def _keyring_chunks(connection: Connection) -> Iterator[bytes]:
    for table in keyrings.metadata.sorted_tables:
        yield from (chunk.to_bytes() for chunk in dump.dump(connection, table))


def _save_documents(
    cockpit: Cockpit, repository: Repository, snapshot: Snapshot, before: Snapshot | None, done: BackedUp
) -> list[str]:
    """Copy what the repository lacks; gives the documents that could not be: erased since, or missing here too."""
    # Where the last backup left none out, the chunks it lists stand for documents that were copied.
    copied = set(before.ids("blob")) if before is not None and not before.absent else set()
    source, absent = cockpit.spaces.files.objects, []
    for key, size in _documents(repository, (one for one in snapshot.ids("blob") if one not in copied)):
        if repository.has(key, size):
            continue
        try:
            repository.copy_in(source, key, size)
            done.documents_written += 1
            done.bytes_written += size
        except Tampered:
            absent.append(key)
            if _has_row(cockpit, key):
                done.missing.append(key)
    return absent


def _has_row(cockpit: Cockpit, key: str) -> bool:
    person, _, name = key.partition("/")
    with cockpit.database.read(EVERYONE) as connection:
        return dump.has_document(connection, person, name.partition("/")[2])


def _documents(repository: Repository, ids: Iterable[bytes]) -> Iterator[tuple[str, int]]:
    for identity in ids:
        yield from dump.documents_in(Chunk.from_bytes(repository.chunk(identity)))


def _newest(repository: Repository) -> Snapshot | None:
    try:
        return repository.snapshot()[1]
    except (NotFound, Tampered):
        # Nothing of a damaged snapshot is trusted: every document is looked at again.
        return None


def _prune(cockpit: Cockpit, repository: Repository, keep: int) -> int:
    names = repository.names()
    leaving = names[:-keep]
    needed: set[bytes] = set()
    documents: set[bytes] = set()
    for name in names[len(leaving) :]:
        snapshot = repository.snapshot(name)[1]
        needed.update(snapshot.ids())
        documents.update(_short(key) for key, _ in _documents(repository, snapshot.ids("blob")))
    for name in leaving:
        repository.remove_snapshot(name)
    repository.sweep(lambda key: _short(key) in documents, needed, cockpit.clock() - YOUNG)
    return len(leaving)


def _short(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=16).digest()
