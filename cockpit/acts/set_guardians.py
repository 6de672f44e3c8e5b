"""Set guardians: share a way to open the space among trusted persons, of whom some are enough."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.accounts import ways
from cockpit.accounts.guardians import GuardianShare, checked_plan, shared_among
from cockpit.accounts.slots import Proof, pepper
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.domain.way import WayType
from cockpit.sealing.slots import guardians_slot
from cockpit.store import slots


def set_guardians(
    cockpit: Cockpit, proof: Proof, threshold: int, guardians: Sequence[str]
) -> tuple[GuardianShare, ...]:
    """One share for each guardian, shown once; the shares of an earlier set open nothing any more.

    Raises ``CitizenMustAct`` unless 2 <= threshold <= guardians <= 16, and ``SpaceLocked``.
    """
    plan = checked_plan(threshold, guardians)
    secret, shares = shared_among(plan)
    slot = guardians_slot(proof.keyring.vault_key, secret, pepper(cockpit, proof.person), proof.person)
    now = cockpit.clock()
    with cockpit.database.write(proof.person) as connection:
        before = {way.type for way in ways.ways(connection, proof.keyring, now)}
        slots.remove_types(connection, proof.person, WayType.GUARDIANS)
        ways.put_way(connection, proof.keyring, slot, now, plan)
        fact = EventType.WAY_CHANGED if WayType.GUARDIANS in before else EventType.WAY_ADDED
        cockpit.ledger.append(connection, Event(fact, subject={"way": slot.type.value}), now, proof.person)
    return shares
