"""Opening the vault key of a known person with one of their slots."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.domain.errors import WrongSecret
from cockpit.domain.ids import PersonId
from cockpit.sealing.keyring import KdfCost, Slot, open_kit_slot, open_passphrase_slot, stretch
from cockpit.store import people
from cockpit.store.engine import Database
from cockpit.store.keyrings import Keyrings

Opener = Callable[[Slot, bytes, PersonId], bytes]
"""Opens a slot, given the operator's pepper and the person."""


def by_passphrase(passphrase: str) -> tuple[str, Opener]:
    """The slot type and opener of a passphrase."""
    return "passphrase", lambda slot, pepper, person: open_passphrase_slot(slot, passphrase, pepper, person)


def by_kit(secret: bytes) -> tuple[str, Opener]:
    """The slot type and opener of an emergency kit's secret (32 bytes)."""
    return "kit", lambda slot, pepper, person: open_kit_slot(slot, secret, pepper, person)


def open_vault_key(database: Database, keyrings: Keyrings, person: PersonId, way: tuple[str, Opener]) -> bytes:
    """The vault key. Raises ``WrongSecret`` when the slot is missing or does not open."""
    slot_type, opener = way
    with database.read(person) as connection:
        slot = people.find_slot(connection, person, slot_type)
    if slot is None:
        raise WrongSecret("this name and secret do not open a space")
    return opener(slot, keyrings.pepper(person), person)


def same_work_for_nobody(memory_kib: int) -> None:
    """The work of a real attempt, for a name nobody has, so that the time taken does not tell who has a space."""
    stretch("nobody", bytes(16), KdfCost(memory_kib))
