"""Check documents, and rows that belong to nobody: every row has its object of the right size, every object its row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from cockpit.domain.errors import Tampered
from cockpit.domain.ids import BlobId, PersonId
from cockpit.sealing.chunks import sealed_size
from cockpit.store import tables
from cockpit.store.engine import Database
from cockpit.store.files import Files, object_key, row_of
from cockpit.store.findings import Finding
from cockpit.store.sweep import sweep

PAGE = 256


def check_documents(connection: Connection, database: Database, files: Files) -> Iterator[Finding]:
    """``connection`` is the snapshot that is checked; what is missing is looked for again in the present."""
    table = tables.blob
    key = tuple_(table.c.person_id, table.c.blob_id)
    after: list[Any] = ["", ""]
    statement = select(table.c.person_id, table.c.blob_id, table.c.object_id, table.c.stored)
    while rows := connection.execute(
        statement.where(key > tuple_(*after)).order_by(*table.primary_key).limit(PAGE)
    ).all():
        for row in rows:
            where = object_key(PersonId(row.person_id), row.object_id)
            try:
                if files.objects.size(where) != sealed_size(row.stored):
                    yield Finding("document_size", where, "A document is not of the size it was sealed with.")
            except Tampered:
                if _still_there(database, PersonId(row.person_id), BlobId(row.blob_id), row.object_id):
                    yield Finding("document_missing", where, "A document is missing from the object store.")
        after = [rows[-1].person_id, rows[-1].blob_id]


def check_objects(database: Database, files: Files, now: datetime) -> Iterator[Finding]:
    """What no row leads to. Outside of any snapshot: walking over a large object store takes long."""
    for where in sweep(database, files, now):
        yield Finding("document_unknown", where, "An object that no document leads to: cockpit sweep.")


def check_strays(connection: Connection) -> Iterator[Finding]:
    """Rows of somebody who has no space: an erasing that was interrupted, or a table that was edited."""
    known = tables.person
    for name, table in sorted(tables.metadata.tables.items()):
        if table is known or "person_id" not in table.c:
            continue
        lost = ~select(known.c.person_id).where(known.c.person_id == table.c.person_id).exists()
        for person in connection.execute(select(table.c.person_id).where(lost).distinct().limit(PAGE)).scalars():
            yield Finding("row_of_nobody", f"{name}, space {person}", "Rows of somebody who has no space here.")


def _still_there(database: Database, person: PersonId, blob: BlobId, name: str) -> bool:
    with database.read(person) as connection:
        row = row_of(connection, person, blob)
        return row is not None and row.object_id == name
