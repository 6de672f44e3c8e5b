"""Sign in: open the vault key with a passphrase, the emergency kit or a passkey, and begin a session."""

from __future__ import annotations

from cockpit.accounts import mandates, slots
from cockpit.accounts.kit import read_kit
from cockpit.accounts.passphrase import BadHandle, checked_handle
from cockpit.accounts.sessions import new_session, sweep
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import WrongSecret
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant
from cockpit.domain.way import WayType
from cockpit.sealing.keyring import Keyring, new_collection
from cockpit.store import heads, people, sessions
from cockpit.store import slots as slot_rows
from cockpit.store.space import OWN_COLLECTIONS

_STRETCHED = frozenset({WayType.PASSPHRASE, WayType.MANDATE})


def sign_in(cockpit: Cockpit, handle: str, passphrase: str) -> str:
    """The cookie of a new session, of the person or of somebody who acts for them: the passphrase tells which.

    Raises ``WrongSecret``, the same for an unknown name and a wrong passphrase.
    """
    return _begin(cockpit, handle, slots.by_passphrase(passphrase), slots.by_mandate(passphrase))


def sign_in_with_kit(cockpit: Cockpit, handle: str, kit: str) -> str:
    """The cookie of a new session, from the printed kit. Raises ``KitUnreadable`` or ``WrongSecret``."""
    return _begin(cockpit, handle, slots.by_kit(read_kit(kit)))


def sign_in_with_passkey(cockpit: Cockpit, handle: str, prf_output: bytes) -> str:
    """The cookie of a new session, from the 32 bytes of a passkey's PRF. Raises ``WrongSecret``."""
    return _begin(cockpit, handle, slots.by_passkey(prf_output))


def _begin(cockpit: Cockpit, handle: str, *presented: slots.Presented) -> str:
    try:
        tag = people.handle_tag(cockpit.operator, checked_handle(handle))
    except BadHandle as error:
        raise WrongSecret("this name and secret do not open a space") from error
    with cockpit.database.read() as connection:
        person = people.find_person(connection, tag)
    if person is None:
        _same_work(cockpit, *presented)
        raise WrongSecret("this name and secret do not open a space")
    return _session(cockpit, person, _opened(cockpit, person, presented))


def _session(cockpit: Cockpit, person: PersonId, opened: slots.Opened) -> str:
    vault_key, now = opened.vault_key, cockpit.clock()
    keyring = Keyring(person, vault_key)
    with cockpit.database.write(person) as connection:
        slots.check_current(connection, keyring)
        sweep(connection, now, cockpit.settings.idle_minutes, cockpit.settings.session_hours)
        for over in mandates.ended_by_date(connection, keyring, now):
            cockpit.ledger.append(connection, mandates.ended(over, "date"), now, person)
        slot_rows.remove_ended(connection, person, instant(now))
        mandate = next((held for held in mandates.in_order(connection, keyring, now) if held.id == opened.way), None)
        cookie, session = new_session(person, vault_key, opened.type, now, mandate)
        sessions.put(connection, session)
        if mandate is not None:
            cockpit.ledger.append(connection, mandates.used(mandate), now, person)
        missing = {*OWN_COLLECTIONS, *cockpit.registry.collections} - heads.collections_of(connection, person)
        for collection in sorted(missing):
            # A kind published since the last visit gets its keys now, while the vault key is at hand.
            keys = new_collection(vault_key, person, collection)
            heads.begin(connection, cockpit.spaces.mac_key(person), person, collection, keys)
    return cookie


def _opened(cockpit: Cockpit, person: PersonId, presented: tuple[slots.Presented, ...]) -> slots.Opened:
    for one in presented:
        try:
            return slots.open_vault_key(cockpit, person, one)
        except WrongSecret:
            if not slots.holds(cockpit, person, one):
                _same_work(cockpit, one)
    raise WrongSecret("this name and secret do not open a space")


def _same_work(cockpit: Cockpit, *presented: slots.Presented) -> None:
    """A name that nobody has, and a space without mandates, take as long to refuse as any other."""
    for one in presented:
        if not _STRETCHED.isdisjoint(one.types):
            slots.same_work_for_nobody(cockpit.settings.argon2_memory_kib)
