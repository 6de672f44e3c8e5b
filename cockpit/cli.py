"""The command ``cockpit``: what a person or an operator does from the shell."""

from __future__ import annotations

import functools
import itertools
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from cockpit import __version__
from cockpit.acts.cockpit import Cockpit
from cockpit.bootstrap import build
from cockpit.domain.errors import CockpitError, OperatorMustAct
from cockpit.hardening import forbid_core_dumps
from cockpit.settings import Settings, settings_from_environment
from cockpit.sources.port import SourceFile

Command = TypeVar("Command", bound=Callable[..., Any])
Written = TypeVar("Written")

EXIT_PARTLY = 1
EXIT_REFUSED = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cockpit")
@click.option("--data", type=click.Path(path_type=Path), help="Directory of the database and keys (COCKPIT_DATA).")
@click.option("--issuer", help="Public address of this cockpit (COCKPIT_ISSUER).")
@click.pass_context
def main(context: click.Context, data: Path | None, issuer: str | None) -> None:
    """Your administrative data, at home: bring it in, see it, decide who may have it."""
    # Before a passphrase is asked for, whatever the command.
    forbid_core_dumps()

    def opened() -> Cockpit:
        cockpit = build(settings_from_environment(data, issuer))
        context.call_on_close(cockpit.database.close)
        return cockpit

    context.obj = opened


