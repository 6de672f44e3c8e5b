"""The rows that make a space: person, login, slots, collection keys."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import PersonId
from cockpit.sealing.box import keyed_tag
from cockpit.sealing.keyring import KdfCost, Slot
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


def put_slot(connection: Connection, person: PersonId, slot: Slot) -> None:
    """Keep a slot, in the place of the one of the same type."""
    table = tables.key_slot
    connection.execute(delete(table).where(table.c.person_id == person, table.c.type == slot.type))
    connection.execute(
        insert(table).values(
            person_id=person,
            type=slot.type,
            salt=slot.salt,
            memory_kib=slot.cost.memory_kib,
            iterations=slot.cost.iterations,
            lanes=slot.cost.lanes,
            wrapped=slot.wrapped,
        )
    )


def find_slot(connection: Connection, person: PersonId, slot_type: str) -> Slot | None:
    """The slot of this type, or None."""
    table = tables.key_slot
    row = connection.execute(select(table).where(table.c.person_id == person, table.c.type == slot_type)).one_or_none()
    if row is None:
        return None
    return Slot(row.type, row.salt, KdfCost(row.memory_kib, row.iterations, row.lanes), row.wrapped)
