"""One person's space: a reader that has no write method, and a writer that cannot read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from sqlalchemy import Connection, select

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import BlobId, Collection, ConnectorId, Kind, PersonId, RecordUid, collection_of
from cockpit.domain.record import Record, StoredRecord, Versions
from cockpit.sealing.keyring import AnyKeyring
from cockpit.store import heads, tables
from cockpit.store.deposit import Deposited, deposit
from cockpit.store.engine import Database
from cockpit.store.files import ANY_TYPE, Files, OpenFile, SealingKey, Usage, find, find_preview, usage_of
from cockpit.store.keyrings import Keyrings
from cockpit.store.lines import Line, encode_line, read_lines
from cockpit.store.records import Records
from cockpit.store.staging import StagedFile, keep, stage
from cockpit.store.streams import Opened, append, open_collection

JOURNAL = Collection("journal")
CONSENTS = Collection("consents")
RULES = Collection("rules")
FILES = Collection("files")
OWN_COLLECTIONS = (JOURNAL, CONSENTS, RULES, FILES)
"""Collections every space has, beside those of the kinds of data."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What an open space shows. Built only by ``Spaces``."""

    connection: Connection = field(repr=False)
    keyring: AnyKeyring = field(repr=False)
    keyrings: Keyrings = field(repr=False)
    versions: Mapping[Kind, Versions]
    files: Files
    _opened: dict[Collection, Opened] = field(default_factory=dict, repr=False)

    @property
    def person(self) -> PersonId:
        """Whose space this is."""
        return PersonId(self.keyring.person)

    def records(self, kind: Kind, since: str | None = None, until: str | None = None) -> tuple[StoredRecord, ...]:
        """The newest version of every record of ``kind``, latest day first.

        ``since`` and ``until`` (days ``YYYY-MM-DD``, both included) keep those that touch the period.
        """
        return tuple(self.stream(kind, since, until))

    def stream(self, kind: Kind, since: str | None = None, until: str | None = None) -> Iterator[StoredRecord]:
        """The same, one by one, holding no more in memory than a few segments."""
        return self._records(kind).stream(since, until)

    def newest(self, kind: Kind, count: int) -> tuple[StoredRecord, ...]:
        """The ``count`` records of ``kind`` whose day is the latest."""
        return self._records(kind).newest(count)

    def count(self, kind: Kind) -> int:
        """How many records of ``kind`` there are."""
        return self._records(kind).count()

    def record(self, kind: Kind, uid: RecordUid) -> StoredRecord:
        """One record. Raises ``NotFound``."""
        return self._records(kind).one(uid)

    def on_days(self, kind: Kind, days: frozenset[str]) -> Iterator[StoredRecord]:
        """Every record of ``kind`` of these days (``YYYY-MM-DD``), in no order."""
        return self._records(kind).on_days(days)

    def changed_after(self, kind: Kind, seq: int) -> tuple[list[StoredRecord], list[RecordUid]]:
        """What the collection's inbox brought of ``kind`` after its segment ``seq``, and which records it erased.

        Means something while that segment is still in the inbox: see ``Opened.manifest.base_seq``.
        """
        return self._records(kind).changed_after(seq)

    def history(self, kind: Kind, uid: RecordUid) -> tuple[StoredRecord, ...]:
        """Every version of one record as it was brought, oldest first. Raises ``NotFound``."""
        return self._records(kind).history(uid)

    def export(self, kind: Kind) -> Iterator[bytes]:
        """Every record of ``kind`` as JSON Lines, in blocks of whole lines."""
        return self._records(kind).export()

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
        """Every note of a collection of notes, oldest first. Raises ``Tampered``; ``NotFound`` without its keys."""
        opened = self.opened(collection)
        for run in opened.manifest.runs.values():
            yield from read_lines(opened.pieces(list(run)))
        yield from read_lines(body for _, body in opened.tail())

    def opened(self, collection: Collection) -> Opened:
        """The collection, opened once for this reader and again when it moved. Raises ``NotFound``, ``Tampered``."""
        found = open_collection(self.connection, self._mac_key, self.keyring, collection, self._opened.get(collection))
        self._opened[collection] = found
        return found

    def _records(self, kind: Kind) -> Records:
        return Records(self.opened(collection_of(kind)), kind, self.versions)

    def _files_private(self, epoch: int) -> bytes:
        return self.opened(FILES).private(epoch)

    def _mac_key(self) -> bytes:
        return heads.mac_key(self.keyrings.source_key(self.person))


