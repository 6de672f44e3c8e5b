"""List the mandates in force: who may act for the person, in which capacity, until when."""

from __future__ import annotations

from cockpit.accounts import mandates
from cockpit.accounts.sessions import Visit, only_the_person, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.mandate import Mandate


def list_mandates(cockpit: Cockpit, visit: Visit) -> tuple[Mandate, ...]:
    """Every mandate in force, oldest first. Raises ``OnlyThePerson``, ``SpaceLocked`` or ``Tampered``."""
    only_the_person(visit)
    keyring = unlocked(visit)
    with cockpit.database.read(visit.person) as connection:
        return mandates.in_order(connection, keyring, cockpit.clock())
