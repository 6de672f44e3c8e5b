"""Slots: wrapped copies of the vault key, each opened by one secret joined with the operator's pepper.

A slot key is HKDF(slot secret || pepper) under the label of its type. What stands beside a wrapped copy (owner, id,
type, salt, Argon2id cost, end) is authenticated with it: a row moved, swapped, or made cheaper opens nothing.
"""

from __future__ import annotations

import os
import threading
import uuid
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from cockpit.domain.errors import Tampered, WrongSecret
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.box import KEY_BYTES, derive, new_key, open_under, seal_under

SALT_BYTES = 16

_argon2_turns = threading.BoundedSemaphore(2)
# Argon2id takes its memory for each run: more than two at once would let sign-ins exhaust the machine.


@dataclass(frozen=True, slots=True)
class KdfCost:
    """Argon2id parameters (RFC 9106): memory in KiB, iterations, lanes."""

    memory_kib: int = 64 * 1024
    iterations: int = 3
    lanes: int = 1


NO_STRETCHING = KdfCost(0, 0, 0)
"""The cost of a slot whose secret has full entropy."""
HIGHEST_COST = KdfCost(1024 * 1024, 16, 8)
"""What a stored cost may ask at most: an edited row must not exhaust the machine."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One wrapped copy of a vault key.

    ``salt`` is Argon2id's for a passphrase, the input of the PRF for a passkey, the random half of the key for an
    escrow, empty for the others. ``expires`` is an instant, or empty.
    """

    id: WayId
    type: WayType
    salt: bytes
    cost: KdfCost
    expires: str
    wrapped: bytes = field(repr=False)

    def context(self, person: str) -> str:
        """All that is authenticated with the wrapped key."""
        cost = f"{self.cost.memory_kib} {self.cost.iterations} {self.cost.lanes}"
        return f"slot v2 {self.type} {person} {self.id} {self.salt.hex()} {cost} {self.expires}"


def stretch(passphrase: str, salt: bytes, cost: KdfCost) -> bytes:
    """32 bytes from a passphrase (Argon2id, RFC 9106). Takes a quarter of a second and 64 MiB at the default cost.

    Raises ``Tampered`` for a cost that no slot of ours has.
    """
    if not (
        8 * cost.lanes <= cost.memory_kib <= HIGHEST_COST.memory_kib
        and 1 <= cost.iterations <= HIGHEST_COST.iterations
        and 1 <= cost.lanes <= HIGHEST_COST.lanes
        and len(salt) == SALT_BYTES
    ):
        raise Tampered("a slot asks for a stretching that was never ours")
    with _argon2_turns:
        return Argon2id(
            salt=salt, length=KEY_BYTES, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib
        ).derive(passphrase.encode())


def passphrase_slot(vault_key: bytes, passphrase: str, pepper: bytes, cost: KdfCost, person: str) -> Slot:
    """A slot that the passphrase opens, with the operator's pepper: a stolen database cannot be guessed at."""
    salt = os.urandom(SALT_BYTES)
    return _sealed(WayType.PASSPHRASE, vault_key, stretch(passphrase, salt, cost), pepper, person, salt, cost)


def kit_slot(vault_key: bytes, kit_secret: bytes, pepper: bytes, person: str) -> Slot:
    """A slot that the emergency kit opens: 256 random bits, so no stretching."""
    return _sealed(WayType.KIT, vault_key, kit_secret, pepper, person)


def temporary_kit_slot(vault_key: bytes, kit_secret: bytes, pepper: bytes, person: str, expires: str) -> Slot:
    """A slot for a kit that ends at the instant ``expires``."""
    return _sealed(WayType.TEMPORARY_KIT, vault_key, kit_secret, pepper, person, expires=expires)


def guardians_slot(vault_key: bytes, master_secret: bytes, pepper: bytes, person: str) -> Slot:
    """A slot that the secret shared among guardians opens (see ``cockpit.sealing.shares``)."""
    return _sealed(WayType.GUARDIANS, vault_key, master_secret, pepper, person)


def new_prf_salt() -> bytes:
    """The 32 random bytes to give a passkey's PRF as its input (WebAuthn Level 3, section 10.1.4)."""
    return new_key()


def passkey_slot(
    vault_key: bytes, prf_output: bytes, prf_salt: bytes, pepper: bytes, person: str, way: WayId | None = None
) -> Slot:
    """A slot that a passkey opens by the output of its PRF (32 bytes) for ``prf_salt``; ``way`` keeps a known id."""
    return _sealed(WayType.PASSKEY, vault_key, prf_output, pepper, person, prf_salt, way=way)


def escrow_slot(vault_key: bytes, pepper: bytes, person: str) -> Slot:
    """A slot that the operator opens: half of its key lies in it, the other half is the pepper that they unwrap."""
    salt = new_key()
    return _sealed(WayType.ESCROW, vault_key, salt, pepper, person, salt)


def new_salt() -> bytes:
    """A fresh salt for Argon2id (16 random bytes)."""
    return os.urandom(SALT_BYTES)


def mandate_slot(
    vault_key: bytes, passphrase: str, salt: bytes, pepper: bytes, cost: KdfCost, person: str, expires: str
) -> Slot:
    """A slot that the passphrase of somebody who acts for the person opens, until the instant ``expires``.

    All mandates of one person share ``salt`` and ``cost``, so that trying a passphrase on all of them is one
    stretching, and takes as long whether there are any or none.
    """
    secret = stretch(passphrase, salt, cost)
    return _sealed(WayType.MANDATE, vault_key, secret, pepper, person, salt, cost, expires)


def open_passphrase_slot(slot: Slot, passphrase: str, pepper: bytes, person: str) -> bytes:
    """The vault key. Raises ``WrongSecret`` or ``Tampered``."""
    return open_slot(slot, stretch(passphrase, slot.salt, slot.cost), pepper, person)


def open_slot(slot: Slot, secret: bytes, pepper: bytes, person: str) -> bytes:
    """The vault key, by a secret of full entropy (32 bytes). Raises ``WrongSecret``."""
    try:
        return open_under(_slot_key(slot.type, secret, pepper), slot.wrapped, slot.context(person))
    except Tampered as error:
        raise WrongSecret("this secret does not open the space") from error


def _sealed(
    type: WayType,
    vault_key: bytes,
    secret: bytes,
    pepper: bytes,
    person: str,
    salt: bytes = b"",
    cost: KdfCost = NO_STRETCHING,
    expires: str = "",
    way: WayId | None = None,
) -> Slot:
    bare = Slot(way or WayId(uuid.uuid4().hex), type, salt, cost, expires, b"")
    wrapped = seal_under(_slot_key(type, secret, pepper), vault_key, bare.context(person))
    return Slot(bare.id, type, salt, cost, expires, wrapped)


def _slot_key(type: WayType, secret: bytes, pepper: bytes) -> bytes:
    if len(secret) != KEY_BYTES:
        raise WrongSecret("this secret does not open the space")
    return derive(secret + pepper, f"slot {type}")
