"""A person and what they hold, as the tests of keys use them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select

from cockpit.accounts.sessions import Visit
from cockpit.accounts.slots import Proof, by_passphrase, prove
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import HistoryLine, history
from cockpit.acts.list_ways import list_ways
from cockpit.acts.visits import recognise
from cockpit.domain.way import WayType
from cockpit.store import tables
from cockpit.store.walls import EVERYONE
from tests.conftest import PASSPHRASE


@dataclass(frozen=True)
class Authenticator:
    """A passkey's PRF, the same output for the same input (WebAuthn Level 3, section 10.1.4), without a browser."""

    credential: bytes

    def prf(self, salt: bytes) -> bytes:
        return hashlib.blake2b(b"WebAuthn PRF\x00" + salt, key=self.credential, digest_size=32).digest()


def proof_of(cockpit: Cockpit, visit: Visit, passphrase: str = PASSPHRASE) -> Proof:
    return prove(cockpit, visit, by_passphrase(passphrase))


def types(cockpit: Cockpit, visit: Visit) -> list[WayType]:
    return sorted(way.type for way in list_ways(cockpit, visit))


def here(cockpit: Cockpit, cookie: str) -> Visit:
    found = recognise(cockpit, cookie)
    assert found is not None
    return found


def told(cockpit: Cockpit, visit: Visit) -> list[HistoryLine]:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return list(history(reader))


def slot_rows(cockpit: Cockpit) -> list[dict[str, object]]:
    with cockpit.database.read(EVERYONE) as connection:
        return [dict(row) for row in connection.execute(select(tables.key_slot)).mappings()]
