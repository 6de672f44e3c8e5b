"""The rows of sessions: found by the hash of a cookie, opened only with the cookie itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from cockpit.domain.ids import PersonId
from cockpit.domain.way import WayType
from cockpit.store import tables


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as stored. ``sealed_vault_key`` is None once the space has locked.

    ``way`` is the sort of secret that opened it. ``mandate`` and ``capacity`` say by which mandate it was opened; both
    are empty when the person came.
    """

    session_hash: str
    person: PersonId
    sealed_vault_key: bytes | None = field(repr=False)
    opened_at: str
    seen_at: str
    way: WayType
    mandate: str = ""
    capacity: str = ""


def put(connection: Connection, row: SessionRow) -> None:
    """Keep a session, in the place of the one with the same hash."""
    remove(connection, row.session_hash)
    connection.execute(
        insert(tables.session).values(
            session_hash=row.session_hash,
            person_id=row.person,
            sealed_vault_key=row.sealed_vault_key,
            opened_at=row.opened_at,
            seen_at=row.seen_at,
            way=row.way,
            mandate=row.mandate,
            capacity=row.capacity,
        )
    )


def find(connection: Connection, session_hash: str) -> SessionRow | None:
    """The session of this cookie hash, or None."""
    row = connection.execute(select(tables.session).where(tables.session.c.session_hash == session_hash)).one_or_none()
    if row is None:
        return None
    return SessionRow(
        row.session_hash,
        PersonId(row.person_id),
        row.sealed_vault_key,
        row.opened_at,
        row.seen_at,
        WayType(row.way),
        row.mandate,
        row.capacity,
    )


def touch(connection: Connection, session_hash: str, at: str) -> None:
    """Note that the session was used."""
    table = tables.session
    connection.execute(update(table).where(table.c.session_hash == session_hash).values(seen_at=at))


def forget_key(connection: Connection, session_hash: str) -> None:
    """Lock: destroy the only stored copy of the vault key that the cookie opens."""
    table = tables.session
    connection.execute(update(table).where(table.c.session_hash == session_hash).values(sealed_vault_key=None))


def remove(connection: Connection, session_hash: str) -> None:
    """End one session."""
    connection.execute(delete(tables.session).where(tables.session.c.session_hash == session_hash))


def remove_others(connection: Connection, person: PersonId, but: str) -> None:
    """End every other session of this person."""
    table = tables.session
    connection.execute(delete(table).where(table.c.person_id == person, table.c.session_hash != but))


def remove_of_mandate(connection: Connection, person: PersonId, mandate: str) -> None:
    """End every session that this mandate opened."""
    table = tables.session
    connection.execute(delete(table).where(table.c.person_id == person, table.c.mandate == mandate))


def remove_all(connection: Connection, person: PersonId) -> None:
    """End every session of this person: every stored copy of their vault key is destroyed."""
    connection.execute(delete(tables.session).where(tables.session.c.person_id == person))


def forget_keys_unused_since(connection: Connection, since: str) -> None:
    """Lock every session that nobody used since the instant ``since``, whether or not its cookie comes back."""
    table = tables.session
    connection.execute(
        update(table)
        .where(table.c.seen_at < since, table.c.sealed_vault_key.is_not(None))
        .values(sealed_vault_key=None)
    )


def remove_opened_before(connection: Connection, before: str) -> None:
    """End every session begun before the instant ``before``."""
    connection.execute(delete(tables.session).where(tables.session.c.opened_at < before))
