"""Rotate the collection keys of a space: what comes from now on is sealed to new ones, the rest follows at tending."""

from __future__ import annotations

from cockpit.accounts.sessions import Visit, only_the_person
from cockpit.accounts.slots import unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.store import heads


def rotate_collection_keys(cockpit: Cockpit, visit: Visit) -> None:
    """Ask every collection for a new epoch; ``tend_space`` then begins it.

    Raises ``OnlyThePerson``, ``SpaceLocked``.
    """
    only_the_person(visit)
    unlocked(visit)
    with cockpit.database.write(visit.person) as connection:
        heads.ask_rotation_of_all(connection, cockpit.spaces.mac_key(visit.person), visit.person)
        cockpit.ledger.append(connection, Event(EventType.COLLECTION_KEYS_ROTATED), cockpit.clock(), visit.person)
