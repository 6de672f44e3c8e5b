"""The objects that no row leads to, left by a crash or an act undone: found, and removed once they are old."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from cockpit.domain.ids import PersonId
from cockpit.store import tables
from cockpit.store.engine import Database
from cockpit.store.files import Files

YOUNG = timedelta(days=1)
"""An object younger than this may belong to a transaction that is still open: it is never swept."""


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
    with database.read(PersonId(person)) as connection:
        row = connection.execute(
            select(table.c.object_id).where(table.c.person_id == person, table.c.object_id == name.partition("/")[2])
        ).first()
    return row is not None
