"""The rows that make a space: person and login."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import PersonId
from cockpit.sealing.box import keyed_tag
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import tables


def handle_tag(operator: OperatorKeys, handle: str) -> str:
    """The stored form of a sign-in name: keyed, so that a copy of the database names nobody."""
    return keyed_tag(operator.duty("login"), handle.encode())


def insert_person(connection: Connection, person: PersonId, tag: str, sealed_profile: bytes, at: str) -> None:
    """Write the rows of a new space; its row of the keyring was written before, in the keyring's own database."""
    connection.execute(insert(tables.person).values(person_id=person, created_at=at, sealed_profile=sealed_profile))
    connection.execute(insert(tables.login).values(handle_tag=tag, person_id=person))


def find_person(connection: Connection, tag: str) -> PersonId | None:
    """Whose sign-in name this is, or None."""
    table = tables.login
    found = connection.execute(select(table.c.person_id).where(table.c.handle_tag == tag)).scalar_one_or_none()
    return PersonId(found) if found else None


def existing(connection: Connection, persons: Sequence[PersonId]) -> set[PersonId]:
    """Those of ``persons`` who have a space."""
    table = tables.person
    rows = connection.execute(select(table.c.person_id).where(table.c.person_id.in_(persons)))
    return {PersonId(row.person_id) for row in rows}


def sealed_profile(connection: Connection, person: PersonId) -> bytes:
    """The profile, sealed under the vault key. Raises ``NotFound``."""
    table = tables.person
    found = connection.execute(select(table.c.sealed_profile).where(table.c.person_id == person)).scalar_one_or_none()
    if found is None:
        raise NotFound("there is no such space")
    return bytes(found)


def set_sealed_profile(connection: Connection, person: PersonId, sealed_profile: bytes) -> None:
    """Replace the profile, sealed anew."""
    table = tables.person
    connection.execute(update(table).where(table.c.person_id == person).values(sealed_profile=sealed_profile))
