"""List the ways to open a space: what its person holds, since when, and when each was last tried."""

from __future__ import annotations

from cockpit.accounts import ways
from cockpit.accounts.sessions import Visit, only_the_person
from cockpit.accounts.slots import unlocked
from cockpit.accounts.ways import Way
from cockpit.acts.cockpit import Cockpit


def list_ways(cockpit: Cockpit, visit: Visit) -> tuple[Way, ...]:
    """Every way that opens the space, oldest first. Raises ``SpaceLocked`` or ``Tampered``."""
    only_the_person(visit)
    keyring = unlocked(visit)
    with cockpit.database.read(visit.person) as connection:
        return ways.ways(connection, keyring, cockpit.clock())
