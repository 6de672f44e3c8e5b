"""Sign in: open the vault key with a passphrase or the emergency kit, and begin a session."""

from __future__ import annotations

from cockpit.accounts import slots
from cockpit.accounts.kit import read_kit
from cockpit.accounts.passphrase import BadHandle, checked_handle
from cockpit.accounts.sessions import new_session
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import WrongSecret
from cockpit.sealing.keyring import new_collection
from cockpit.store import heads, people, sessions
from cockpit.store.space import OWN_COLLECTIONS


def sign_in(cockpit: Cockpit, handle: str, passphrase: str) -> str:
    """The cookie of a new session. Raises ``WrongSecret``, the same for an unknown name and a wrong passphrase."""
    return _begin(cockpit, handle, slots.by_passphrase(passphrase))


def sign_in_with_kit(cockpit: Cockpit, handle: str, kit: str) -> str:
    """The cookie of a new session, from the printed kit. Raises ``KitUnreadable`` or ``WrongSecret``."""
    return _begin(cockpit, handle, slots.by_kit(read_kit(kit)))


def _begin(cockpit: Cockpit, handle: str, way: tuple[str, slots.Opener]) -> str:
    try:
        tag = people.handle_tag(cockpit.operator, checked_handle(handle))
    except BadHandle as error:
        raise WrongSecret("this name and secret do not open a space") from error
    with cockpit.database.read() as connection:
        person = people.find_person(connection, tag)
    if person is None:
        slots.same_work_for_nobody(cockpit.settings.argon2_memory_kib)
        raise WrongSecret("this name and secret do not open a space")
    vault_key = slots.open_vault_key(cockpit.database, cockpit.keyrings, person, way)
    cookie, session = new_session(person, vault_key, cockpit.clock())
    with cockpit.database.write(person) as connection:
        sessions.put(connection, session)
        missing = {*OWN_COLLECTIONS, *cockpit.registry.collections} - heads.collections_of(connection, person)
        for collection in sorted(missing):
            # A kind published since the last visit gets its keys now, while the vault key is at hand.
            keys = new_collection(vault_key, person, collection)
            heads.begin(connection, cockpit.spaces.mac_key(person), person, collection, keys)
    return cookie
