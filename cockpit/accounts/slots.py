"""Opening the vault key of a known person with one of the secrets they hold, and asking for one again."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from cockpit.accounts.passphrase import normalized
from cockpit.accounts.sessions import Visit, only_the_person
from cockpit.domain.errors import CitizenMustAct, SpaceLocked, Tampered, WrongSecret
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.box import open_under
from cockpit.sealing.keyring import Keyring
from cockpit.sealing.slots import KdfCost, Slot, open_passphrase_slot, open_slot, stretch
from cockpit.store import people, slots
from cockpit.store.engine import Database
from cockpit.store.keyrings import Keyrings

Opener = Callable[[Slot, bytes, PersonId], bytes]
"""Opens a slot, given the operator's pepper and the person."""


class Deployment(Protocol):
    """What opening a slot needs of a deployment."""

    @property
    def database(self) -> Database: ...
    @property
    def keyrings(self) -> Keyrings: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True, slots=True)
class Presented:
    """A secret that somebody presents, and the types of slots that it may open."""

    types: tuple[WayType, ...]
    open: Opener = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A slot that opened, and the vault key it held."""

    way: WayId
    type: WayType
    vault_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """The person just gave a secret of theirs again: asked before the ways to open a space change. See ``prove``."""

    person: PersonId
    keyring: Keyring = field(repr=False)


def by_passphrase(passphrase: str) -> Presented:
    """A passphrase as typed."""
    text = normalized(passphrase)
    return Presented((WayType.PASSPHRASE,), lambda slot, half, person: open_passphrase_slot(slot, text, half, person))


def by_mandate(passphrase: str) -> Presented:
    """A passphrase as typed, of somebody who acts for the person: stretched once for all their mandates."""
    text = normalized(passphrase)
    stretched: dict[tuple[bytes, KdfCost], bytes] = {}

    def opener(slot: Slot, half: bytes, person: PersonId) -> bytes:
        known = (slot.salt, slot.cost)
        if known not in stretched:
            stretched[known] = stretch(text, slot.salt, slot.cost)
        return open_slot(slot, stretched[known], half, person)

    return Presented((WayType.MANDATE,), opener)


def by_kit(secret: bytes) -> Presented:
    """An emergency kit's secret (32 bytes), lasting or temporary."""
    return _by_secret(secret, WayType.KIT, WayType.TEMPORARY_KIT)


def by_guardians(secret: bytes) -> Presented:
    """The secret (32 bytes) that enough guardians' shares gave back."""
    return _by_secret(secret, WayType.GUARDIANS)


def by_passkey(prf_output: bytes) -> Presented:
    """What a passkey's PRF gave (32 bytes) for the salt of its slot."""
    return _by_secret(prf_output, WayType.PASSKEY)


def pepper(deployment: Deployment, person: PersonId) -> bytes:
    """The operator's half of every slot key of this person."""
    return deployment.keyrings.pepper(person)


def open_vault_key(deployment: Deployment, person: PersonId, presented: Presented) -> Opened:
    """The slot that the secret opens, and its vault key.

    Raises ``WrongSecret`` when no slot opens, ``Tampered`` when one opens a key that is not this space's.
    """
    found = _presentable(deployment, person, presented)
    half = pepper(deployment, person) if found else b""
    for slot in found:
        try:
            opened = Opened(slot.id, slot.type, presented.open(slot, half, person))
        except WrongSecret:
            continue
        with deployment.database.read(person) as connection:
            _check_profile(connection, person, opened.vault_key)
        return opened
    raise WrongSecret("this name and secret do not open a space")


def holds(deployment: Deployment, person: PersonId, presented: Presented) -> bool:
    """Whether there is any slot to try the secret on."""
    return bool(_presentable(deployment, person, presented))


def prove(deployment: Deployment, visit: Visit, presented: Presented) -> Proof:
    """Have the person give a secret of theirs once more.

    Raises ``OnlyThePerson`` for somebody who acts for them, ``WrongSecret``, or ``SpaceLocked``.
    """
    only_the_person(visit)
    keyring = unlocked(visit)
    opened = open_vault_key(deployment, visit.person, presented)
    if not hmac.compare_digest(opened.vault_key, keyring.vault_key):
        raise SpaceLocked("the space's key was changed meanwhile; sign in again")
    return Proof(visit.person, keyring)


def unlocked(visit: Visit) -> Keyring:
    """The visit's keyring. Raises ``SpaceLocked``."""
    if visit.keyring is None:
        raise SpaceLocked("the space is locked; give the passphrase to open it")
    return visit.keyring


def check_unused(deployment: Deployment, person: PersonId, passphrase: str, *ways: Callable[[str], Presented]) -> None:
    """Refuse a passphrase by which somebody already enters: who acts could not be told. Raises ``CitizenMustAct``."""
    for way in ways:
        try:
            open_vault_key(deployment, person, way(passphrase))
        except WrongSecret:
            continue
        raise CitizenMustAct("somebody already enters with this passphrase", code="passphrase_in_use")


def check_current(connection: Connection, keyring: Keyring) -> None:
    """Refuse, inside a transaction, a vault key that was rotated meanwhile: what it sealed would open nothing.

    Raises ``SpaceLocked``.
    """
    try:
        _check_profile(connection, PersonId(keyring.person), keyring.vault_key)
    except Tampered as error:
        raise SpaceLocked("the space's key was changed meanwhile; sign in again") from error


def same_work_for_nobody(memory_kib: int) -> None:
    """The work of a real attempt, for a name nobody has, so that the time taken does not tell who has a space."""
    stretch("nobody", bytes(16), KdfCost(memory_kib))


def _presentable(deployment: Deployment, person: PersonId, presented: Presented) -> list[Slot]:
    now = instant(deployment.clock())
    with deployment.database.read(person) as connection:
        return [
            row.slot
            for row in slots.all_of(connection, person)
            if row.slot.type in presented.types and not (row.slot.expires and row.slot.expires <= now)
        ]


def _by_secret(secret: bytes, *types: WayType) -> Presented:
    return Presented(types, lambda slot, half, person: open_slot(slot, secret, half, person))


def _check_profile(connection: Connection, person: PersonId, vault_key: bytes) -> None:
    open_under(vault_key, people.sealed_profile(connection, person), f"profile {person}")