def _plainly(command: Command) -> Command:
    """Say an error of ours in one sentence, and leave with 2: a traceback helps nobody at a shell."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except CockpitError as error:
            click.echo(f"cockpit: {error}", err=True)
            sys.exit(EXIT_REFUSED)

    return wrapped  # type: ignore[return-value]


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.pass_context
@_plainly
def serve(context: click.Context, host: str, port: int) -> None:
    """Serve the pages and the data API."""
    import uvicorn  # noqa: PLC0415 - the other commands must not wait for a web server to load

    from cockpit_web.app import create_app  # noqa: PLC0415

    uvicorn.run(create_app(context.obj()), host=host, port=port, server_header=False, proxy_headers=False)


@main.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="0 chooses a free port.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the demonstration's data in this directory.")
@click.option("--last-day", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the generated data (today).")
@_plainly
def demo(port: int, keep: Path | None, last_day: Any) -> None:
    """Show the whole product on fictional persons, with no network and nothing left behind."""
    from cockpit.demo.deployment import run_demonstration  # noqa: PLC0415 - loads the generators and the server

    run_demonstration(port, keep, last_day.date() if last_day else None)


@main.group()
def space() -> None:
    """Spaces of persons."""


@space.command("open")
@click.argument("name")
@click.option("--shown-as", help="The name the pages show (the sign-in name when absent).")
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.pass_context
@_plainly
def space_open(context: click.Context, name: str, shown_as: str | None, language: str, passphrase_stdin: bool) -> None:
    """Open a space for a person who signs in as NAME, and print its emergency kit once."""
    from cockpit.acts.open_space import open_space  # noqa: PLC0415

    passphrase = _passphrase(passphrase_stdin, confirm=True)
    opened = open_space(context.obj(), name, passphrase, shown_as or name, language)
    click.echo("The space is open. Print this emergency kit; it is shown once and kept nowhere:")
    click.echo(f"\n    {opened.kit}\n")


@main.command()
@click.argument("name")
@click.option("--escrow", is_flag=True, required=True, help="Use the escrow that the person allowed.")
@click.option("--reason", required=True, help="Why, in at most 200 characters: the person will read it.")
@click.pass_context
@_plainly
def recover(context: click.Context, name: str, escrow: bool, reason: str) -> None:
    """Make a temporary kit for NAME, who allowed it. It is logged to them first; no data is shown."""
    from cockpit.acts.recover_with_escrow import recover_with_escrow  # noqa: PLC0415

    del escrow  # A recovery without the escrow has no key: the flag makes the operator say which power they use.
    made = recover_with_escrow(context.obj(), name, reason)
    click.echo("This use is in the person's history. Hand them this temporary kit; it is shown once and kept nowhere:")
    click.echo(f"\n    {made.kit}\n")
    click.echo(f"It opens until {made.expires}, or until they choose a new passphrase.")


@main.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--space", "name", required=True, help="The person's sign-in name.")
@click.pass_context
@_plainly
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


@main.command()
@click.option("--space", "name", required=True, help="The person's sign-in name.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The archive to write.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.pass_context
@_plainly
def export(context: click.Context, name: str, output: Path, passphrase_stdin: bool) -> None:
    """Take everything away: one archive that opens without us and proves itself."""
    from cockpit.acts.export_space import export_space  # noqa: PLC0415
    from cockpit.acts.find_space import find_space, visit_once  # noqa: PLC0415

    cockpit: Cockpit = context.obj()
    find_space(cockpit, name)
    visit = visit_once(cockpit, name, _passphrase(passphrase_stdin, confirm=False))
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


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify(arguments: tuple[str, ...]) -> None:
    """Verify an archive: the same as ``python -m cockpit.verifier``."""
    from cockpit.verifier.verify import main as verifier  # noqa: PLC0415

    sys.exit(verifier(list(arguments)))


@main.command("registration-token")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 365))
@click.pass_context
@_plainly
def registration_token(context: click.Context, days: int) -> None:
    """Print a token with which one service may register once (RFC 7591 initial access token)."""
    from cockpit.grants.clients import new_initial_access_token  # noqa: PLC0415

    click.echo(new_initial_access_token(context.obj().operator, context.obj().clock(), days))


@main.command()
@click.pass_context
@_plainly
def doctor(context: click.Context) -> None:
    """Check that this deployment can work, and say what it is."""
    cockpit: Cockpit = context.obj()
    with cockpit.database.read() as connection:
        size, _ = cockpit.ledger.checkpoint(connection)
    click.echo(f"data: {cockpit.settings.data}")
    click.echo(f"database: {cockpit.database.shown_address}")
    click.echo(f"issuer: {cockpit.settings.issuer}")
    click.echo(f"master key: {cockpit.operator.master.newest()}")
    click.echo(f"log: {cockpit.ledger.origin}, {size} entries")
    for manifest in cockpit.shelf.manifests():
        click.echo(f"connector: {manifest.id} {manifest.version}")
    for reference in sorted(cockpit.registry.uses):
        click.echo(f"use: {reference}")


@main.command()
@click.argument("destination")
@click.option("--keyring", "apart", help="Where the keyring's one backup goes: another place than DESTINATION.")
@click.option("--keep", type=click.IntRange(1), help="Leave so many snapshots, the newest; remove older ones.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
@_plainly
def backup(context: click.Context, destination: str, apart: str | None, keep: int | None, as_json: bool) -> None:
    """Back up while the cockpit runs, sealed, to a folder or s3://bucket/prefix. Exit 1: a document is missing here."""
    from cockpit.acts.back_up import back_up  # noqa: PLC0415
    from cockpit.archive.backup import open_repository  # noqa: PLC0415
    from cockpit.archive.backup_files import DUTY  # noqa: PLC0415
    from cockpit.archive.keyring_backup import open_keyring_place, refuse_together  # noqa: PLC0415

    cockpit: Cockpit = context.obj()
    key = cockpit.operator.duty(DUTY)
    refuse_together(destination, apart)
    place = open_keyring_place(apart, key) if apart else None
    done = back_up(cockpit, open_repository(destination, key), place, keep)
    if as_json:
        _echo_json(done)
    else:
        click.echo(f"snapshot: {done.snapshot}")
        click.echo(f"rows: {done.rows}; chunks: {done.chunks_written} written, {done.chunks_known} there already")
        click.echo(f"documents: {done.documents_written} written; {done.bytes_written} bytes in all")
        for missing in done.missing:
            click.echo(f"missing document: {missing}; run: cockpit fsck", err=True)
        if place is None:
            click.echo("The keyring was not saved (--keyring): without it no space of this backup opens.")
        click.echo(f"Keep {cockpit.settings.keys_folder} in a third place: no backup holds it, and none opens without.")
    sys.exit(EXIT_PARTLY if done.missing else 0)


