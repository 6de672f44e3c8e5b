"""What one person's space is opened, filled, taken away, recovered and erased by."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import click

from cockpit.acts.cockpit import Cockpit
from cockpit.cli.speaking import EXIT_PARTLY, EXIT_REFUSED, plainly, typed_passphrase
from cockpit.sources.port import SourceFile

Written = TypeVar("Written")


@click.group()
def space() -> None:
    """Spaces of persons."""


@space.command("open")
@click.argument("name")
@click.option("--shown-as", help="The name the pages show (the sign-in name when absent).")
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.pass_context
@plainly
def space_open(context: click.Context, name: str, shown_as: str | None, language: str, passphrase_stdin: bool) -> None:
    """Open a space for a person who signs in as NAME, and print its emergency kit once."""
    from cockpit.acts.open_space import open_space  # noqa: PLC0415

    passphrase = typed_passphrase(passphrase_stdin, confirm=True)
    opened = open_space(context.obj(), name, passphrase, shown_as or name, language)
    click.echo("The space is open. Print this emergency kit; it is shown once and kept nowhere:")
    click.echo(f"\n    {opened.kit}\n")


@click.command()
@click.argument("name")
@click.option("--escrow", is_flag=True, required=True, help="Use the escrow that the person allowed.")
@click.option("--reason", required=True, help="Why, in at most 200 characters: the person will read it.")
@click.pass_context
@plainly
def recover(context: click.Context, name: str, escrow: bool, reason: str) -> None:
    """Make a temporary kit for NAME, who allowed it. It is logged to them first; no data is shown."""
    from cockpit.acts.recover_with_escrow import recover_with_escrow  # noqa: PLC0415

    del escrow  # A recovery without the escrow has no key: the flag makes the operator say which power they use.
    made = recover_with_escrow(context.obj(), name, reason)
    click.echo("This use is in the person's history. Hand them this temporary kit; it is shown once and kept nowhere:")
    click.echo(f"\n    {made.kit}\n")
    click.echo(f"It opens until {made.expires}, or until they choose a new passphrase.")


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--space", "name", required=True, help="The person's sign-in name.")
@click.pass_context
@plainly
def import_files(context: click.Context, paths: tuple[Path, ...], name: str) -> None:
    """Bring files into a space, locked or not. Exit 0: all read; 1: some lines or files were not; 2: refused."""
    from cockpit.acts.find_space import find_space  # noqa: PLC0415
    from cockpit.acts.refresh_source import refresh_source  # noqa: PLC0415

    cockpit: Cockpit = context.obj()
    person = find_space(cockpit, name)
    complete = True
    for path in _files(paths):
        try:
            if path.stat().st_size > cockpit.settings.upload_bytes:
                raise OSError("larger than this cockpit accepts")
            content = path.read_bytes()
        except OSError as error:
            click.echo(f"{path}: cannot be read: {error.strerror or error}", err=True)
            complete = False
            continue
        (done,) = refresh_source(cockpit, person, [SourceFile(path.name, content)])
        if done.kept:
            click.echo(
                f"{path}: {done.connector}: {done.new} new, {done.changed} changed, {done.unchanged} already here"
            )
        for fault in done.faults:
            where = f" ({fault.place})" if fault.place else ""
            click.echo(f"{path}: {fault.message}{where}", err=True)
        complete = complete and done.kept and not done.faults
    sys.exit(0 if complete else EXIT_PARTLY)


@click.command()
@click.option("--space", "name", required=True, help="The person's sign-in name.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The archive to write.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.pass_context
@plainly
def export(context: click.Context, name: str, output: Path, passphrase_stdin: bool) -> None:
    """Take everything away: one archive that opens without us and proves itself."""
    from cockpit.acts.export_space import export_space  # noqa: PLC0415
    from cockpit.acts.find_space import find_space, visit_once  # noqa: PLC0415

    cockpit: Cockpit = context.obj()
    find_space(cockpit, name)
    visit = visit_once(cockpit, name, typed_passphrase(passphrase_stdin, confirm=False))
    with click.progressbar(length=1, label="Records", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        try:
            summary = _written_whole(output, lambda file: export_space(cockpit, visit, file, progress))
        except OSError as error:
            click.echo(f"cockpit: {output} cannot be written: {error.strerror}", err=True)
            sys.exit(EXIT_REFUSED)
    click.echo(f"{output}: {summary.records} records, {summary.files} files, {summary.entries} entries with proofs")


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify(arguments: tuple[str, ...]) -> None:
    """Verify an archive: the same as ``python -m cockpit.verifier``."""
    from cockpit.verifier.verify import main as verifier  # noqa: PLC0415

    sys.exit(verifier(list(arguments)))


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@click.pass_context
@plainly
def erase(context: click.Context, name: str, yes: bool) -> None:
    """Erase the space of NAME for ever: its keys, records, documents and sign-in. Nothing brings it back."""
    from cockpit.acts.erase_space import erase_space  # noqa: PLC0415
    from cockpit.acts.find_space import find_space  # noqa: PLC0415

    cockpit: Cockpit = context.obj()
    person = find_space(cockpit, name)
    if not yes and click.prompt("Nothing can bring this space back. Type its sign-in name to go on") != name:
        click.echo("Not the same name: nothing was erased.", err=True)
        sys.exit(EXIT_REFUSED)
    erased = erase_space(cockpit, person)
    click.echo(f"erased: {erased.rows} rows and {erased.documents} documents")
    click.echo(
        "The backup of the keyring still holds its keys: make the next one now (cockpit backup ... --keyring ...)."
    )


def _files(paths: tuple[Path, ...]) -> list[Path]:
    """The files named, and those directly inside the directories named."""
    found: list[Path] = []
    for path in paths:
        found += sorted(entry for entry in path.iterdir() if entry.is_file()) if path.is_dir() else [path]
    return found


def _written_whole(path: Path, write: Callable[[BinaryIO], Written]) -> Written:
    """Write beside, then rename: a full disk, or Ctrl-C, leaves no half archive under the name asked for."""
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=".cockpit-")
    try:
        with os.fdopen(handle, "w+b") as file:
            written = write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return written
