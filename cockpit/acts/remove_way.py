"""Remove a way to open a space: its secret opens nothing any more."""

from __future__ import annotations

from cockpit.accounts import ways
from cockpit.accounts.slots import Proof
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.domain.way import WayId
from cockpit.store import slots


def remove_way(cockpit: Cockpit, proof: Proof, way: WayId) -> None:
    """Destroy one slot. Raises ``NotFound``, or ``LastWay`` when nothing lasting would remain."""
    now = cockpit.clock()
    with cockpit.database.write(proof.person) as connection:
        removed = ways.way(connection, proof.keyring, way, now)
        ways.check_lasting(held for held in ways.ways(connection, proof.keyring, now) if held.id != way)
        slots.remove(connection, proof.person, way)
        event = Event(EventType.WAY_REMOVED, subject={"way": removed.type.value})
        cockpit.ledger.append(connection, event, now, proof.person)
