"""A cockpit that was lived in, on loopback, and auditors' houses that know only its address and their mandate."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from joserfc.jwk import OKPKey

from cockpit.accounts.sessions import Visit
from cockpit.acts.give_audit_mandate import give_audit_mandate
from cockpit.acts.open_space import open_space
from cockpit.acts.register_service import register_service
from cockpit.acts.visits import recognise
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.audit.house import House, begin, join
from cockpit.audit.line import Line
from cockpit.audit.queries import QUERIES, Asked, Table
from cockpit.audit.sync import sync
from cockpit.domain.audit_mandate import AuditorMandate, Scope
from cockpit.domain.ids import ConsentId
from tests.conftest import PASSPHRASE
from tests.walks.conftest import Running
from tests.web.calling import deposit
from tests.web.furnished import coach, give_and_read

EVERYTHING = tuple(Scope)


@dataclass
class Audited:
    """A running cockpit with one person in it: one consent in force, one withdrawn."""

    running: Running
    visit: Visit
    live: ConsentId
    withdrawn: ConsentId


def lived_in(running: Running) -> Audited:
    """Somebody opens a space, says yes twice, is read, and withdraws once."""
    cockpit = running.cockpit
    register_service(cockpit, coach())
    visit = recognise(cockpit, open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr").cookie)
    assert visit is not None
    deposit(cockpit, visit)
    live, withdrawn = give_and_read(cockpit, visit), give_and_read(cockpit, visit)
    withdraw_consent(cockpit, visit.person, withdrawn)
    return Audited(running, visit, live, withdrawn)


@dataclass
class Auditor:
    """An auditor with a house of their own, joined to a cockpit under a mandate."""

    house: House
    mandate: AuditorMandate
    running: Running
    lies: list[Callable[[httpx2.Request, Any], Any]] = field(default_factory=list)

    @contextmanager
    def line(self, mandate: str = "", key: OKPKey | None = None) -> Iterator[Line]:
        """The line to the cockpit, which changes answers on the way when there are ``lies``."""
        known = key or OKPKey.import_key(self.house.key_pem())
        with httpx2.Client(transport=Lying(self.lies), timeout=60) as http:
            yield Line(http, self.running.address, mandate or self.mandate.id, known, self.running.cockpit.clock)

    def sync(self) -> None:
        with self.line() as line:
            sync(self.house, line)

    def ask(self, name: str, asked: Asked | None = None) -> Table:
        with self.house.reading() as kept:
            return QUERIES[name](kept, asked or Asked())


class Lying(httpx2.BaseTransport):
    """A cockpit that says something else than it keeps: the real one's answers, changed on their way."""

    def __init__(self, lies: list[Callable[[httpx2.Request, Any], Any]]) -> None:
        self._lies, self._real = lies, httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._real.handle_request(request)
        body = answer.read()
        if answer.status_code != 200 or not self._lies:
            return httpx2.Response(answer.status_code, content=body)
        said = msgspec.json.decode(body)
        for lie in self._lies:
            said = lie(request, said)
        return httpx2.Response(200, content=msgspec.json.encode(said))

    def close(self) -> None:
        self._real.close()


def auditor(running: Running, folder: Path, name: str = "Ada Audit", scopes: tuple[Scope, ...] = EVERYTHING) -> Auditor:
    """A mandate for a month, and a house that joined."""
    public = begin(folder)
    last_day = running.cockpit.clock().date() + timedelta(days=30)
    mandate = give_audit_mandate(running.cockpit, name, scopes, last_day, public)
    house = House(folder)
    join(house, running.address, mandate.id, None)
    return Auditor(house, mandate, running)


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The house's own process."""
    return subprocess.run(
        [sys.executable, "-m", "cockpit_web_audit", "--house", str(folder), *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