@main.command()
@click.argument("source")
@click.option("--keyring", "apart", required=True, help="Where the keyring's backup is.")
@click.option("--snapshot", help="Which snapshot; the newest one when none is named.")
@click.option("--rehearse", "rehearsing", is_flag=True, help="Restore aside, check everything, remove it again.")
@click.option("--space", "name", help="With --rehearse: a sign-in name whose space is opened to its last byte.")
@click.option("--into", type=click.Path(path_type=Path), help="A new data directory; it may hold keys/ already.")
@click.option("--database", default="", help="With --into: the address of an empty PostgreSQL database.")
@click.option("--objects", help="With --into: an empty s3://bucket/prefix for the documents.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
@_plainly
def restore(
    context: click.Context, /, source: str, apart: str, rehearsing: bool, as_json: bool, **options: Any
) -> None:
    """Bring a backup back somewhere else, or rehearse it. Exit 0: all well; 1: something is wrong; 2: not possible."""
    from cockpit.acts.restore_backup import Backup, Target, rehearse, restore  # noqa: PLC0415
    from cockpit.archive.backup import open_repository  # noqa: PLC0415
    from cockpit.archive.backup_files import DUTY, require_existing  # noqa: PLC0415
    from cockpit.archive.keyring_backup import open_keyring_place  # noqa: PLC0415
    from cockpit.bootstrap import operator_keys, utc_now  # noqa: PLC0415
    from cockpit.settings import checked_database  # noqa: PLC0415

    if rehearsing == bool(options["into"]) or (options["name"] and not rehearsing):
        raise click.UsageError("give either --rehearse, with or without --space, or --into")
    for address in (source, apart):
        require_existing(address)
    operator = operator_keys(_settings(context))
    key = operator.duty(DUTY)
    kept = Backup(open_repository(source, key), open_keyring_place(apart, key), operator)
    report: object
    if rehearsing:
        name = options["name"]
        asked = (name, _passphrase(options["passphrase_stdin"], confirm=False)) if name else None
        rehearsed = rehearse(kept, asked, utc_now, options["snapshot"])
        restored, findings, report = rehearsed.restored, rehearsed.findings, rehearsed
    else:
        target = Target(options["into"], checked_database(options["database"]), options["objects"])
        restored = report = restore(kept, target, options["snapshot"])
        findings = []
    if as_json:
        _echo_json(report)
    else:
        click.echo(f"snapshot: {restored.snapshot}, of {restored.at}")
        click.echo(f"persons: {restored.persons}; left out because they were erased since: {restored.erased}")
        click.echo(f"rows: {sum(restored.counts.values())}; documents: {restored.documents}; log: {restored.log_size}")
        if rehearsing and rehearsed.opened:
            click.echo(f"opened: {rehearsed.opened.lines} lines, {rehearsed.opened.documents} documents")
        for lost in restored.lost:
            click.echo(f"lost document: {lost}", err=True)
        for found in findings:
            click.echo(f"{found.code}: {found.where}: {found.sentence}", err=True)
        if rehearsing:
            click.echo(
                "The rehearsal found nothing wrong." if not findings and not restored.lost else "Not all is well."
            )
        else:
            click.echo(f"Restored into {options['into']}. The operator's keys belong in {options['into'] / 'keys'}.")
    sys.exit(EXIT_PARTLY if findings or restored.lost else 0)


@main.command()
@click.option("--space", "name", help="A sign-in name whose space is opened to its last byte.")
@click.option("--receipt", type=click.Path(path_type=Path), help="A receipt, or an archive's log/checkpoint.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
@_plainly
def fsck(context: click.Context, name: str | None, receipt: Path | None, passphrase_stdin: bool, as_json: bool) -> None:
    """Check the whole store; changes nothing. Exit 0: nothing found; 1: findings; 2: it could not run."""
    from cockpit.acts.check_store import check_kept, check_opened_space, check_store  # noqa: PLC0415
    from cockpit.acts.find_space import visit_once  # noqa: PLC0415
    from cockpit.store.check_opened import Opening  # noqa: PLC0415

    cockpit: Cockpit = context.obj()
    visit = visit_once(cockpit, name, _passphrase(passphrase_stdin, confirm=False)) if name else None
    kept = _read_whole(receipt) if receipt else None
    counted = Opening()
    # On a terminal only: a log of a nightly check wants no line for each space.
    watching = sys.stderr.isatty()
    rounds = [check_store(cockpit, _show_progress if watching else lambda _: None)]
    if visit is not None and visit.keyring is not None:
        rounds.append(check_opened_space(cockpit, visit.keyring, counted))
    if kept is not None:
        rounds.append(check_kept(cockpit, kept))
    findings = []
    for found in itertools.chain(*rounds):
        findings.append(found)
        if not as_json:
            click.echo(f"{found.code}: {found.where}: {found.sentence}")
    if watching:
        click.echo(err=True)
    if as_json:
        _echo_json(findings)
    else:
        if visit is not None:
            click.echo(f"opened: {counted.lines} lines, {counted.documents} documents")
        click.echo(f"{len(findings)} findings" if findings else "Nothing wrong was found.")
    sys.exit(EXIT_PARTLY if findings else 0)


@main.command()
@click.option("--destroy", is_flag=True, help="Remove them; without it they are named.")
@click.pass_context
@_plainly
def sweep(context: click.Context, destroy: bool) -> None:
    """Name the sealed objects that no document leads to, a day after they were made: what a crash leaves behind.

    Not right after an older backup of the database was put back: the documents of newer days then look the same.
    """
    from cockpit.store.sweep import sweep as swept  # noqa: PLC0415

    cockpit: Cockpit = context.obj()
    found = swept(cockpit.database, cockpit.spaces.files, cockpit.clock(), dry_run=not destroy)
    for key in found:
        click.echo(key)
    click.echo(f"{len(found)} objects belong to no document{' and were removed' if destroy else ''}")


@main.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@click.pass_context
@_plainly
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


@main.group()
def db() -> None:
    """The database: its version, its upgrade, its spreading over machines."""


@db.command("status")
@click.pass_context
@_plainly
def db_status(context: click.Context) -> None:
    """Say which database this is and whether it is up to date. Exit 0: it is; 1: it is not; 2: no answer."""
    from cockpit.store.upkeep import database_at  # noqa: PLC0415 - the shell's other commands open through bootstrap

    with database_at(_settings(context).database_url) as database:
        state = database.state()
        click.echo(f"database: {database.shown_address}")
        click.echo(f"tables: {state}")
    sys.exit(0 if state == "up to date" else EXIT_PARTLY)


@db.command("upgrade")
@click.option("--server-role", help="PostgreSQL: a role to be given rows and nothing more, for the server.")
@click.pass_context
@_plainly
def db_upgrade(context: click.Context, server_role: str | None) -> None:
    """Make the tables, or bring them to this version. On PostgreSQL, run it as the tables' owner; back up first."""
    from cockpit.store.upkeep import database_at, upgrade  # noqa: PLC0415

    with database_at(_settings(context).database_url) as database:
        upgrade(database, server_role)
        click.echo(f"tables: {database.state()}")


@db.command("distribute")
@click.option("--dry-run", is_flag=True, help="Print the statements; change nothing.")
@click.pass_context
@_plainly
def db_distribute(context: click.Context, dry_run: bool) -> None:
    """Spread the tables over the machines of a Citus cluster, by person. Run once, as the tables' owner."""
    from cockpit.store import distribution, tables  # noqa: PLC0415
    from cockpit.store.upkeep import database_at, spread  # noqa: PLC0415

    if dry_run:
        for statement in distribution.distribution(tables.metadata):
            click.echo(f"{statement};")
        return
    with database_at(_settings(context).database_url) as database:
        spread(database)
    click.echo("the tables are spread by person")


def _settings(context: click.Context) -> Settings:
    """The settings, for commands that must not open the cockpit: its database may not be fit to be opened yet."""
    options = context.find_root().params
    return settings_from_environment(options["data"], options["issuer"])


@main.group()
def keys() -> None:
    """The operator's keys."""


@keys.command("status")
@click.pass_context
@_plainly
def keys_status(context: click.Context) -> None:
    """Count what each version of the master key wraps. Exit 1 when something waits to be re-wrapped."""
    from cockpit.acts.rotate_operator_key import key_status  # noqa: PLC0415

    status = key_status(context.obj())
    click.echo(f"newest: {status.newest}")
    for version, count in sorted(status.keyring.items()):
        click.echo(f"keyring: {count} values by {version}")
    for name, version in sorted(status.files.items()):
        click.echo(f"file: {name} by {version}")
    sys.exit(EXIT_PARTLY if status.behind else 0)


@keys.command("rotate")
@click.option("--master", is_flag=True, help="The master key, which wraps the keyring.")
@click.option("--space", "name", help="The keys of one person's data; their passphrase is asked.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.pass_context
@_plainly
def keys_rotate(context: click.Context, master: bool, name: str | None, passphrase_stdin: bool) -> None:
    """Begin new keys and re-wrap everything while the cockpit runs; a rotation that was interrupted is finished."""
    if master == bool(name):
        raise click.UsageError("say which: --master, or --space NAME")
    if name:
        _rotate_collection_keys(context.obj(), name, _passphrase(passphrase_stdin, confirm=False))
        return
    from cockpit.acts.rotate_operator_key import rotate_operator_key  # noqa: PLC0415

    done = rotate_operator_key(context.obj())
    said = "an interrupted rotation is finished" if done.resumed else "rotated"
    click.echo(f"{said}: {done.rows} rows and {done.files} files are now under {done.version}")
    click.echo("Back up the keys and the keyring, then: cockpit keys retire")


def _rotate_collection_keys(cockpit: Cockpit, name: str, passphrase: str) -> None:
    from cockpit.acts.find_space import visit_once  # noqa: PLC0415
    from cockpit.acts.rotate_collection_keys import rotate_collection_keys  # noqa: PLC0415
    from cockpit.acts.tend_space import tend_space  # noqa: PLC0415

    visit = visit_once(cockpit, name, passphrase)
    rotate_collection_keys(cockpit, visit)
    assert visit.keyring is not None  # a visit for one command is always unlocked
    done = tend_space(cockpit, visit.keyring, least=1)
    click.echo(f"{done.begun} collections have new keys; the old keys of {done.retired} are destroyed")


@keys.command("retire")
@click.confirmation_option(prompt="Older versions are destroyed for ever, and with them older backups. Go on?")
@click.pass_context
@_plainly
def keys_retire(context: click.Context) -> None:
    """Destroy every version of the master key but the newest. Refused while anything still needs one."""
    from cockpit.acts.rotate_operator_key import retire_operator_keys  # noqa: PLC0415

    click.echo(f"only {retire_operator_keys(context.obj())} is left")


@keys.command("sweep")
@click.option("--destroy", is_flag=True, help="Destroy them; without it they are counted.")
@click.pass_context
@_plainly
def keys_sweep(context: click.Context, destroy: bool) -> None:
    """Count rows of the keyring that belong to no space, a day after they were made."""
    from cockpit.acts.sweep_keyring import sweep_keyring  # noqa: PLC0415

    found = sweep_keyring(context.obj(), destroy=destroy)
    click.echo(f"{found} rows belong to no space{' and were destroyed' if destroy else ''}")


def _echo_json(report: object) -> None:
    import msgspec  # noqa: PLC0415 - only where it is asked for

    click.echo(msgspec.json.format(msgspec.json.encode(report), indent=1).decode())


def _show_progress(spaces: int) -> None:
    click.echo(f"\rspaces: {spaces}", nl=False, err=True)


def _read_whole(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperatorMustAct(f"{path} cannot be read", code="receipt") from error


def _files(paths: tuple[Path, ...]) -> list[Path]:
    """The files named, and those directly inside the directories named."""
    found: list[Path] = []
    for path in paths:
        found += sorted(entry for entry in path.iterdir() if entry.is_file()) if path.is_dir() else [path]
    return found


def _passphrase(from_stdin: bool, *, confirm: bool) -> str:
    # A script has no terminal to type at: what it pipes in is the passphrase.
    if from_stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)
    return typed


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
