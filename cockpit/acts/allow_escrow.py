"""Allow the operator to open a space in need, or forbid it: never on by itself, always visible, ended at once."""

from __future__ import annotations

from cockpit.accounts import ways
from cockpit.accounts.sessions import Visit, only_the_person
from cockpit.accounts.slots import Proof, pepper, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.way import WayType
from cockpit.sealing.slots import escrow_slot
from cockpit.store import slots


def allow_escrow(cockpit: Cockpit, proof: Proof, *, understood: bool) -> None:
    """Let the operator's master key open the space. ``understood``: the person said yes to the warning.

    Raises ``CitizenMustAct`` without that yes. Allowing twice changes nothing.
    """
    if not understood:
        raise CitizenMustAct("say that you understand what this changes", code="escrow_not_understood")
    slot = escrow_slot(proof.keyring.vault_key, pepper(cockpit, proof.person), proof.person)
    now = cockpit.clock()
    with cockpit.database.write(proof.person) as connection:
        if any(way.type is WayType.ESCROW for way in ways.ways(connection, proof.keyring, now)):
            return
        ways.put_way(connection, proof.keyring, slot, now)
        event = Event(EventType.WAY_ADDED, subject={"way": slot.type.value})
        cockpit.ledger.append(connection, event, now, proof.person)


def forbid_escrow(cockpit: Cockpit, visit: Visit) -> None:
    """End it at once: no passphrase is asked to take a power back. Forbidding twice changes nothing."""
    only_the_person(visit)
    keyring, now = unlocked(visit), cockpit.clock()
    with cockpit.database.write(visit.person) as connection:
        if not any(way.type is WayType.ESCROW for way in ways.ways(connection, keyring, now)):
            return
        slots.remove_types(connection, visit.person, WayType.ESCROW)
        event = Event(EventType.WAY_REMOVED, subject={"way": WayType.ESCROW.value})
        cockpit.ledger.append(connection, event, now, visit.person)
