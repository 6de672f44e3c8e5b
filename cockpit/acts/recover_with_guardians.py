"""Recover a space with its guardians: their shares open it; a new passphrase and a new kit replace the lost ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.accounts import slots as openings
from cockpit.accounts import ways
from cockpit.accounts.kit import new_kit
from cockpit.accounts.passphrase import BadHandle, checked_handle, checked_passphrase
from cockpit.accounts.sessions import new_session
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import WrongSecret
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.domain.way import WayType
from cockpit.sealing.keyring import Keyring
from cockpit.sealing.shares import combine_shares
from cockpit.sealing.slots import KdfCost, kit_slot, passphrase_slot
from cockpit.store import people, sessions, slots


@dataclass(frozen=True, slots=True)
class Recovered:
    """The new kit to print (shown once) and the cookie of the only session left."""

    kit: str = field(repr=False)
    cookie: str = field(repr=False)


def recover_with_guardians(cockpit: Cockpit, handle: str, shares: Sequence[str], passphrase: str) -> Recovered:
    """Open the space with the shares as typed; every earlier session, passphrase and kit ends.

    Raises ``ShareUnreadable``, ``SharesDoNotFit``, ``BadPassphrase``, or ``WrongSecret``, the same for an unknown
    name and for shares of another space.
    """
    passphrase, secret = checked_passphrase(passphrase), combine_shares(shares)
    person = _person(cockpit, handle)
    keyring = Keyring(person, openings.open_vault_key(cockpit, person, openings.by_guardians(secret)).vault_key)
    openings.check_unused(cockpit, person, passphrase, openings.by_mandate)
    kit_secret, kit = new_kit()
    half, cost = openings.pepper(cockpit, person), KdfCost(cockpit.settings.argon2_memory_kib)
    fresh = (
        passphrase_slot(keyring.vault_key, passphrase, half, cost, person),
        kit_slot(keyring.vault_key, kit_secret, half, person),
    )
    now = cockpit.clock()
    cookie, session = new_session(person, keyring.vault_key, WayType.GUARDIANS, now)
    with cockpit.database.write(person) as connection:
        slots.remove_types(connection, person, WayType.PASSPHRASE, WayType.KIT, WayType.TEMPORARY_KIT)
        for slot in fresh:
            ways.put_way(connection, keyring, slot, now)
        sessions.remove_all(connection, person)
        sessions.put(connection, session)
        event = Event(EventType.SPACE_RECOVERED, subject={"way": WayType.GUARDIANS.value})
        cockpit.ledger.append(connection, event, now, person)
    cockpit.indexes.drop_person(person)
    return Recovered(kit, cookie)


def _person(cockpit: Cockpit, handle: str) -> PersonId:
    try:
        tag = people.handle_tag(cockpit.operator, checked_handle(handle))
    except BadHandle as error:
        raise WrongSecret("this name and secret do not open a space") from error
    with cockpit.database.read() as connection:
        person = people.find_person(connection, tag)
    if person is None:
        raise WrongSecret("this name and secret do not open a space")
    return person
