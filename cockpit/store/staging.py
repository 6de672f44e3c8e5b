"""How a document comes into a space: its object first, durable, then its row, in the caller's transaction.

A crash between the two leaves an object that nobody knows, which ``cockpit.store.sweep`` removes.
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from sqlalchemy import Connection, insert

from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.ids import BlobId, PersonId
from cockpit.domain.moment import instant
from cockpit.sealing.box import keyed_hash
from cockpit.sealing.chunks import CHUNK_BYTES, DocumentHeader, new_header, seal_chunks, seal_header
from cockpit.sources.preview import PREVIEW_TYPE
from cockpit.store import tables
from cockpit.store.files import Files, SealingKey, object_key, preview_of, row_of, usage_of


@dataclass(frozen=True, slots=True)
class StagedDocument:
    """A document that is in the object store and not yet in the space; without a header it was there already."""

    blob: BlobId
    header: DocumentHeader | None = field(repr=False)
    object_id: str


@dataclass(frozen=True, slots=True)
class StagedFile:
    """An original file and, when there is one, its picture."""

    original: StagedDocument
    picture: StagedDocument | None


def blob_of(source_key: bytes, content: BinaryIO) -> tuple[BlobId, int]:
    """A document's id within its person's space, and its length; leaves ``content`` where it was, at its start."""
    digest, length = hashlib.sha256(), 0
    content.seek(0)
    while piece := content.read(CHUNK_BYTES):
        digest.update(piece)
        length += len(piece)
    content.seek(0)
    return BlobId(keyed_hash(source_key, digest.digest()).hex()), length


def stage(
    connection: Connection,
    files: Files,
    person: PersonId,
    source_key: bytes,
    content: bytes | BinaryIO,
    media_type: str,
    preview: bytes | None = None,
) -> StagedFile:
    """Put a file (a stream must be seekable) and its picture in the object store, sealed; ``keep`` then makes them
    the space's. What is never kept is swept.

    Raises ``CitizenMustAct`` (``quota``) when there is no room for the file, ``OperatorMustAct`` when the object
    store does not take it, ``ValueError`` when a stream has no longer the length it had.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    blob, length = blob_of(source_key, stream)
    original = _staged(connection, files, person, blob, stream, length, media_type)
    picture = None
    if preview:
        with suppress(CitizenMustAct):
            drawn = io.BytesIO(preview)
            picture = _staged(connection, files, person, preview_of(blob), drawn, len(preview), PREVIEW_TYPE)
    return StagedFile(original, picture)


def keep(connection: Connection, files: Files, key: SealingKey, staged: StagedFile) -> BlobId:
    """Make a staged file the space's, in the caller's transaction; the same bytes give the same id.

    Raises ``CitizenMustAct``: ``quota``, or ``gone`` when the file was there at its staging and is no more.
    """
    _keep(connection, files, key, staged.original)
    if staged.picture:
        with suppress(CitizenMustAct):
            _keep(connection, files, key, staged.picture)
    return staged.original.blob


def _staged(
    connection: Connection,
    files: Files,
    person: PersonId,
    blob: BlobId,
    content: BinaryIO,
    length: int,
    media_type: str,
) -> StagedDocument:
    if row_of(connection, person, blob) is not None:
        return StagedDocument(blob, None, "")
    header = new_header(length, media_type)
    _check_room(connection, files, person, header)
    # A fresh name for each write: no second writer, sweep or late deletion can touch what another one committed.
    name = os.urandom(16).hex()
    files.objects.put(object_key(person, name), seal_chunks(content.read, header, person, blob))
    return StagedDocument(blob, header, name)


def _keep(connection: Connection, files: Files, key: SealingKey, staged: StagedDocument) -> None:
    if row_of(connection, key.person, staged.blob) is not None:
        return
    if staged.header is None:
        raise CitizenMustAct("the document was removed while it was being brought; bring it again", code="gone")
    _check_room(connection, files, key.person, staged.header)
    connection.execute(
        insert(tables.blob).values(
            person_id=key.person,
            blob_id=staged.blob,
            epoch=key.epoch,
            envelope=seal_header(key.public, staged.header, key.person, staged.blob, key.epoch),
            object_id=staged.object_id,
            stored=staged.header.padded,
            created_at=instant(files.clock()),
        )
    )


def _check_room(connection: Connection, files: Files, person: PersonId, header: DocumentHeader) -> None:
    usage = usage_of(connection, files, person)
    if usage.used + header.padded > usage.allowed:
        raise CitizenMustAct(
            f"the documents take {usage.used} bytes of {usage.allowed}; this one needs {header.padded}",
            code="quota",
            used=usage.used,
            allowed=usage.allowed,
            needed=header.padded,
        )
