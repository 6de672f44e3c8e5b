"""Add a passkey as a way to open a space, by the output of its PRF (WebAuthn Level 3, section 10.1.4)."""

from __future__ import annotations

from cockpit.accounts import ways
from cockpit.accounts.slots import Proof, pepper
from cockpit.accounts.ways import MOST_PASSKEYS, About, checked_label
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.box import KEY_BYTES
from cockpit.sealing.slots import passkey_slot


def add_passkey(cockpit: Cockpit, proof: Proof, prf_salt: bytes, prf_output: bytes, label: str) -> WayId:
    """Let a passkey open the space. ``prf_salt`` is what its PRF was given, ``prf_output`` its answer: 32 bytes each.

    Raises ``LastWay`` when the person holds no passphrase, kit or guardians: a passkey is never the only way.
    """
    label = checked_label(label)
    if len(prf_salt) != KEY_BYTES or len(prf_output) != KEY_BYTES:
        raise CitizenMustAct("this passkey cannot open a space: its PRF gives no 32 bytes", code="passkey_without_prf")
    slot = passkey_slot(proof.keyring.vault_key, prf_output, prf_salt, pepper(cockpit, proof.person), proof.person)
    now = cockpit.clock()
    with cockpit.database.write(proof.person) as connection:
        held = ways.ways(connection, proof.keyring, now)
        ways.check_lasting(held)
        if sum(way.type is WayType.PASSKEY for way in held) >= MOST_PASSKEYS:
            raise CitizenMustAct("there are ten passkeys already; remove one first", code="too_many_passkeys")
        ways.put_way(connection, proof.keyring, slot, now, About(label))
        event = Event(EventType.WAY_ADDED, subject={"way": slot.type.value})
        cockpit.ledger.append(connection, event, now, proof.person)
    return slot.id
