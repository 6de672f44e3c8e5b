"""One person's space: a reader that has no write method, and a writer that cannot read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import Connection, select

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import BlobId, Collection, ConnectorId, Kind, PersonId, RecordUid, collection_of
from cockpit.domain.record import Provenance, Record, StoredRecord, Versions
from cockpit.domain.series import merged
from cockpit.sealing.box import keyed_hash
from cockpit.sealing.canonical import canonical
from cockpit.sealing.keyring import GrantedKeyring, Keyring, collection_private
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import tables
from cockpit.store.engine import Database
from cockpit.store.files import ANY_TYPE, Files, OpenFile, SealingKey, Usage, find, find_preview, usage_of
from cockpit.store.rows import Line, append, newest, read_lines, stored_keys
from cockpit.store.source_state import load_state, save_state, source_key
from cockpit.store.staging import StagedFile, keep, stage

JOURNAL = Collection("journal")
CONSENTS = Collection("consents")
FILES = Collection("files")
OWN_COLLECTIONS = (JOURNAL, CONSENTS, FILES)
"""Collections every space has, beside those of the kinds of data."""


@dataclass(frozen=True, slots=True)
class Deposited:
    """What one deposit changed, counted."""

    new: int
    changed: int
    unchanged: int
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """What an open space shows. Built only by ``Spaces.read``."""

    connection: Connection = field(repr=False)
    keyring: Keyring | GrantedKeyring = field(repr=False)
    versions: Mapping[Kind, Versions]
    files: Files

    @property
    def person(self) -> PersonId:
        """Whose space this is."""
        return PersonId(self.keyring.person)

    def records(self, kind: Kind) -> tuple[StoredRecord, ...]:
        """The newest version of every record of ``kind``, latest day first."""
        found = [
            self._stored(versions)
            for versions in newest(self.lines(collection_of(kind))).values()
            if versions[-1]["record"]["kind"] == kind
        ]
        return tuple(sorted(found, key=lambda stored: (stored.record.day, stored.uid), reverse=True))

    def record(self, kind: Kind, uid: RecordUid) -> StoredRecord:
        """One record. Raises ``NotFound``."""
        versions = newest(self.lines(collection_of(kind))).get(uid)
        if not versions or versions[-1]["record"]["kind"] != kind:
            raise NotFound("there is no such record in this space")
        return self._stored(versions)

    def file(self, blob: BlobId) -> bytes:
        """An original file's bytes, all at once. Raises as ``open_file`` and its reading do."""
        return b"".join(self.open_file(blob).read())

    def open_file(self, blob: BlobId) -> OpenFile:
        """An original file, to read whole or in part, also after this reader is closed. Raises ``NotFound``."""
        return find(self.connection, self.files, self.person, blob, self._files_private)

    def preview(self, blob: BlobId) -> OpenFile | None:
        """A picture of an original file's first page, or None when there is none."""
        return find_preview(self.connection, self.files, self.person, blob, self._files_private)

    def usage(self) -> Usage:
        """What the space's documents take and may take, in stored bytes."""
        return usage_of(self.connection, self.files, self.person)

    def lines(self, collection: Collection) -> Iterator[Line]:
        """Every line of a collection, oldest first. Raises ``Tampered``; ``NotFound`` for a collection without keys."""
        return read_lines(self.connection, self.person, collection, self.keyring)

    def _files_private(self, epoch: int) -> bytes:
        del epoch
        keys = stored_keys(self.connection, self.person, FILES)
        return collection_private(self.keyring.collection_key(FILES, keys), keys, self.person, FILES)

    def _stored(self, lines: list[Line]) -> StoredRecord:
        last = lines[-1]
        record = _read_record(last["record"])
        match self.versions.get(record.kind):
            case Versions.MERGE:
                for earlier in reversed(lines[:-1]):
                    record = _completed(_read_record(earlier["record"]), record)
            case Versions.LATEST:
                last = max(reversed(lines), key=lambda line: str(line["record"]["day"]))
                record = _read_record(last["record"])
        return StoredRecord(
            uid=RecordUid(last["uid"]),
            version=len(lines),
            record=record,
            stored_at=last["at"],
            blob=last["blob"],
            file_name=last["file"],
            history=tuple(line["at"] for line in lines[:-1]),
        )


