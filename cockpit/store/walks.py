"""How many entries of the logs are about each person: the number, and so the tag, that the next one gets."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select, update

from cockpit.domain.ids import PersonId
from cockpit.store import tables
from cockpit.store.growth import LogMoved

_WALK = tables.log_walk
_FIND = select(_WALK.c.entries).where(_WALK.c.person_id == bindparam("person"))
_BEGIN = insert(_WALK)
_MOVE = (
    update(_WALK)
    .where(_WALK.c.person_id == bindparam("person"), _WALK.c.entries == bindparam("was"))
    .values(entries=bindparam("to"))
)


def entries(connection: Connection, person: PersonId) -> int:
    """How many entries are about this person."""
    return connection.execute(_FIND, {"person": person}).scalar_one_or_none() or 0


def take(connection: Connection, person: PersonId, count: int) -> int:
    """Take ``count`` numbers; gives the first of them. Raises ``LogMoved`` when another writer took it."""
    found = connection.execute(_FIND, {"person": person}).scalar_one_or_none()
    if found is None:
        connection.execute(_BEGIN, {"person_id": person, "entries": count})
        return 0
    moved = connection.execute(_MOVE, {"person": person, "was": found, "to": found + count})
    if moved.rowcount != 1:
        raise LogMoved("somebody else wrote of this person meanwhile; nothing was kept")
    return int(found)
