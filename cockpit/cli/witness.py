"""Running a witness of logs: a process of its own, with its own key and memory, apart from any cockpit."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from cockpit.cli.speaking import EXIT_PARTLY, plainly
from cockpit.domain.errors import OperatorMustAct

_data = click.option(
    "--data", "folder", required=True, type=click.Path(path_type=Path), help="Directory of the key and the memory."
)
_name = click.option("--name", help="The witness's name, at its first start: for example witness.example/w1.")

MEMORY_FILE = "witness.sqlite"


@click.group()
def witness() -> None:
    """Cosign the checkpoints of logs that only grow (C2SP tlog-witness)."""


@witness.command("key")
@_data
@_name
@plainly
def witness_key(folder: Path, name: str | None) -> None:
    """Print the witness's verifier key, for quorum files; make the key at the first call."""
    from cockpit.witness.identity import load_or_create_identity  # noqa: PLC0415

    click.echo(load_or_create_identity(folder, name).verifier().vkey())


@witness.command("serve")
@_data
@_name
@click.option("--log", "logs", multiple=True, required=True, metavar="VKEY", help="A log's verifier key; repeatable.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8010, show_default=True, type=click.IntRange(0, 65535), help="0 chooses a free port.")
@plainly
def witness_serve(folder: Path, name: str | None, logs: tuple[str, ...], host: str, port: int) -> None:
    """Answer POST /add-checkpoint for these logs."""
    import uvicorn  # noqa: PLC0415 - the other commands must not wait for a web server to load

    from cockpit.tlog.note import parse_vkey  # noqa: PLC0415
    from cockpit.witness.cosigning import Witness  # noqa: PLC0415
    from cockpit.witness.identity import load_or_create_identity  # noqa: PLC0415
    from cockpit.witness.memory import Memory  # noqa: PLC0415
    from cockpit_web.witness import create_witness_app  # noqa: PLC0415

    keys = tuple(parse_vkey(text) for text in logs)
    identity = load_or_create_identity(folder, name)
    served = Witness(identity, keys, Memory(folder / MEMORY_FILE), lambda: int(time.time()))
    click.echo(identity.verifier().vkey())
    uvicorn.run(create_witness_app(served), host=host, port=port, server_header=False, proxy_headers=False)


@witness.command("list")
@_data
@plainly
def witness_list(folder: Path) -> None:
    """List each log's newest cosigned size and root. Exit 1, with both notes, when a log signed two roots."""
    from cockpit.witness.memory import Memory  # noqa: PLC0415

    if not (folder / MEMORY_FILE).exists():
        raise OperatorMustAct(f"there is no witness in {folder}; begin one with: cockpit witness serve")
    memory = Memory(folder / MEMORY_FILE)
    for origin, head in memory.heads().items():
        click.echo(f"{origin} {head.size} {head.root.hex()} {datetime.fromtimestamp(head.at, UTC):%Y-%m-%dT%H:%M:%SZ}")
    forks = memory.forks()
    for origin, size, known, other in forks:
        click.echo(f"FORK {origin} signed two roots at size {size}:\n{known.decode()}\n{other.decode()}")
    sys.exit(EXIT_PARTLY if forks else 0)
