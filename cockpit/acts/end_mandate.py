"""End a mandate: at once, with no reason asked; whoever acted is signed out everywhere."""

from __future__ import annotations

from cockpit.accounts import mandates
from cockpit.accounts.sessions import Visit, only_the_person, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import NotFound
from cockpit.domain.way import WayId
from cockpit.store import sessions, slots


def end_mandate(cockpit: Cockpit, visit: Visit, mandate: WayId) -> None:
    """Destroy its slot and its sessions. No passphrase is asked to take a power back.

    Raises ``OnlyThePerson``, ``SpaceLocked``, or ``NotFound`` when there is none such, or no more.
    """
    only_the_person(visit)
    keyring, now = unlocked(visit), cockpit.clock()
    with cockpit.database.write(visit.person) as connection:
        held = {known.id: known for known in mandates.in_order(connection, keyring, now)}
        if mandate not in held:
            raise NotFound("there is no such mandate")
        slots.remove(connection, visit.person, mandate)
        sessions.remove_of_mandate(connection, visit.person, mandate)
        cockpit.ledger.append(connection, mandates.ended(held[mandate], "person"), now, visit.person)
    cockpit.indexes.drop_person(visit.person, but=visit.session)
