"""Find, and on demand destroy, rows of the keyring that belong to no space: what an interrupted opening leaves."""

from __future__ import annotations

from datetime import timedelta

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.moment import instant
from cockpit.store import people
from cockpit.store.walls import EVERYONE

OLD_ENOUGH = timedelta(days=1)
"""A younger row may be of a space that is being opened at this moment."""


def sweep_keyring(cockpit: Cockpit, *, destroy: bool) -> int:
    """How many rows belong to no space, a day after they were made; with ``destroy`` they are gone.

    Never done without being asked: after an older backup of the database was restored, the rows of newer spaces
    look the same, and the right backup would still need them.
    """
    found = 0
    for persons in cockpit.keyrings.persons(instant(cockpit.clock() - OLD_ENOUGH)):
        with cockpit.database.read(EVERYONE) as connection:
            orphans = set(persons) - people.existing(connection, persons)
        found += len(orphans)
        for person in sorted(orphans) if destroy else ():
            cockpit.keyrings.shred(person)
    return found
