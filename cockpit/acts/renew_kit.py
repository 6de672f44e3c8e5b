"""Renew the emergency kit: a new one to print, the old one opens nothing any more."""

from __future__ import annotations

from cockpit.accounts import ways
from cockpit.accounts.kit import new_kit
from cockpit.accounts.slots import Proof, pepper
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.domain.way import WayType
from cockpit.sealing.slots import kit_slot
from cockpit.store import slots


def renew_kit(cockpit: Cockpit, proof: Proof) -> str:
    """The new kit, as printed; it is shown once and stored nowhere. Raises ``SpaceLocked``."""
    secret, kit = new_kit()
    slot = kit_slot(proof.keyring.vault_key, secret, pepper(cockpit, proof.person), proof.person)
    now = cockpit.clock()
    with cockpit.database.write(proof.person) as connection:
        slots.remove_types(connection, proof.person, WayType.KIT)
        ways.put_way(connection, proof.keyring, slot, now)
        event = Event(EventType.WAY_CHANGED, subject={"way": slot.type.value})
        cockpit.ledger.append(connection, event, now, proof.person)
    return kit
