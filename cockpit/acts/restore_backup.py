"""Restore a backup somewhere else, never over what runs; or rehearse it: restore, check everything, remove."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from cockpit.accounts import slots
from cockpit.accounts.passphrase import checked_handle
from cockpit.archive.backup import Repository, Snapshot
from cockpit.archive.keyring_backup import KeyringPlace
from cockpit.domain.errors import NotFound, OperatorMustAct, Tampered
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import parse_instant
from cockpit.registry import load_registry
from cockpit.sealing.keyring import Keyring
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import dump, log_rows, people, tables
from cockpit.store.check_opened import Opening, check_opened
from cockpit.store.checking import Store, check
from cockpit.store.dump import Chunk
from cockpit.store.engine import Database
from cockpit.store.files import Files
from cockpit.store.findings import Finding
from cockpit.store.keyrings import Keyrings, open_keyrings
from cockpit.store.ledger import Ledger
from cockpit.store.objects import ObjectStore, open_objects
from cockpit.store.refill import Rows, fill, fill_keyring
from cockpit.store.space import Spaces
from cockpit.store.upkeep import database_at
from cockpit.store.walls import EVERYONE
from cockpit.tlog import merkle
from cockpit.tlog.checkpoint import read_checkpoint
from cockpit.tlog.logs import CONSENT, origin_of
from cockpit.tlog.note import parse_note

Asked = tuple[str, str]
"""A sign-in name and its passphrase."""

EXPECTED = frozenset({"keyring_unknown"})
"""Not a fault of a rehearsal: an older snapshot lacks the persons who came after it."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup is made of: the rows and documents, the keyring from its own place, and whose keys seal both."""

    repository: Repository
    apart: KeyringPlace
    operator: OperatorKeys = field(repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to restore. ``folder`` becomes a data directory; ``database``: the SQLAlchemy address of an empty
    database, or SQLite in ``folder`` when empty; ``objects``: where documents go, ``folder/objects`` when None."""

    folder: Path
    database: str = ""
    objects: str | None = None


@dataclass(slots=True)
class Restored:
    """What came back, counted. ``erased``: persons who have no keys any more, and were left out. ``lost``: documents
    whose copy is missing or damaged. ``absent``: documents that were gone already when the backup was made."""

    snapshot: str = ""
    at: str = ""
    revision: str = ""
    log_size: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    persons: int = 0
    erased: int = 0
    documents: int = 0
    absent: int = 0
    lost: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rehearsed:
    """A restoring, what a check of it found, and how much of a space was opened, when one was."""

    restored: Restored
    findings: list[Finding] = field(default_factory=list)
    opened: Opening | None = None


def restore(backup: Backup, target: Target, name: str | None = None) -> Restored:
    """Put a snapshot, the newest unless one is named, into ``target``, which must be empty.

    The database is filled in one transaction: it comes back whole or stays empty. Raises ``NotFound``, ``Tampered``
    for a chunk that is missing or changed, ``OperatorMustAct``.
    """
    with _restored(backup, target, name) as (restored, _, _, _):
        return restored


def rehearse(backup: Backup, asked: Asked | None, now: Callable[[], datetime], name: str | None = None) -> Rehearsed:
    """Restore into a directory that is removed afterwards, and check it all; with ``asked``, open that space too.

    Raises as ``restore`` does; ``NotFound`` or ``WrongSecret`` for a space that is not there or does not open.
    """
    with tempfile.TemporaryDirectory(prefix="cockpit-rehearsal-") as folder:
        target = Target(Path(folder) / "data")
        with _restored(backup, target, name) as (restored, snapshot, database, keyrings):
            files = Files(_objects(target), 0, now)
            store = Store(database, keyrings, files, backup.operator, snapshot.origin)
            done = Rehearsed(restored)
            done.findings = [found for found in check(store, now()) if not _expected(found, snapshot)]
            done.findings += _check_checkpoint(database, snapshot)
            if asked is not None:
                done.opened = Opening()
                done.findings += _open_space(store, asked, done.opened)
            return done


@contextmanager
def _restored(
    backup: Backup, target: Target, name: str | None
) -> Iterator[tuple[Restored, Snapshot, Database, Keyrings]]:
    chosen, snapshot = backup.repository.snapshot(name)
    saved = backup.apart.get()
    _refuse_used(target.folder)
    target.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    objects = _objects(target)
    if target.objects and next(iter(objects.list()), None) is not None:
        raise OperatorMustAct("the object store to restore into is not empty", code="restore_target")
    restored = Restored(chosen, snapshot.at, snapshot.revision, snapshot.log_size, absent=len(snapshot.absent))
    keyrings = open_keyrings(f"sqlite:///{target.folder / 'keyring.sqlite'}", backup.operator)
    try:
        persons = fill_keyring(keyrings, map(Chunk.from_bytes, saved.chunks))
        rows = Rows(snapshot.revision, snapshot.counts, lambda table: _chunks(backup.repository, snapshot, table))
        with database_at(target.database or f"sqlite:///{target.folder / 'cockpit.sqlite'}") as database:
            restored.counts = fill(database, rows, persons)
            restored.persons = restored.counts.get(tables.person.name, 0)
            restored.erased = snapshot.counts.get(tables.person.name, 0) - restored.persons
            _cover_erased(backup, keyrings, database, snapshot, persons)
            _put_documents(backup.repository, objects, snapshot, persons, restored)
            yield restored, snapshot, database, keyrings
    finally:
        keyrings.database.close()


def _refuse_used(folder: Path) -> None:
    # The operator's keys may be there already: a backup holds none.
    if folder.exists() and any(entry.name != "keys" for entry in folder.iterdir()):
        raise OperatorMustAct(
            f"{folder} is not empty; a backup is restored into a new directory", code="restore_target"
        )


def _objects(target: Target) -> ObjectStore:
    return open_objects(target.objects, target.folder / "objects")


def _chunks(repository: Repository, snapshot: Snapshot, table: str) -> Iterator[Chunk]:
    return (Chunk.from_bytes(repository.chunk(identity)) for identity in snapshot.ids(table))


def _cover_erased(
    backup: Backup, keyrings: Keyrings, database: Database, snapshot: Snapshot, persons: frozenset[str]
) -> None:
    """Say again, in a log of before it was said, that spaces were erased: their openings are gone here too."""
    erased = [
        entries
        for chunk in _chunks(backup.repository, snapshot, tables.log_walk.name)
        for person, entries in chunk.rows
        if person not in persons
    ]
    if erased:
        ledger = Ledger(snapshot.origin, backup.operator, keyrings, load_registry().sha256)
        with database.write(EVERYONE) as connection:
            for entries in erased:
                event = Event(EventType.SPACE_ERASED, {"entries": entries})
                ledger.append(connection, event, parse_instant(snapshot.at))


def _put_documents(
    repository: Repository, objects: ObjectStore, snapshot: Snapshot, persons: frozenset[str], restored: Restored
) -> None:
    absent = set(snapshot.absent)
    for chunk in _chunks(repository, snapshot, tables.blob.name):
        for key, size in dump.documents_in(chunk.without(lambda person: person not in persons)):
            if key in absent:
                continue
            try:
                repository.copy_out(objects, key, size)
                restored.documents += 1
            except Tampered:
                # The rest must come back all the same.
                restored.lost.append(key)


def _expected(found: Finding, snapshot: Snapshot) -> bool:
    return found.code in EXPECTED or (found.code == "document_missing" and found.where in snapshot.absent)


def _check_checkpoint(database: Database, snapshot: Snapshot) -> Iterator[Finding]:
    with database.read(EVERYONE) as connection:
        head = log_rows.find_head(connection, CONSENT)
        size = head.size if head is not None else 0
        if size < snapshot.log_size or _root(connection, snapshot.log_size) != _saved_root(snapshot):
            yield Finding("log_root", f"log {CONSENT}", "The log that came back is not the one that was saved.")


def _root(connection: Connection, size: int) -> bytes:
    return merkle.root(log_rows.read_hashes(connection, CONSENT), size)


def _saved_root(snapshot: Snapshot) -> bytes:
    text, _ = parse_note(snapshot.checkpoint)
    return read_checkpoint(text, origin_of(snapshot.origin, CONSENT)).root


def _open_space(store: Store, asked: Asked, counted: Opening) -> Iterator[Finding]:
    name, passphrase = asked
    tag = people.handle_tag(store.operator, checked_handle(name))
    with store.database.read(EVERYONE) as connection:
        person = people.find_person(connection, tag)
    if person is None:
        raise NotFound("nobody has a space under this name in this backup")
    vault_key = slots.open_vault_key(store, person, slots.by_passphrase(passphrase)).vault_key
    spaces = Spaces(store.database, store.keyrings, {}, store.files)
    with store.database.read(PersonId(person)) as connection:
        yield from check_opened(spaces, connection, Keyring(person, vault_key), counted)
