"""The ways to open a space as its person knows them: names, dates, drills; and the rules of what must remain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from cockpit.accounts.slots import check_current
from cockpit.domain.errors import CitizenMustAct, NotFound
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.way import LASTING, WayId, WayType
from cockpit.sealing.box import open_under, seal_under
from cockpit.sealing.keyring import Keyring
from cockpit.sealing.slots import Slot
from cockpit.store import slots
from cockpit.store.slots import SlotRow

MOST_PASSKEYS = 10
MAX_LABEL = 60
DRILL_EVERY = timedelta(days=365)
"""How long a drill reassures: after that the person is asked to try again."""
DRILLED = frozenset({WayType.KIT, WayType.GUARDIANS})
"""Ways that lie in a drawer for years: those a person is reminded to try."""


class LastWay(CitizenMustAct):
    """Without this way, nothing lasting would open the space: a passphrase, a kit or guardians must remain."""

    code = "last_way"


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a way: sealed, since the names of guardians are personal.

    ``drilled_at`` is the instant of the last successful drill; ``threshold`` of ``guardians`` are needed.
    ``capacity`` is in which one somebody acts for the person, for a mandate.
    """

    label: str = ""
    drilled_at: str | None = None
    threshold: int = 0
    guardians: tuple[str, ...] = ()
    capacity: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to open the space. ``created_at`` and ``expires`` are instants; ``expires`` is empty for most."""

    id: WayId
    type: WayType
    created_at: str
    expires: str
    about: About

    def drill_due(self, now: datetime) -> bool:
        """Whether the person should try it: never done, or more than a year ago."""
        if self.type not in DRILLED:
            return False
        return self.about.drilled_at is None or now - parse_instant(self.about.drilled_at) > DRILL_EVERY


def ways(connection: Connection, keyring: Keyring, now: datetime) -> tuple[Way, ...]:
    """Every way that opens this space now, oldest first.

    Raises ``Tampered``, or ``SpaceLocked`` when the vault key was rotated meanwhile.
    """
    return tuple(way for way in _all(connection, keyring) if not way.expires or way.expires > instant(now))


def over(connection: Connection, keyring: Keyring, now: datetime) -> tuple[Way, ...]:
    """The ways whose date has come and that were not removed yet. Raises as ``ways``."""
    return tuple(way for way in _all(connection, keyring) if way.expires and way.expires <= instant(now))


def way(connection: Connection, keyring: Keyring, wanted: WayId, now: datetime) -> Way:
    """One way. Raises ``NotFound``."""
    for found in ways(connection, keyring, now):
        if found.id == wanted:
            return found
    raise NotFound("there is no such way to open this space")


def put_way(
    connection: Connection, keyring: Keyring, slot: Slot, now: datetime, about: About | None = None, since: str = ""
) -> None:
    """Keep a new slot with what is said of it; ``since`` is its instant of creation, now when empty.

    Raises ``SpaceLocked`` when the vault key was rotated meanwhile.
    """
    check_current(connection, keyring)
    row = SlotRow(slot, since or instant(now), _sealed(about or About(), slot.id, keyring))
    slots.put(connection, PersonId(keyring.person), row)


def note_drill(connection: Connection, keyring: Keyring, drilled: Way, now: datetime) -> None:
    """Keep the date of a successful drill."""
    about = replace(drilled.about, drilled_at=instant(now))
    slots.set_about(connection, PersonId(keyring.person), drilled.id, _sealed(about, drilled.id, keyring))


def check_lasting(left: Iterable[Way]) -> None:
    """Refuse to leave a space with no lasting way. Raises ``LastWay``."""
    if not any(way.type in LASTING for way in left):
        raise LastWay("a passphrase, an emergency kit or guardians must remain")


def checked_label(typed: str) -> str:
    """A name for a passkey or a guardian, trimmed. Raises ``CitizenMustAct``."""
    label = " ".join(typed.split())
    if not 1 <= len(label) <= MAX_LABEL or not label.isprintable():
        raise CitizenMustAct("a name has 1 to 60 characters", code="bad_label", most=MAX_LABEL)
    return label


def _all(connection: Connection, keyring: Keyring) -> tuple[Way, ...]:
    check_current(connection, keyring)
    return tuple(
        Way(row.slot.id, row.slot.type, row.created_at, row.slot.expires, _about(row, keyring))
        for row in slots.all_of(connection, PersonId(keyring.person))
    )


def _context(way: WayId, person: str) -> str:
    return f"slot about {person} {way}"


def _sealed(about: About, way: WayId, keyring: Keyring) -> bytes:
    return seal_under(keyring.vault_key, msgspec.json.encode(about), _context(way, keyring.person))


def _about(row: SlotRow, keyring: Keyring) -> About:
    plain = open_under(keyring.vault_key, row.sealed_about, _context(row.slot.id, keyring.person))
    return msgspec.json.decode(plain, type=About)
