"""The documents of a space: sealed objects in the object store, and a row each that leads to them.

The object is written first and is durable; then comes the row, in the caller's transaction. A crash between the two
leaves an object that nobody knows, which ``sweep`` removes. Deleting goes the other way round.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from cockpit.domain.errors import CitizenMustAct, NotFound, Tampered
from cockpit.domain.ids import BlobId, PersonId
from cockpit.domain.moment import instant
from cockpit.sealing.box import keyed_hash
from cockpit.sealing.chunks import (
    CHUNK_BYTES,
    DocumentHeader,
    new_header,
    open_chunks,
    open_header,
    seal_chunks,
    seal_header,
)
from cockpit.sealing.envelope import padded_size
from cockpit.store import tables
from cockpit.store.engine import Database
from cockpit.store.objects import ObjectStore

ANY_TYPE = "application/octet-stream"
YOUNG = timedelta(days=1)
"""An object younger than this may belong to a transaction that is still open: it is never swept."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a person's documents take and may take, in stored bytes."""

    used: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Files:
    """Where documents go. ``quota_bytes`` is what one person's may take, in stored bytes."""

    objects: ObjectStore
    quota_bytes: int
    clock: Callable[[], datetime] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealingKey:
    """What it takes to add to a person's documents without reading them: whose, the public key and its epoch."""

    person: PersonId
    public: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A document that can be read, whole or in part. ``length`` is in bytes. It outlives its transaction."""

    length: int
    media_type: str
    _header: DocumentHeader = field(repr=False)
    _objects: ObjectStore = field(repr=False)
    _person: PersonId = field(repr=False)
    _blob: BlobId = field(repr=False)
    _key: str = field(repr=False)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to, not including, ``stop`` (the end when None), in pieces of at most 1 MiB.

        Raises ``Tampered``, or ``OperatorMustAct`` when the object store is away; also between two pieces.
        """
        # What was cut off or added lies beyond the chunks of a partial read: the size tells.
        if self._objects.size(self._key) != self._header.sealed_bytes:
            raise Tampered("a document is not of the size it was sealed with")
        yield from open_chunks(self._fetch, self._header, self._person, self._blob, start, stop)

    def _fetch(self, start: int, stop: int) -> bytes:
        return self._objects.get(self._key, start, stop)


def blob_of(source_key: bytes, content: BinaryIO) -> tuple[BlobId, int]:
    """A document's id within its person's space, and its length; leaves ``content`` where it was, at its start."""
    digest, length = hashlib.sha256(), 0
    content.seek(0)
    while piece := content.read(CHUNK_BYTES):
        digest.update(piece)
        length += len(piece)
    content.seek(0)
    return BlobId(keyed_hash(source_key, digest.digest()).hex()), length


def preview_of(blob: BlobId) -> BlobId:
    """The id under which a document's preview is kept."""
    return BlobId(hashlib.blake2b(f"preview {blob}".encode(), digest_size=16).hexdigest())


def is_kept(connection: Connection, person: PersonId, blob: BlobId) -> bool:
    """Whether the document is in the space."""
    return _row(connection, person, blob) is not None


def keep(
    connection: Connection, files: Files, key: SealingKey, blob: BlobId, content: BinaryIO, length: int, media: str
) -> None:
    """Seal ``content`` (``length`` bytes from where it stands) and keep it under ``blob``.

    Raises ``CitizenMustAct`` (``quota``) when it would take more room than is allowed, ``OperatorMustAct`` when the
    object store does not take it, ``ValueError`` when the content changed under the reading.
    """
    usage = usage_of(connection, files, key.person)
    stored = padded_size(length)
    if usage.used + stored > usage.allowed:
        raise CitizenMustAct(
            f"the documents take {usage.used} bytes of {usage.allowed}; this one needs {stored}",
            code="quota",
            used=usage.used,
            allowed=usage.allowed,
            needed=stored,
        )
    header = new_header(length, media)
    # A fresh name for each write: no second writer, sweep or late deletion can touch what another one committed.
    name = os.urandom(16).hex()
    files.objects.put(_object_key(key.person, name), seal_chunks(content.read, header, key.person, blob))
    connection.execute(
        insert(tables.blob).values(
            person_id=key.person,
            blob_id=blob,
            epoch=key.epoch,
            envelope=seal_header(key.public, header, key.person, blob, key.epoch),
            object_id=name,
            stored=stored,
            created_at=instant(files.clock()),
        )
    )


