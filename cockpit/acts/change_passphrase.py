"""Change the passphrase: its slot is replaced, the vault key stays, every other session ends."""

from __future__ import annotations

from cockpit.accounts import ways
from cockpit.accounts.passphrase import checked_passphrase
from cockpit.accounts.sessions import Visit
from cockpit.accounts.slots import Proof, by_mandate, check_unused, pepper
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.domain.way import WayType
from cockpit.sealing.slots import KdfCost, passphrase_slot
from cockpit.store import sessions, slots


def change_passphrase(cockpit: Cockpit, visit: Visit, proof: Proof, passphrase: str) -> None:
    """Replace the passphrase; a temporary kit has then served, and ends. Raises ``BadPassphrase``, ``SpaceLocked``."""
    checked = checked_passphrase(passphrase)
    check_unused(cockpit, proof.person, checked, by_mandate)
    cost = KdfCost(cockpit.settings.argon2_memory_kib)
    half = pepper(cockpit, proof.person)
    # The slow derivation comes before the transaction, so that nobody waits for the writer's lock meanwhile.
    slot = passphrase_slot(proof.keyring.vault_key, checked, half, cost, proof.person)
    now = cockpit.clock()
    with cockpit.database.write(proof.person) as connection:
        slots.remove_types(connection, proof.person, WayType.PASSPHRASE, WayType.TEMPORARY_KIT)
        ways.put_way(connection, proof.keyring, slot, now)
        sessions.remove_others(connection, proof.person, visit.session)
        event = Event(EventType.WAY_CHANGED, subject={"way": slot.type.value})
        cockpit.ledger.append(connection, event, now, proof.person)
    cockpit.indexes.drop_person(visit.person, but=visit.session)
