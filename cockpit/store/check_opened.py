"""Check an unlocked space to its last byte: every segment, note and document opens and is what its manifest says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from cockpit.domain.errors import Tampered
from cockpit.domain.ids import BlobId, PersonId
from cockpit.sealing.keyring import Keyring
from cockpit.store import heads, tables
from cockpit.store.findings import Finding
from cockpit.store.lines import read_lines
from cockpit.store.space import Reader, Spaces
from cockpit.store.streams import Opened


@dataclass(slots=True)
class Opening:
    """What was opened, counted as it goes: lines of records and notes (every version), documents and pictures."""

    lines: int = 0
    documents: int = 0


def check_opened(spaces: Spaces, connection: Connection, keyring: Keyring, counted: Opening) -> Iterator[Finding]:
    """Open everything of one space. Holds a few segments in memory, never a whole document."""
    person = PersonId(keyring.person)
    reader = spaces.reader(connection, keyring)
    for collection in sorted(heads.collections_of(connection, person)):
        where = f"space {person}, {collection}"
        try:
            for sentence in _lines_of(reader.opened(collection), counted):
                yield Finding("manifest_counts", where, sentence)
        except (Tampered, msgspec.MsgspecError):
            yield Finding("does_not_open", where, "A segment or the manifest does not open.")
    yield from _check_documents(reader, person, counted)


def _lines_of(opened: Opened, counted: Opening) -> Iterator[str]:
    for runs in (opened.manifest.runs, opened.manifest.histories):
        for run in runs.values():
            for piece in run:
                found = sum(1 for _ in read_lines(opened.pieces([piece])))
                counted.lines += found
                if found != piece.records:
                    yield f"Vault segment {piece.seq} holds {found} lines; the manifest says {piece.records}."
    counted.lines += sum(1 for _ in read_lines(body for _, body in opened.tail()))


def _check_documents(reader: Reader, person: PersonId, counted: Opening) -> Iterator[Finding]:
    table = tables.blob
    blobs = reader.connection.execute(select(table.c.blob_id).where(table.c.person_id == person)).scalars().all()
    for blob in blobs:
        try:
            for _ in reader.open_file(BlobId(blob)).read():
                pass
            counted.documents += 1
        except Tampered:
            yield Finding("does_not_open", f"space {person}, document {blob}", "A document does not open.")