def find(
    connection: Connection, files: Files, person: PersonId, blob: BlobId, private: Callable[[int], bytes]
) -> OpenFile:
    """The document ``blob``, with the private key that ``private`` gives for an epoch.

    Raises ``NotFound``, or ``Tampered``.
    """
    row = _row(connection, person, blob)
    if row is None:
        raise NotFound("there is no such file in this space")
    header = open_header(private(row.epoch), row.envelope, person, blob, row.epoch)
    key = _object_key(person, row.object_id)
    return OpenFile(header.length, header.media_type, header, files.objects, person, blob, key)


def reseal(connection: Connection, key: SealingKey, private: Callable[[int], bytes]) -> int:
    """Move every header of a person to ``key``'s epoch; no object is touched. Gives how many moved."""
    table = tables.blob
    rows = connection.execute(select(table).where(table.c.person_id == key.person, table.c.epoch < key.epoch)).all()
    for row in rows:
        header = open_header(private(row.epoch), row.envelope, key.person, row.blob_id, row.epoch)
        envelope = seal_header(key.public, header, key.person, row.blob_id, key.epoch)
        connection.execute(
            update(table)
            .where(table.c.person_id == key.person, table.c.blob_id == row.blob_id)
            .values(epoch=key.epoch, envelope=envelope)
        )
    return len(rows)


def remove(connection: Connection, person: PersonId, blob: BlobId) -> tuple[str, ...]:
    """Remove a document's row and its preview's. Gives the objects' keys, to ``ObjectStore.delete`` after the
    transaction has committed, never before: a transaction undone must find its objects."""
    table = tables.blob
    here = (table.c.person_id == person, table.c.blob_id.in_([blob, preview_of(blob)]))
    names = connection.execute(select(table.c.object_id).where(*here)).scalars().all()
    connection.execute(delete(table).where(*here))
    return tuple(_object_key(person, name) for name in names)


def usage_of(connection: Connection, files: Files, person: PersonId) -> Usage:
    """What the person's documents and previews take, and may take."""
    table = tables.blob
    used = connection.execute(
        select(func.coalesce(func.sum(table.c.stored), 0)).where(table.c.person_id == person)
    ).scalar_one()
    return Usage(int(used), files.quota_bytes)


def sweep(
    database: Database, files: Files, now: datetime, *, older_than: timedelta = YOUNG, dry_run: bool = True
) -> tuple[str, ...]:
    """The keys of the objects that no row leads to, older than ``older_than``; removes them unless ``dry_run``.

    ``older_than`` must be longer than the longest transaction. Raises ``OperatorMustAct``.
    """
    orphans = []
    for found in files.objects.list():
        # The row is looked for after the object was listed: one committed in between is seen.
        if now - found.at < older_than or _is_known(database, found.key):
            continue
        orphans.append(found.key)
        if not dry_run:
            files.objects.discard(found)
    return tuple(orphans)


def _is_known(database: Database, key: str) -> bool:
    person, _, name = key.partition("/")
    table = tables.blob
    with database.read() as connection:
        row = connection.execute(
            select(table.c.object_id).where(table.c.person_id == person, table.c.object_id == name.partition("/")[2])
        ).first()
    return row is not None


def _row(connection: Connection, person: PersonId, blob: BlobId) -> Row[tuple[object, ...]] | None:
    table = tables.blob
    return connection.execute(select(table).where(table.c.person_id == person, table.c.blob_id == blob)).one_or_none()


def _object_key(person: PersonId, name: str) -> str:
    return f"{person}/{name[:2]}/{name}"


def as_stream(content: bytes | BinaryIO) -> BinaryIO:
    """``content`` as a stream that can be read twice."""
    return io.BytesIO(content) if isinstance(content, bytes) else content
