"""A visit: recognise who comes with a cookie, lock, unlock, sign out."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from cockpit.accounts import mandates, slots
from cockpit.accounts.profile import open_profile
from cockpit.accounts.sessions import (
    Visit,
    authentication,
    idle,
    only_the_person,
    opened,
    over,
    session_hash,
    session_row,
    sweep,
)
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import OperatorMustAct, SpaceLocked, WrongSecret
from cockpit.domain.mandate import Capacity, Mandate
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.way import WayId
from cockpit.sealing.keyring import Keyring
from cockpit.store import sessions
from cockpit.store.sessions import SessionRow

TOUCH_EVERY = timedelta(minutes=1)
"""How often a visit is noted: not at each request, which would make every page a write."""


def recognise(cockpit: Cockpit, cookie: str) -> Visit | None:
    """Who this is, or None. An idle space is locked on the way: its stored key is destroyed."""
    hashed = session_hash(cookie)
    if hashed is None:
        return None
    now = cockpit.clock()
    with cockpit.database.read() as connection:
        row = sessions.find(connection, hashed)
    if row is None:
        return None
    locked = idle(row, now, cockpit.settings.idle_minutes)
    if locked or row.sealed_vault_key is None:
        cockpit.indexes.drop(hashed)
    if over(row, now, cockpit.settings.session_hours):
        _end(cockpit, hashed)
        return None
    if locked and row.sealed_vault_key is not None:
        with cockpit.database.write() as connection:
            sessions.forget_key(connection, hashed)
    vault_key = None if locked else opened(row, cookie)
    mandate = None
    if row.mandate:
        mandate = _mandate(cockpit, row, vault_key, now)
        if mandate is None:
            _end(cockpit, hashed)
            return None
    proved = authentication(row.way, row.opened_at)
    if vault_key is None:
        return Visit(row.person, hashed, None, "", "", mandate, proved)
    if now - parse_instant(row.seen_at) > TOUCH_EVERY:
        # On a full disk a visit cannot be noted, and reading goes on all the same: at worst the space locks too soon.
        with suppress(OperatorMustAct), cockpit.database.write() as connection:
            sessions.touch(connection, hashed, instant(now))
            sweep(connection, now, cockpit.settings.idle_minutes, cockpit.settings.session_hours)
    with cockpit.database.read(row.person) as connection:
        profile = open_profile(connection, vault_key, row.person)
    return Visit(row.person, hashed, Keyring(row.person, vault_key), profile.name, profile.language, mandate, proved)


def _mandate(cockpit: Cockpit, row: SessionRow, vault_key: bytes | None, now: datetime) -> Mandate | None:
    """The mandate by which a session was opened, or None when it is over."""
    with cockpit.database.read(row.person) as connection:
        keyring = Keyring(row.person, vault_key) if vault_key else None
        return mandates.in_force(connection, row.person, WayId(row.mandate), Capacity(row.capacity), keyring, now)


def _end(cockpit: Cockpit, session: str) -> None:
    with cockpit.database.write() as connection:
        sessions.remove(connection, session)
    cockpit.indexes.drop(session)


def lock(cockpit: Cockpit, visit: Visit) -> None:
    """Lock the space now, in this session; the person stays signed in."""
    cockpit.indexes.drop(visit.session)
    with cockpit.database.write() as connection:
        sessions.forget_key(connection, visit.session)


def unlock(cockpit: Cockpit, visit: Visit, cookie: str, passphrase: str) -> None:
    """Unlock the space in the same session, as the same person or actor.

    Raises ``WrongSecret``, or ``SpaceLocked`` when the session has ended.
    """
    presented = slots.by_mandate(passphrase) if visit.mandate else slots.by_passphrase(passphrase)
    opened_slot = slots.open_vault_key(cockpit, visit.person, presented)
    if visit.mandate and opened_slot.way != visit.mandate.id:
        raise WrongSecret("this name and secret do not open a space")
    with cockpit.database.write() as connection:
        # Ended meanwhile, from another device: an unlock must not bring the session back.
        if sessions.find(connection, visit.session) is None:
            raise SpaceLocked("this session has ended; sign in again")
        sessions.put(
            connection,
            session_row(visit.person, cookie, opened_slot.vault_key, opened_slot.type, cockpit.clock(), visit.mandate),
        )


def sign_out(cockpit: Cockpit, visit: Visit) -> None:
    """End this session."""
    _end(cockpit, visit.session)


def sign_out_elsewhere(cockpit: Cockpit, visit: Visit) -> None:
    """End every other session of this person. Raises ``OnlyThePerson``."""
    only_the_person(visit)
    cockpit.indexes.drop_person(visit.person, but=visit.session)
    with cockpit.database.write() as connection:
        sessions.remove_others(connection, visit.person, visit.session)


def sign_out_everywhere(cockpit: Cockpit, visit: Visit) -> None:
    """End every session of this person, this one too: every stored copy of the vault key is destroyed.

    Raises ``OnlyThePerson``.
    """
    only_the_person(visit)
    cockpit.indexes.drop_person(visit.person)
    with cockpit.database.write() as connection:
        sessions.remove_all(connection, visit.person)
