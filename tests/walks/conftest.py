"""A server on loopback with a real database, and clients that know only its address."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
import uvicorn

from cockpit.acts.cockpit import Cockpit
from cockpit.bootstrap import build
from cockpit.settings import Settings
from cockpit_web.app import create_app


@dataclass
class Running:
    """A cockpit that answers at ``address``. ``cockpit`` is there for what only an operator does."""

    address: str
    cockpit: Cockpit
    server: uvicorn.Server
    thread: threading.Thread
    opened: list[httpx2.Client] = field(default_factory=list)

    def stop(self) -> None:
        """Stop answering; once stopped, nothing more."""
        self.server.should_exit = True
        self.thread.join(timeout=20)

    def program(self) -> httpx2.Client:
        """A program's connection: no cookie, no origin."""
        self.opened.append(httpx2.Client(timeout=60))
        return self.opened[-1]

    def browser(self) -> httpx2.Client:
        """Somebody's browser: it keeps cookies and says where a form was sent from."""
        self.opened.append(httpx2.Client(base_url=self.address, headers={"Origin": self.address}, timeout=60))
        return self.opened[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def running(tmp_path: Path, database_address: str) -> Iterator[Running]:
    port = free_port()
    address = f"http://localhost:{port}"
    settings = Settings(data=tmp_path / "data", issuer=address, argon2_memory_kib=64, database=database_address)
    cockpit = build(settings)
    server = uvicorn.Server(uvicorn.Config(create_app(cockpit), host="localhost", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    assert server.started
    made = Running(address, cockpit, server, thread)
    yield made
    for connection in made.opened:
        connection.close()
    made.stop()
    cockpit.close()
