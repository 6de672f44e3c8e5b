"""Sessions: the vault key under a random key that lives only in the cookie. Neither row nor cookie opens alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from cockpit.domain.consent_record import Authentication
from cockpit.domain.errors import CitizenMustAct, SpaceLocked
from cockpit.domain.ids import PersonId
from cockpit.domain.mandate import Mandate
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.way import WayType
from cockpit.sealing.box import KEY_BYTES, derive, new_key, open_under, seal_under
from cockpit.sealing.keyring import Keyring
from cockpit.store import sessions
from cockpit.store.sessions import SessionRow

_ACR = "urn:mesinfos-cockpit:way:"
"""What begins an ``acr`` (OpenID Connect Core section 2): the sort of the secret follows."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody signed in. ``keyring`` is None while the space is locked; the name is then unknown too.

    ``person`` is whose space it is; ``mandate`` is None when they came themselves, else who acts for them;
    ``authentication`` is how they proved who they are.
    """

    person: PersonId
    session: str
    keyring: Keyring | None = field(repr=False)
    name: str = field(repr=False)
    language: str
    mandate: Mandate | None = None
    authentication: Authentication | None = None


class OnlyThePerson(CitizenMustAct):
    """Somebody who acts for the person asked for what is the person's alone."""

    code = "only_the_person"


def only_the_person(visit: Visit) -> None:
    """Refuse somebody who acts for the person. Raises ``OnlyThePerson``."""
    if visit.mandate is not None:
        raise OnlyThePerson("only the person can do this; a mandate does not reach so far")


def unlocked(visit: Visit) -> Keyring:
    """The keys of a visit's open space. Raises ``SpaceLocked``."""
    if visit.keyring is None:
        raise SpaceLocked("the space is locked; give the passphrase to open it")
    return visit.keyring


def new_session(
    person: PersonId, vault_key: bytes, way: WayType, now: datetime, mandate: Mandate | None = None
) -> tuple[str, SessionRow]:
    """A cookie (43 characters, the only place its key lives) and the row to keep. ``way`` is what opened the space."""
    secret = new_key()
    cookie = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return cookie, session_row(person, cookie, vault_key, way, now, mandate)


def session_row(
    person: PersonId, cookie: str, vault_key: bytes, way: WayType, now: datetime, mandate: Mandate | None = None
) -> SessionRow:
    """The row of ``cookie`` with the vault key sealed anew: a sign-in, or an unlock in the same session."""
    secret, at = _secret(cookie), instant(now)
    session_hash = hashlib.sha256(secret).hexdigest()
    by = (mandate.id, mandate.capacity.value) if mandate else ("", "")
    sealed = seal_under(derive(secret, "session"), vault_key, _context(person, way, *by))
    return SessionRow(session_hash, person, sealed, at, at, way, *by)


def session_hash(cookie: str) -> str | None:
    """The hash under which a cookie's session is stored, or None when it is no cookie of ours."""
    try:
        secret = _secret(cookie)
    except (binascii.Error, ValueError):
        return None
    return hashlib.sha256(secret).hexdigest() if len(secret) == KEY_BYTES else None


def opened(row: SessionRow, cookie: str) -> bytes | None:
    """The vault key, or None when the session is locked. Raises ``Tampered``."""
    if row.sealed_vault_key is None:
        return None
    return open_under(
        derive(_secret(cookie), "session"),
        row.sealed_vault_key,
        _context(row.person, row.way, row.mandate, row.capacity),
    )


def idle(row: SessionRow, now: datetime, minutes: int) -> bool:
    """Whether the space must lock: no request for so long."""
    return now - parse_instant(row.seen_at) > timedelta(minutes=minutes)


def over(row: SessionRow, now: datetime, hours: int) -> bool:
    """Whether the person is signed out: the session is too old."""
    return now - parse_instant(row.opened_at) > timedelta(hours=hours)


def sweep(connection: Connection, now: datetime, minutes: int, hours: int) -> None:
    """Lock every idle session and end every old one, of anybody: a key must not wait for a cookie to come back."""
    sessions.forget_keys_unused_since(connection, instant(now - timedelta(minutes=minutes)))
    sessions.remove_opened_before(connection, instant(now - timedelta(hours=hours)))


def authentication(way: WayType, at: str) -> Authentication:
    """How somebody proved who they are, as a record says it: by the sort of secret that opened the space, when."""
    return Authentication(f"{_ACR}{way.value}", way.value, at)


def _context(person: PersonId, way: WayType, mandate: str, capacity: str) -> str:
    # Whoever edits a row so that an actor looks like the person, or came in another way, finds that its key opens no
    # more.
    return f"session {person} {way.value} {mandate} {capacity}".rstrip()


def _secret(cookie: str) -> bytes:
    return base64.b64decode(cookie + "=" * (-len(cookie) % 4), altchars=b"-_", validate=True)
