"""Give a mandate: somebody named may act for the person until a day, with a passphrase of their own."""

from __future__ import annotations

from cockpit.accounts import mandates, ways
from cockpit.accounts.mandates import MOST_MANDATES, mandate_of
from cockpit.accounts.passphrase import checked_passphrase
from cockpit.accounts.slots import Proof, by_mandate, by_passphrase, check_unused, pepper
from cockpit.accounts.ways import About, checked_label
from cockpit.acts.cockpit import Cockpit
from cockpit.consent.mandates import end_of_mandate
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.mandate import Capacity, Mandate
from cockpit.domain.way import WayType
from cockpit.sealing.slots import KdfCost, mandate_slot, new_salt
from cockpit.store import slots


def give_mandate(
    cockpit: Cockpit, proof: Proof, name: str, capacity: Capacity, last_day: str, passphrase: str
) -> Mandate:
    """Let ``name`` act for the person until the end of ``last_day`` (``YYYY-MM-DD``), with ``passphrase``.

    Raises ``BadPassphrase``, ``SpaceLocked``, and ``CitizenMustAct`` for a bad name, a bad day, a passphrase that
    already opens this space, or a sixth mandate.
    """
    about = About(checked_label(name), capacity=capacity.value)
    now, passphrase = cockpit.clock(), checked_passphrase(passphrase)
    until = end_of_mandate(capacity, last_day, now)
    check_unused(cockpit, proof.person, passphrase, by_passphrase, by_mandate)
    with cockpit.database.read(proof.person) as connection:
        rows = [row.slot for row in slots.all_of(connection, proof.person) if row.slot.type is WayType.MANDATE]
    salt, cost = (rows[0].salt, rows[0].cost) if rows else (new_salt(), KdfCost(cockpit.settings.argon2_memory_kib))
    half = pepper(cockpit, proof.person)
    slot = mandate_slot(proof.keyring.vault_key, passphrase, salt, half, cost, proof.person, until)
    with cockpit.database.write(proof.person) as connection:
        held = mandates.in_order(connection, proof.keyring, now)
        if len(held) >= MOST_MANDATES:
            raise CitizenMustAct("there are five mandates already; end one first", code="too_many_mandates")
        ways.put_way(connection, proof.keyring, slot, now, about)
        given = mandate_of(ways.way(connection, proof.keyring, slot.id, now))
        cockpit.ledger.append(connection, mandates.given(given), now, proof.person)
    return given