@dataclass(frozen=True, slots=True)
class Writer:
    """What may be added to a space, locked or not. Built only inside ``with spaces.write(person)``."""

    connection: Connection = field(repr=False)
    person: PersonId
    keyrings: Keyrings = field(repr=False)
    versions: Mapping[Kind, Versions]
    files: Files

    def deposit(
        self,
        connector: ConnectorId,
        records: Sequence[Record],
        at: str,
        blob: BlobId | None = None,
        file_name: str | None = None,
    ) -> Deposited:
        """Seal the records that are new or changed; those already here, unchanged, add nothing.

        Raises ``ValueError`` for a record whose day is no day: the connector is wrong, and sorting would be.
        """
        key = self.keyrings.source_key(self.person)
        merged = frozenset(kind for kind, rule in self.versions.items() if rule is not Versions.REPLACE)
        return deposit(self.connection, key, self.person, connector, records, at, blob, file_name, merged)

    def erase(self, kind: Kind, uids: Sequence[RecordUid], at: str) -> None:
        """Leave a tombstone for each record: it is shown no more, and its bytes go at the next compaction."""
        lines = [encode_line({"uid": uid, "at": at, "kind": kind, "gone": True}) + b"\n" for uid in uids]
        self._append(collection_of(kind), b"".join(lines), len(lines))

    def keep_file(
        self, content: bytes | BinaryIO | StagedFile, media_type: str = ANY_TYPE, preview: bytes | None = None
    ) -> BlobId:
        """Seal an original file, once: the same bytes give the same id. ``preview`` is a picture of it.

        A large file is staged first (``Spaces.stage_file``), so that nobody waits for it. Raises as ``staging.stage``
        and ``staging.keep`` do.
        """
        key = self.keyrings.source_key(self.person)
        if not isinstance(content, StagedFile):
            content = stage(self.connection, self.files, self.person, key, content, media_type, preview)
        keys = heads.verify(heads.find(self.connection, self.person, FILES), heads.mac_key(key)).keys
        return keep(self.connection, self.files, SealingKey(self.person, keys.public, keys.epoch), content)

    def note(self, collection: Collection, line: Line) -> int:
        """Seal one line into ``consents`` or ``journal``; returns its sequence number, from 1."""
        return self._append(collection, encode_line(line) + b"\n", 1)

    def _append(self, collection: Collection, body: bytes, count: int) -> int:
        key = heads.mac_key(self.keyrings.source_key(self.person))
        return append(self.connection, key, self.person, collection, [(body, count)])


@dataclass(frozen=True, slots=True)
class Spaces:
    """Every person's space, one at a time. ``versions`` says what a further version
    of each kind does."""

    database: Database
    keyrings: Keyrings = field(repr=False)
    versions: Mapping[Kind, Versions]
    files: Files

    @contextmanager
    def read(self, keyring: AnyKeyring) -> Iterator[Reader]:
        """Open a space with its keyring: all of it for its person, some collections for a live token."""
        with self.database.read(PersonId(keyring.person)) as connection:
            yield self.reader(connection, keyring)

    def reader(self, connection: Connection, keyring: AnyKeyring) -> Reader:
        """A reader inside a transaction that is already open."""
        return Reader(connection, keyring, self.keyrings, self.versions, self.files)

    def stage_file(
        self, person: PersonId, content: bytes | BinaryIO, media_type: str = ANY_TYPE, preview: bytes | None = None
    ) -> StagedFile:
        """Send a file to the object store before the transaction that keeps it, so that no writer waits for it.

        Raises as ``staging.stage`` does, and ``NotFound`` for no such person.
        """
        key = self.keyrings.source_key(person)
        with self.database.read(person) as connection:
            return stage(connection, self.files, person, key, content, media_type, preview)

    @contextmanager
    def write(self, person: PersonId) -> Iterator[Writer]:
        """Add to a space in one transaction. The space may be locked. Raises ``NotFound`` for no such person."""
        with self.database.write(person) as connection:
            yield self.writer(connection, person)

    def mac_key(self, person: PersonId) -> bytes:
        """The key of the MACs of a person's heads. Raises ``NotFound``."""
        return heads.mac_key(self.keyrings.source_key(person))

    def writer(self, connection: Connection, person: PersonId) -> Writer:
        """A writer inside a transaction that is already open. Raises ``NotFound`` for no such person."""
        table = tables.person
        if connection.execute(select(table.c.person_id).where(table.c.person_id == person)).one_or_none() is None:
            raise NotFound("there is no such space")
        return Writer(connection, person, self.keyrings, self.versions, self.files)


__all__ = ["CONSENTS", "FILES", "JOURNAL", "OWN_COLLECTIONS", "RULES", "Deposited", "Reader", "Spaces", "Writer"]
