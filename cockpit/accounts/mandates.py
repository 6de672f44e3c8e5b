"""The mandates of a space: who may act for its person now, in which capacity, until when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from cockpit.accounts import ways
from cockpit.accounts.ways import Way
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.domain.mandate import Capacity, Mandate
from cockpit.domain.moment import instant
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.keyring import Keyring
from cockpit.store import slots

MOST_MANDATES = 5
"""How many may be in force at once: few enough for a person to know them all."""


def mandate_of(way: Way) -> Mandate:
    """The mandate that a way of its type is."""
    return Mandate(way.id, Capacity(way.about.capacity), way.expires, way.about.label)


def in_order(connection: Connection, keyring: Keyring, now: datetime) -> tuple[Mandate, ...]:
    """The mandates in force, oldest first. Raises ``Tampered`` or ``SpaceLocked``."""
    return tuple(mandate_of(way) for way in ways.ways(connection, keyring, now) if way.type is WayType.MANDATE)


def ended_by_date(connection: Connection, keyring: Keyring, now: datetime) -> tuple[Mandate, ...]:
    """The mandates whose date has come and whose slots are still there. Raises as ``in_order``."""
    return tuple(mandate_of(way) for way in ways.over(connection, keyring, now) if way.type is WayType.MANDATE)


def in_force(
    connection: Connection, person: PersonId, wanted: WayId, capacity: Capacity, keyring: Keyring | None, now: datetime
) -> Mandate | None:
    """One mandate, or None when it is over. Without a ``keyring`` its name stays unknown."""
    if keyring is not None:
        return next((known for known in in_order(connection, keyring, now) if known.id == wanted), None)
    for row in slots.all_of(connection, person):
        if row.slot.id == wanted and row.slot.expires > instant(now):
            return Mandate(wanted, capacity, row.slot.expires, "")
    return None


def given(mandate: Mandate) -> Event:
    """The entry that a mandate leaves when it is given."""
    return Event(
        EventType.MANDATE_GIVEN,
        audit={"capacity": mandate.capacity.value},
        subject={"mandate": mandate.told, "until": mandate.until},
    )


def ended(mandate: Mandate, reason: str) -> Event:
    """The entry that a mandate leaves when it ends. ``reason`` is ``person``, ``date`` or ``rotation``."""
    return Event(
        EventType.MANDATE_ENDED,
        audit={"capacity": mandate.capacity.value, "reason": reason},
        subject={"mandate": mandate.told, "reason": reason},
    )


def used(mandate: Mandate) -> Event:
    """The entry that a mandate leaves each time it opens a session."""
    return Event(
        EventType.MANDATE_USED,
        audit={"actor": mandate.capacity.value},
        subject={"actor": mandate.told, "until": mandate.until},
    )
