"""Find whose space a sign-in name is, for the shell: adding to it needs no key, reading it does."""

from __future__ import annotations

from cockpit.accounts import slots
from cockpit.accounts.passphrase import checked_handle
from cockpit.accounts.profile import open_profile
from cockpit.accounts.sessions import Visit, authentication
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import NotFound
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant
from cockpit.sealing.keyring import Keyring
from cockpit.store import people


def find_space(cockpit: Cockpit, handle: str) -> PersonId:
    """The person who signs in as ``handle``. Raises ``NotFound`` or ``BadHandle``."""
    tag = people.handle_tag(cockpit.operator, checked_handle(handle))
    with cockpit.database.read() as connection:
        person = people.find_person(connection, tag)
    if person is None:
        raise NotFound("nobody has a space under this name here")
    return person


def visit_once(cockpit: Cockpit, handle: str, passphrase: str) -> Visit:
    """A visit without a session, for one command. Raises ``NotFound``, ``BadHandle`` or ``WrongSecret``."""
    person = find_space(cockpit, handle)
    opened = slots.open_vault_key(cockpit, person, slots.by_passphrase(passphrase))
    vault_key, proved = opened.vault_key, authentication(opened.type, instant(cockpit.clock()))
    with cockpit.database.read(person) as connection:
        profile = open_profile(connection, vault_key, person)
    return Visit(person, "", Keyring(person, vault_key), profile.name, profile.language, authentication=proved)
