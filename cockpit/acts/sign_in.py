"""Sign in: open the vault key with a passphrase, the emergency kit or a passkey, and begin a session."""

from __future__ import annotations

from cockpit.accounts import slots
from cockpit.accounts.kit import read_kit
from cockpit.accounts.passphrase import BadHandle, checked_handle
from cockpit.accounts.sessions import new_session, sweep
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import WrongSecret
from cockpit.domain.moment import instant
from cockpit.domain.way import WayType
from cockpit.sealing.keyring import Keyring, new_collection
from cockpit.store import heads, people, sessions
from cockpit.store import slots as slot_rows
from cockpit.store.space import OWN_COLLECTIONS


def sign_in(cockpit: Cockpit, handle: str, passphrase: str) -> str:
    """The cookie of a new session. Raises ``WrongSecret``, the same for an unknown name and a wrong passphrase."""
    return _begin(cockpit, handle, slots.by_passphrase(passphrase))


def sign_in_with_kit(cockpit: Cockpit, handle: str, kit: str) -> str:
    """The cookie of a new session, from the printed kit. Raises ``KitUnreadable`` or ``WrongSecret``."""
    return _begin(cockpit, handle, slots.by_kit(read_kit(kit)))


def sign_in_with_passkey(cockpit: Cockpit, handle: str, prf_output: bytes) -> str:
    """The cookie of a new session, from the 32 bytes of a passkey's PRF. Raises ``WrongSecret``."""
    return _begin(cockpit, handle, slots.by_passkey(prf_output))


def _begin(cockpit: Cockpit, handle: str, presented: slots.Presented) -> str:
    try:
        tag = people.handle_tag(cockpit.operator, checked_handle(handle))
    except BadHandle as error:
        raise WrongSecret("this name and secret do not open a space") from error
    with cockpit.database.read() as connection:
        person = people.find_person(connection, tag)
    if person is None:
        if WayType.PASSPHRASE in presented.types:
            slots.same_work_for_nobody(cockpit.settings.argon2_memory_kib)
        raise WrongSecret("this name and secret do not open a space")
    vault_key = slots.open_vault_key(cockpit, person, presented).vault_key
    now = cockpit.clock()
    cookie, session = new_session(person, vault_key, now)
    with cockpit.database.write(person) as connection:
        slots.check_current(connection, Keyring(person, vault_key))
        sweep(connection, now, cockpit.settings.idle_minutes, cockpit.settings.session_hours)
        slot_rows.remove_ended(connection, person, instant(now))
        sessions.put(connection, session)
        missing = {*OWN_COLLECTIONS, *cockpit.registry.collections} - heads.collections_of(connection, person)
        for collection in sorted(missing):
            # A kind published since the last visit gets its keys now, while the vault key is at hand.
            keys = new_collection(vault_key, person, collection)
            heads.begin(connection, cockpit.spaces.mac_key(person), person, collection, keys)
    return cookie
