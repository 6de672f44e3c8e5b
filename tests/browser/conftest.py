"""A real browser on a real server: the system's Chromium, which may reach this machine and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import uvicorn
from playwright.sync_api import BrowserContext, ConsoleMessage

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.settings import Settings
from cockpit_web.app import create_app
from cockpit_web.visitor import DemonstrationDoor
from tests.conftest import PASSPHRASE
from tests.web.furnished import furnish


@dataclass(frozen=True, slots=True)
class House:
    """A running deployment: its address, and a furnished space whose session is ``cookie``."""

    address: str
    cockpit: Cockpit
    visit: Visit
    cookie: str = field(repr=False)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    server = uvicorn.Server(uvicorn.Config(app=None, port=0, log_level="warning"))  # type: ignore[arg-type]
    socket = server.config.bind_socket()
    address = f"http://localhost:{socket.getsockname()[1]}"
    settings = Settings(data=tmp_path_factory.mktemp("house"), issuer=address, argon2_memory_kib=64, demonstration=True)
    cockpit = build(settings, lambda: datetime.now(UTC))
    opened = open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr")
    visit = recognise(cockpit, opened.cookie)
    assert visit is not None
    furnish(cockpit, visit)
    server.config.app = create_app(cockpit, {"camille": DemonstrationDoor("Camille", lambda: opened.cookie)})
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.05)
    yield House(address, cockpit, visit, opened.cookie)
    server.should_exit = True
    thread.join(timeout=10)
    socket.close()
    cockpit.close()


@dataclass
class Complaints:
    """What the browser said on its console: policy violations and script errors."""

    heard: list[str] = field(default_factory=list)

    def listen(self, message: ConsoleMessage) -> None:
        # Chromium also logs each answer of 400 and above; those are the pages' own refusals, tested elsewhere.
        if message.type in {"error", "warning"} and "the server responded with a status" not in message.text:
            self.heard.append(message.text)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self.listen)
        context.on("weberror", lambda error: self.heard.append(str(error.error)))


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test that used it when the browser complained of anything."""
    complaints = Complaints()
    yield complaints
    assert complaints.heard == []
