"""The rows of slots: a person's wrapped copies of the vault key, and what is said of each, sealed under that key."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from cockpit.domain.ids import PersonId
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.slots import KdfCost, Slot
from cockpit.store import tables


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot as stored. ``created_at`` is an instant; ``sealed_about`` opens with the vault key."""

    slot: Slot
    created_at: str
    sealed_about: bytes = field(repr=False)


def put(connection: Connection, person: PersonId, row: SlotRow) -> None:
    """Keep a new slot."""
    connection.execute(
        insert(tables.key_slot).values(
            person_id=person,
            slot_id=row.slot.id,
            type=row.slot.type.value,
            salt=row.slot.salt,
            memory_kib=row.slot.cost.memory_kib,
            iterations=row.slot.cost.iterations,
            lanes=row.slot.cost.lanes,
            expires=row.slot.expires,
            wrapped=row.slot.wrapped,
            created_at=row.created_at,
            sealed_about=row.sealed_about,
        )
    )


def all_of(connection: Connection, person: PersonId) -> tuple[SlotRow, ...]:
    """Every slot of this person, oldest first."""
    table = tables.key_slot
    rows = connection.execute(
        select(table).where(table.c.person_id == person).order_by(table.c.created_at, table.c.slot_id)
    )
    return tuple(
        SlotRow(
            Slot(
                WayId(row.slot_id),
                WayType(row.type),
                row.salt,
                KdfCost(row.memory_kib, row.iterations, row.lanes),
                row.expires,
                row.wrapped,
            ),
            row.created_at,
            row.sealed_about,
        )
        for row in rows
    )


def set_about(connection: Connection, person: PersonId, way: WayId, sealed_about: bytes) -> None:
    """Replace what is said of a slot."""
    table = tables.key_slot
    connection.execute(
        update(table).where(table.c.person_id == person, table.c.slot_id == way).values(sealed_about=sealed_about)
    )


def remove(connection: Connection, person: PersonId, way: WayId) -> None:
    """Destroy one slot: its secret opens nothing from now on."""
    table = tables.key_slot
    connection.execute(delete(table).where(table.c.person_id == person, table.c.slot_id == way))


def remove_types(connection: Connection, person: PersonId, *types: WayType) -> None:
    """Destroy every slot of these types."""
    table = tables.key_slot
    connection.execute(delete(table).where(table.c.person_id == person, table.c.type.in_([str(t) for t in types])))


def remove_ended(connection: Connection, person: PersonId, now: str) -> None:
    """Destroy the slots whose end is at or before the instant ``now``."""
    table = tables.key_slot
    connection.execute(delete(table).where(table.c.person_id == person, table.c.expires != "", table.c.expires <= now))


def remove_all(connection: Connection, person: PersonId) -> None:
    """Destroy every slot."""
    connection.execute(delete(tables.key_slot).where(tables.key_slot.c.person_id == person))
