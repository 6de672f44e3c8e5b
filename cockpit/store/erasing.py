"""Erase a person's rows: from every table that has any, whatever tables there will be."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from cockpit.domain.ids import PersonId
from cockpit.store import tables


def erase_rows(connection: Connection, person: PersonId) -> int:
    """Remove every row of a person, in the caller's transaction; gives how many there were.

    The logs keep their entries: salted commitments. The subject's salts and parts were in the person's journal, and
    are gone with it; the tag key was in the keyring. What auditors may open stays: it names nobody.
    """
    removed = 0
    for _, table in sorted(tables.metadata.tables.items()):
        if "person_id" in table.c:
            removed += connection.execute(delete(table).where(table.c.person_id == person)).rowcount
    return removed
