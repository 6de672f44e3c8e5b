"""The demonstration: a deployment of its own, filled through the real doors, served, and gone when it stops."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import FrameType

import click
import uvicorn

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.refresh_source import refresh_source
from cockpit.acts.sign_in import sign_in
from cockpit.bootstrap import build, utc_now
from cockpit.demo.household import DemoPerson
from cockpit.demo.past import live_the_past
from cockpit.demo.persons import demo_files
from cockpit.domain.errors import OperatorMustAct, WeMustFix
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import PARIS
from cockpit.grants.clients import new_initial_access_token
from cockpit.settings import Settings
from cockpit.sources.port import SourceFile
from cockpit.tlog.logs import CONSENT, origin_of
from cockpit.tlog.note import Verifier
from cockpit.witness.identity import load_or_create_identity
from cockpit_web.app import create_app
from cockpit_web.visitor import DemonstrationDoor

SEED = 2012
START_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Showing:
    """A demonstration that can be shown: the first person is settled, ``others`` come while the visitor looks around.

    ``doors`` are the persons' doors by the keys of their links; it grows as the others are settled.
    """

    cockpit: Cockpit
    passphrase: str
    doors: dict[str, DemonstrationDoor]
    others: tuple[DemoPerson, ...]


def run_demonstration(port: int, keep: Path | None, last_day: date | None) -> None:
    """Make, serve and (without ``keep``) remove a demonstration; returns when it is interrupted."""
    cockpit_port, coach_port = port or _free_port(), _free_port()
    with _directory(keep) as data:
        showing = prepare(data, f"http://localhost:{cockpit_port}", last_day or utc_now().astimezone(PARIS).date())
        with witnessed(showing.cockpit, data / "witness", _free_port()) as cockpit:
            _serve(replace(showing, cockpit=cockpit), cockpit_port, coach_port)


def prepare(data: Path, issuer: str, last_day: date, only: str | None = None) -> Showing:
    """Open the first person's space, live its past, and bring its files in through the connectors.

    Raises ``WeMustFix`` when a file of ours was not read whole: a demonstration never shows less than it says.
    """
    persons = demo_files(SEED, last_day, only)
    cockpit = build(
        Settings(
            data=data,
            issuer=issuer,
            # An hour of looking around must not end at a locked door that only a passphrase opens.
            idle_minutes=12 * 60,
            argon2_memory_kib=8 * 1024,
            trusted_certificates=(persons[0].demo_authority_pem,),
            demonstration=True,
        )
    )
    passphrase = f"demonstration {secrets.token_hex(4)}"
    first, *others = persons
    click.echo(f"Bringing in {len(first.files)} files of {first.name}...", err=True)
    owner = live_the_past(cockpit, first, passphrase)
    showing = Showing(cockpit, passphrase, {}, tuple(others))
    _bring(showing, first, owner, threading.Event())
    return showing


def _settle_others(showing: Showing, stop: threading.Event) -> None:
    """Open the other persons' spaces, one after another, until done or stopped."""
    for person in showing.others:
        cockpit = showing.cockpit
        owner = open_space(cockpit, person.handle, showing.passphrase, person.name, person.language).person
        _bring(showing, person, owner, stop)


def _bring(showing: Showing, person: DemoPerson, owner: PersonId, stop: threading.Event) -> None:
    """Bring a person's files in, then hang up their door."""
    for file in person.files:
        if stop.is_set():
            return
        (done,) = refresh_source(showing.cockpit, owner, [SourceFile(file.name, file.content)])
        if done.faults or not done.kept:
            raise WeMustFix(f"the demonstration's file {done.file_name} was not read whole")
    enter = partial(sign_in, showing.cockpit, person.handle, showing.passphrase)
    showing.doors[secrets.token_urlsafe(16)] = DemonstrationDoor(person.name, enter)


def _serve(showing: Showing, port: int, coach_port: int) -> None:
    app = create_app(showing.cockpit, showing.doors)
    app.state.demonstration_service = f"http://localhost:{coach_port}"
    server = _Server(
        uvicorn.Config(
            app, host="localhost", port=port, log_level=logging.WARNING, server_header=False, access_log=False
        )
    )
    thread = threading.Thread(target=server.run, name="cockpit", daemon=True)
    stop = threading.Event()
    settling = threading.Thread(target=_settle_others, args=(showing, stop), name="others", daemon=True)

    def stopping(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, stopping)
    thread.start()
    try:
        _wait_until(lambda: server.started or not thread.is_alive())
        if not thread.is_alive():
            raise OperatorMustAct(f"port {port} cannot be used; choose another with --port", code="port")
        with _coach(showing.cockpit, coach_port):
            key = next(iter(showing.doors))
            click.echo(f"\nOpen  {showing.cockpit.settings.issuer}/demonstration/{key}\n")
            click.echo(f"A space you lock opens again with: {showing.passphrase}", err=True)
            click.echo("Stop with Ctrl-C; nothing is left.", err=True)
            settling.start()
            stop.wait()
            settling.join(timeout=30)
    finally:
        server.should_exit = True
        thread.join(timeout=10)


class _Server(uvicorn.Server):
    """A server inside a thread: signals belong to the main one."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def witnessed(cockpit: Cockpit, folder: Path, port: int) -> Iterator[Cockpit]:
    """The cockpit with a witness of its consent log: a program of its own, with its own key, told the log's key alone.

    It shows what a witness does. One that the same people run on the same machine vouches for nothing.
    """
    origin = origin_of(cockpit.ledger.origin, CONSENT)
    log = Verifier(origin, cockpit.operator.log.verify_key()).vkey()
    identity = load_or_create_identity(folder, f"localhost:{port}/witness")
    lines = (
        f"log {log}", f"witness demonstration {identity.verifier().vkey()} http://localhost:{port}",
        "quorum demonstration",
    )  # fmt: skip
    quorum = folder / "quorum"
    quorum.write_text("\n".join(lines) + "\n", "utf-8")
    command = ["witness", "serve", "--data", str(folder), "--log", log, "--host", "localhost", "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "cockpit", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until(lambda: _answers(port) or process.poll() is not None)
        yield replace(cockpit, settings=replace(cockpit.settings, quorum=quorum))
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    process.kill()


@contextlib.contextmanager
def _coach(cockpit: Cockpit, port: int) -> Iterator[None]:
    """The sample service, as a separate program that knows only this cockpit's address and a registration token."""
    program = _coach_program()
    if program is None:
        yield
        return
    token = new_initial_access_token(cockpit.operator, cockpit.clock(), 1)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "COACH_ISSUER": cockpit.settings.issuer,
        "COACH_REGISTRATION_TOKEN": token,
        "COACH_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, str(program)], env=environment)  # noqa: S603 - our own file
    try:
        # The link is printed once the service answers too: the first page leads to it.
        _wait_until(lambda: _answers(port) or process.poll() is not None)
        yield
    finally:
        _end(process)


def _coach_program() -> Path | None:
    """In an installed wheel the service lies beside this module; in a checkout, among the examples."""
    package = Path(str(files("cockpit.demo")))
    for place in (package / "coach_energie", package.parent.parent / "examples" / "coach_energie"):
        if (place / "coach.py").is_file():
            return place / "coach.py"
    return None


@contextlib.contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise OperatorMustAct(f"{keep} is not empty; name a new directory", code="keep")
        yield keep
        return
    folder = Path(tempfile.mkdtemp(prefix="cockpit-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            return True
    except OSError:
        return False


def _wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + START_SECONDS
    while not done() and time.monotonic() < until:
        time.sleep(0.05)
