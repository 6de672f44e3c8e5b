"""What the cockpit calls a person and in which language: sealed under the vault key, since a name is personal too."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from cockpit.domain.ids import PersonId
from cockpit.sealing.box import open_under, seal_under
from cockpit.store import people


@dataclass(frozen=True, slots=True)
class Profile:
    """A name to show and a language, ``fr`` or ``en``."""

    name: str
    language: str


def seal_profile(vault_key: bytes, profile: Profile, person: PersonId) -> bytes:
    """The profile as it is stored."""
    return seal_under(vault_key, msgspec.json.encode(profile), f"profile {person}")


def open_profile(connection: Connection, vault_key: bytes, person: PersonId) -> Profile:
    """The person's profile. Raises ``NotFound`` or ``Tampered``."""
    plain = open_under(vault_key, people.sealed_profile(connection, person), f"profile {person}")
    return msgspec.json.decode(plain, type=Profile)


def reseal_profile(connection: Connection, person: PersonId, old: bytes, new: bytes) -> None:
    """Seal the profile anew under another vault key. Raises ``Tampered``."""
    people.set_sealed_profile(connection, person, seal_profile(new, open_profile(connection, old, person), person))
