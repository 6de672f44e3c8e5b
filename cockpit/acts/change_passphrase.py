"""Change the passphrase, or print a new emergency kit: a slot is replaced, the vault key stays."""

from __future__ import annotations

from cockpit.accounts.kit import new_kit
from cockpit.accounts.passphrase import checked_passphrase
from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import SpaceLocked
from cockpit.sealing.keyring import KdfCost, Keyring, kit_slot, passphrase_slot
from cockpit.store import people, sessions


def change_passphrase(cockpit: Cockpit, visit: Visit, passphrase: str) -> None:
    """Replace the passphrase and end every other session. Raises ``BadPassphrase`` or ``SpaceLocked``."""
    keyring, checked = _unlocked(visit), checked_passphrase(passphrase)
    pepper = cockpit.keyrings.pepper(visit.person)
    cost = KdfCost(cockpit.settings.argon2_memory_kib)
    slot = passphrase_slot(keyring.vault_key, checked, pepper, cost, visit.person)
    with cockpit.database.write(visit.person) as connection:
        people.put_slot(connection, visit.person, slot)
        sessions.remove_others(connection, visit.person, visit.session)
    cockpit.indexes.drop_person(visit.person, but=visit.session)


def renew_kit(cockpit: Cockpit, visit: Visit) -> str:
    """A new emergency kit; the old one opens nothing any more. Raises ``SpaceLocked``."""
    keyring = _unlocked(visit)
    secret, kit = new_kit()
    pepper = cockpit.keyrings.pepper(visit.person)
    with cockpit.database.write(visit.person) as connection:
        people.put_slot(connection, visit.person, kit_slot(keyring.vault_key, secret, pepper, visit.person))
    return kit


def _unlocked(visit: Visit) -> Keyring:
    if visit.keyring is None:
        raise SpaceLocked("the space is locked; give the passphrase to open it")
    return visit.keyring
