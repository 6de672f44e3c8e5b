"""Moving the collection keys of a space under another vault key: the one place that a rotation depends on them."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from cockpit.domain.ids import PersonId
from cockpit.sealing.keyring import CollectionKeys, resealed
from cockpit.store import search, tables


def reseal_collections(connection: Connection, person: PersonId, old: bytes, new: bytes) -> int:
    """Seal every collection key anew under ``new``; returns how many. Raises ``Tampered``, and nothing is kept."""
    table = tables.collection_key
    rows = connection.execute(select(table).where(table.c.person_id == person)).all()
    for row in rows:
        keys = CollectionKeys(row.epoch, row.public, row.sealed_key, row.sealed_private)
        sealed = resealed(old, new, keys, person, row.collection).sealed_key
        connection.execute(
            update(table)
            .where(table.c.person_id == person, table.c.collection == row.collection, table.c.epoch == row.epoch)
            .values(sealed_key=sealed)
        )
    # The index is sealed under a key derived from the vault key; it is only a copy, made again at the next search.
    search.forget(connection, person)
    return len(rows)