@dataclass(frozen=True, slots=True)
class Writer:
    """What may be added to a space, locked or not. Built only inside ``with spaces.write(person)``."""

    connection: Connection = field(repr=False)
    person: PersonId
    operator: OperatorKeys = field(repr=False)
    versions: Mapping[Kind, Versions]
    files: Files

    def deposit(
        self,
        connector: ConnectorId,
        records: list[Record],
        at: str,
        blob: BlobId | None = None,
        file_name: str | None = None,
    ) -> Deposited:
        """Seal the records that are new or changed; those already here, unchanged, add nothing."""
        key = source_key(self.connection, self.operator, self.person)
        state = load_state(self.connection, key, self.person, connector)
        lines: dict[Collection, list[Line]] = {}
        new = changed = 0
        for record in records:
            uid = keyed_hash(key, canonical([connector, record.kind, record.source_key])).hex()
            verdict = state.reconcile(uid, _digest(key, record), keep_all=record.kind in self.versions)
            if verdict is None:
                continue
            new, changed = (new + 1, changed) if verdict == "new" else (new, changed + 1)
            line = {"uid": uid, "at": at, "blob": blob, "file": file_name, "record": msgspec.to_builtins(record)}
            lines.setdefault(collection_of(record.kind), []).append(line)
        for collection, sealed in lines.items():
            append(self.connection, self.person, collection, sealed)
        if lines:
            save_state(self.connection, key, self.person, connector, state)
        kinds = tuple(sorted({record.kind for record in records}))
        return Deposited(new, changed, len(records) - new - changed, kinds)

    def keep_file(
        self, content: bytes | BinaryIO | StagedFile, media_type: str = ANY_TYPE, preview: bytes | None = None
    ) -> BlobId:
        """Seal an original file, once: the same bytes give the same id. ``preview`` is a picture of it.

        A large file is staged first (``Spaces.stage_file``), so that nobody waits for it. Raises as ``staging.stage``
        and ``staging.keep`` do.
        """
        if not isinstance(content, StagedFile):
            key = source_key(self.connection, self.operator, self.person)
            content = stage(self.connection, self.files, self.person, key, content, media_type, preview)
        keys = stored_keys(self.connection, self.person, FILES)
        return keep(self.connection, self.files, SealingKey(self.person, keys.public, keys.epoch), content)

    def note(self, collection: Collection, line: Line) -> int:
        """Seal one line into ``consents`` or ``journal``; returns its sequence number, from 1."""
        return append(self.connection, self.person, collection, [line])


@dataclass(frozen=True, slots=True)
class Spaces:
    """Every person's space, one at a time. ``versions`` says what a further version
    of each kind does."""

    database: Database
    operator: OperatorKeys = field(repr=False)
    versions: Mapping[Kind, Versions]
    files: Files

    @contextmanager
    def read(self, keyring: Keyring | GrantedKeyring) -> Iterator[Reader]:
        """Open a space with its keyring: all of it for its person, some collections for a live token."""
        with self.database.read() as connection:
            yield Reader(connection, keyring, self.versions, self.files)

    def stage_file(
        self, person: PersonId, content: bytes | BinaryIO, media_type: str = ANY_TYPE, preview: bytes | None = None
    ) -> StagedFile:
        """Send a file to the object store before the transaction that keeps it, so that no writer waits for it.

        Raises as ``staging.stage`` does, and ``NotFound`` for no such person.
        """
        with self.database.read() as connection:
            key = source_key(connection, self.operator, person)
            return stage(connection, self.files, person, key, content, media_type, preview)

    @contextmanager
    def write(self, person: PersonId) -> Iterator[Writer]:
        """Add to a space in one transaction. The space may be locked. Raises ``NotFound`` for no such person."""
        with self.database.write() as connection:
            yield self.writer(connection, person)

    def writer(self, connection: Connection, person: PersonId) -> Writer:
        """A writer inside a transaction that is already open. Raises ``NotFound`` for no such person."""
        table = tables.person
        if connection.execute(select(table.c.person_id).where(table.c.person_id == person)).one_or_none() is None:
            raise NotFound("there is no such space")
        return Writer(connection, person, self.operator, self.versions, self.files)


def _read_record(value: dict[str, Any]) -> Record:
    return Record(**value | {"provenance": msgspec.convert(value["provenance"], Provenance)})


def _completed(older: Record, newer: Record) -> Record:
    return replace(
        newer,
        data=merged(older.data, newer.data),
        day=min(older.day, newer.day),
        until=max(older.until or older.day, newer.until or newer.day),
    )


def _digest(key: bytes, record: Record) -> bytes:
    meaning = [record.day, record.until, record.data, record.provenance.verification]
    return keyed_hash(key, canonical(meaning), 8)


__all__ = ["CONSENTS", "FILES", "JOURNAL", "OWN_COLLECTIONS", "Deposited", "Reader", "Spaces", "Writer"]
