"""Open a space: its keys, its two slots, its first entry in the log."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from cockpit.accounts import ways
from cockpit.accounts.kit import new_kit
from cockpit.accounts.passphrase import checked_handle, checked_passphrase
from cockpit.accounts.profile import Profile, seal_profile
from cockpit.accounts.sessions import new_session
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant
from cockpit.domain.way import WayType
from cockpit.sealing.box import new_key
from cockpit.sealing.keyring import Keyring, new_collection
from cockpit.sealing.slots import KdfCost, kit_slot, passphrase_slot
from cockpit.store import heads, people, sessions
from cockpit.store.keyrings import OperatorSecrets
from cockpit.store.space import OWN_COLLECTIONS

MAX_NAME = 80


class HandleTaken(CitizenMustAct):
    """Somebody here already signs in with this name."""

    code = "handle_taken"


@dataclass(frozen=True, slots=True)
class OpenedSpace:
    """A new space: its person, the kit to print (shown once, stored nowhere), and the cookie of the first session."""

    person: PersonId
    kit: str = field(repr=False)
    cookie: str = field(repr=False)


def open_space(cockpit: Cockpit, handle: str, passphrase: str, name: str, language: str) -> OpenedSpace:
    """Open a space for a person who will sign in as ``handle``.

    Raises ``BadHandle``, ``BadPassphrase``, ``HandleTaken``, or ``CitizenMustAct`` for an empty or endless name.
    """
    handle, passphrase, name = checked_handle(handle), checked_passphrase(passphrase), " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME:
        raise CitizenMustAct("a name has 1 to 80 characters", code="bad_name")
    person, now = PersonId(uuid.uuid4().hex), cockpit.clock()
    vault_key, secrets = new_key(), OperatorSecrets(new_key(), new_key(), new_key())
    kit_secret, kit = new_kit()
    # The slow derivation comes before the transaction, so that nobody waits for the writer's lock meanwhile.
    slots = (
        passphrase_slot(vault_key, passphrase, secrets.pepper, KdfCost(cockpit.settings.argon2_memory_kib), person),
        kit_slot(vault_key, kit_secret, secrets.pepper, person),
    )
    cookie, session = new_session(person, vault_key, WayType.PASSPHRASE, now)
    tag = people.handle_tag(cockpit.operator, handle)
    with cockpit.database.read() as connection:
        if people.find_person(connection, tag) is not None:
            raise HandleTaken("this sign-in name is taken here; choose another")
    # The keyring is another database, and comes first: a crash in between leaves secrets of nobody, never a space
    # that cannot be opened. The next try draws another person id, so nothing of the first is in its way.
    cockpit.keyrings.put(person, secrets, instant(now))
    with cockpit.database.write(person) as connection:
        sealed = seal_profile(vault_key, Profile(name, language), person)
        try:
            people.insert_person(connection, person, tag, sealed, instant(now))
        except IntegrityError as error:
            # Certainly not written, so its secrets may go; after any other error the space might be there.
            cockpit.keyrings.shred(person)
            raise HandleTaken("this sign-in name is taken here; choose another") from error
        for slot in slots:
            ways.put_way(connection, Keyring(person, vault_key), slot, now)
        mac_key = heads.mac_key(secrets.source_key)
        for collection in (*OWN_COLLECTIONS, *cockpit.registry.collections):
            heads.begin(connection, mac_key, person, collection, new_collection(vault_key, person, collection))
        sessions.put(connection, session)
        cockpit.ledger.append(connection, Event(EventType.SPACE_OPENED), now, person)
    return OpenedSpace(person, kit, cookie)
