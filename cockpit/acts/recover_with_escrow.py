"""Recover a space by the operator's escrow: logged to its person first; all it gives is a temporary kit for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from cockpit.accounts import slots as openings
from cockpit.accounts import ways
from cockpit.accounts.kit import new_kit
from cockpit.accounts.passphrase import checked_handle
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import NotFound, OperatorMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.moment import instant
from cockpit.domain.way import WayType
from cockpit.sealing.keyring import Keyring
from cockpit.sealing.slots import open_slot, temporary_kit_slot
from cockpit.store import people, slots

VALID = timedelta(hours=72)
"""How long the temporary kit opens."""
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class TemporaryKit:
    """A kit to hand to the person; it ends at the instant ``expires``, or when they choose a new passphrase."""

    kit: str = field(repr=False)
    expires: str


def recover_with_escrow(cockpit: Cockpit, handle: str, reason: str) -> TemporaryKit:
    """A temporary kit for the person who signs in as ``handle`` and allowed this. ``reason`` is shown to them.

    Raises ``BadHandle``, ``OperatorMustAct`` without a reason of 1 to 200 characters, and ``NotFound`` when nobody
    has that name or the person has not allowed it.
    """
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= MAX_REASON or not reason.isprintable():
        raise OperatorMustAct("say why, in 1 to 200 characters: the person will read it", code="reason")
    tag = people.handle_tag(cockpit.operator, checked_handle(handle))
    with cockpit.database.read() as connection:
        person = people.find_person(connection, tag)
    if person is None:
        raise NotFound("nobody under this name here has allowed it")
    half, now = openings.pepper(cockpit, person), cockpit.clock()
    secret, kit = new_kit()
    with cockpit.database.write(person) as connection:
        found = [row.slot for row in slots.all_of(connection, person) if row.slot.type is WayType.ESCROW]
        if not found:
            raise NotFound("nobody under this name here has allowed it")
        # The entry comes first: no key is opened unless the log has taken it, and no kit leaves unless both are kept.
        event = Event(EventType.ESCROW_USED, subject={"way": WayType.ESCROW.value, "reason": reason})
        cockpit.ledger.append(connection, event, now, person)
        keyring = Keyring(person, open_slot(found[0], found[0].salt, half, person))
        slot = temporary_kit_slot(keyring.vault_key, secret, half, person, instant(now + VALID))
        slots.remove_types(connection, person, WayType.TEMPORARY_KIT)
        ways.put_way(connection, keyring, slot, now)
    return TemporaryKit(kit, slot.expires)
