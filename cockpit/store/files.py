"""The documents of a space: a row each, whose sealed header opens an object of the object store.

Documents arrive by ``cockpit.store.staging``; objects that no row leads to are removed by ``cockpit.store.sweep``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, select, update

from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.ids import BlobId, PersonId
from cockpit.sealing.chunks import (
    DocumentHeader,
    open_chunks,
    open_header,
    seal_header,
)
from cockpit.store import tables
from cockpit.store.objects import ObjectStore

ANY_TYPE = "application/octet-stream"


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


def preview_of(blob: BlobId) -> BlobId:
    """The id under which a document's preview is kept."""
    return BlobId(hashlib.blake2b(f"preview {blob}".encode(), digest_size=16).hexdigest())


def find_preview(
    connection: Connection, files: Files, person: PersonId, blob: BlobId, private: Callable[[int], bytes]
) -> OpenFile | None:
    """The picture of the document ``blob``, or None when it has none. Raises ``Tampered``."""
    with suppress(NotFound):
        return find(connection, files, person, preview_of(blob), private)
    return None


def find(
    connection: Connection, files: Files, person: PersonId, blob: BlobId, private: Callable[[int], bytes]
) -> OpenFile:
    """The document ``blob``, with the private key that ``private`` gives for an epoch.

    Raises ``NotFound``, or ``Tampered``.
    """
    row = row_of(connection, person, blob)
    if row is None:
        raise NotFound("there is no such file in this space")
    header = open_header(private(row.epoch), row.envelope, person, blob, row.epoch)
    key = object_key(person, row.object_id)
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
    return tuple(object_key(person, name) for name in names)


def usage_of(connection: Connection, files: Files, person: PersonId) -> Usage:
    """What the person's documents and previews take, and may take."""
    table = tables.blob
    used = connection.execute(
        select(func.coalesce(func.sum(table.c.stored), 0)).where(table.c.person_id == person)
    ).scalar_one()
    return Usage(int(used), files.quota_bytes)


def row_of(connection: Connection, person: PersonId, blob: BlobId) -> Row[tuple[object, ...]] | None:
    """The document's row, or None when it is not in the space."""
    table = tables.blob
    return connection.execute(select(table).where(table.c.person_id == person, table.c.blob_id == blob)).one_or_none()


def object_key(person: PersonId, name: str) -> str:
    """Where the object ``name`` of a person stands in the object store."""
    return f"{person}/{name[:2]}/{name}"
