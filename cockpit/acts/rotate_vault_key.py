"""Rotate the vault key: a new one, everything sealed under the old one sealed anew, in one transaction.

The collection keys beneath are reached by the new key alone, and make place for new ones the next time the space is
tended; running consents go on. A way whose secret is not at hand cannot be moved to the new key, so it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection

from cockpit.accounts import slots as openings
from cockpit.accounts import ways
from cockpit.accounts.guardians import GuardianShare, shared_among
from cockpit.accounts.kit import new_kit
from cockpit.accounts.mandates import ended, mandate_of
from cockpit.accounts.passphrase import normalized
from cockpit.accounts.profile import reseal_profile
from cockpit.accounts.sessions import Visit, session_hash, session_row
from cockpit.accounts.ways import About, Way
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import NotFound, SpaceLocked, WrongSecret
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.box import new_key
from cockpit.sealing.keyring import Keyring
from cockpit.sealing.slots import KdfCost, Slot, guardians_slot, kit_slot, open_slot, passkey_slot, passphrase_slot
from cockpit.store import heads, sessions, slots
from cockpit.store.resealing import reseal_collections


class Fate(StrEnum):
    """What a rotation does to a way: the same secret goes on, a new one replaces it, or it ends."""

    KEPT = "kept"
    RENEWED = "renewed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Rotated:
    """The new kit, and the new shares when there were guardians to renew; both shown once."""

    kit: str = field(repr=False)
    shares: tuple[GuardianShare, ...] = field(repr=False)


def fate(way: Way, *, guardians_again: bool = False, passkeys_at_hand: bool = False) -> Fate:
    """What a rotation would do to this way, to be told before."""
    match way.type:
        case WayType.PASSPHRASE:
            return Fate.KEPT
        case WayType.KIT:
            return Fate.RENEWED
        case WayType.GUARDIANS:
            return Fate.RENEWED if guardians_again else Fate.ENDED
        case WayType.PASSKEY:
            return Fate.KEPT if passkeys_at_hand else Fate.ENDED
        case WayType.ESCROW | WayType.TEMPORARY_KIT | WayType.MANDATE:
            return Fate.ENDED


def rotate_vault_key(
    cockpit: Cockpit,
    visit: Visit,
    cookie: str,
    passphrase: str,
    *,
    guardians_again: bool = False,
    passkeys: Mapping[WayId, bytes] | None = None,
) -> Rotated:
    """Give the space a new vault key; every other session ends, this one goes on.

    ``passkeys`` are the PRF outputs (32 bytes) of those at hand, by way; the others end, as does the escrow. With
    ``guardians_again`` the same guardians get new shares. Raises ``WrongSecret`` for the passphrase or a passkey,
    ``NotFound`` for a passkey that is none, ``SpaceLocked``.
    """
    if session_hash(cookie) != visit.session:
        raise SpaceLocked("the cookie is not this session's")
    proof = openings.prove(cockpit, visit, openings.by_passphrase(passphrase))
    person, old, now = proof.person, proof.keyring, cockpit.clock()
    new, half = Keyring(person, new_key()), openings.pepper(cockpit, person)
    secret, kit = new_kit()
    cost = KdfCost(cockpit.settings.argon2_memory_kib)
    fresh = passphrase_slot(new.vault_key, normalized(passphrase), half, cost, person)
    shares: tuple[GuardianShare, ...] = ()
    with cockpit.database.write(person) as connection:
        held = ways.ways(connection, old, now)
        kept = _moved_passkeys(connection, old, new, half, held, passkeys or {})
        slots.remove_all(connection, person)
        reseal_profile(connection, person, old.vault_key, new.vault_key)
        reseal_collections(connection, person, old.vault_key, new.vault_key)
        for slot, way in kept:
            ways.put_way(connection, new, slot, now, way.about, way.created_at)
        (known,) = (way for way in held if way.type is WayType.PASSPHRASE)
        ways.put_way(connection, new, fresh, now, known.about, known.created_at)
        ways.put_way(connection, new, kit_slot(new.vault_key, secret, half, person), now)
        plan = next((way.about for way in held if way.type is WayType.GUARDIANS), None)
        if guardians_again and plan is not None:
            shared, shares = shared_among(plan)
            about = About(threshold=plan.threshold, guardians=plan.guardians)
            ways.put_way(connection, new, guardians_slot(new.vault_key, shared, half, person), now, about)
        sessions.remove_all(connection, person)
        sessions.put(connection, session_row(person, cookie, new.vault_key, WayType.PASSPHRASE, now))
        heads.ask_rotation_of_all(connection, cockpit.spaces.mac_key(person), person)
        for way in held:
            if way.type is WayType.MANDATE:
                cockpit.ledger.append(connection, ended(mandate_of(way), "rotation"), now, person)
        cockpit.ledger.append(connection, Event(EventType.VAULT_KEY_ROTATED), now, person)
    cockpit.indexes.drop_person(person)
    return Rotated(kit, shares)


def _moved_passkeys(
    connection: Connection,
    old: Keyring,
    new: Keyring,
    half: bytes,
    held: tuple[Way, ...],
    passkeys: Mapping[WayId, bytes],
) -> list[tuple[Slot, Way]]:
    """The slots of the passkeys at hand under the new key, each tried on the old one first."""
    rows = {row.slot.id: row.slot for row in slots.all_of(connection, PersonId(old.person))}
    known = {way.id: way for way in held if way.type is WayType.PASSKEY}
    moved = []
    for way, output in passkeys.items():
        if way not in known:
            raise NotFound("there is no such way to open this space")
        if open_slot(rows[way], output, half, old.person) != old.vault_key:
            raise WrongSecret("this secret does not open the space")
        moved.append((passkey_slot(new.vault_key, output, rows[way].salt, half, old.person, way), known[way]))
    return moved
