"""Try a way to open a space: is my kit the right one? Nothing changes but the date of the last good try."""

from __future__ import annotations

import hmac

from cockpit.accounts import ways
from cockpit.accounts.sessions import Visit, only_the_person
from cockpit.accounts.slots import Presented, open_vault_key, unlocked
from cockpit.accounts.ways import Way
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import WrongSecret


def try_way(cockpit: Cockpit, visit: Visit, presented: Presented) -> Way:
    """The way that the secret would open the space by. Raises ``WrongSecret`` or ``SpaceLocked``."""
    only_the_person(visit)
    keyring, now = unlocked(visit), cockpit.clock()
    opened = open_vault_key(cockpit, visit.person, presented)
    if not hmac.compare_digest(opened.vault_key, keyring.vault_key):
        raise WrongSecret("this secret does not open the space")
    with cockpit.database.write(visit.person) as connection:
        ways.note_drill(connection, keyring, ways.way(connection, keyring, opened.way, now), now)
        return ways.way(connection, keyring, opened.way, now)
