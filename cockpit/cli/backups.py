"""Backups and what they restore."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cockpit.acts.cockpit import Cockpit
from cockpit.cli.speaking import EXIT_PARTLY, echo_json, plainly, settings_of, typed_passphrase


@click.command()
@click.argument("destination")
@click.option("--keyring", "apart", help="Where the keyring's one backup goes: another place than DESTINATION.")
@click.option("--keep", type=click.IntRange(1), help="Leave so many snapshots, the newest; remove older ones.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
@plainly
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
        echo_json(done)
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


@click.command()
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
@plainly
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
    operator = operator_keys(settings_of(context))
    key = operator.duty(DUTY)
    kept = Backup(open_repository(source, key), open_keyring_place(apart, key), operator)
    report: object
    if rehearsing:
        name = options["name"]
        asked = (name, typed_passphrase(options["passphrase_stdin"], confirm=False)) if name else None
        rehearsed = rehearse(kept, asked, utc_now, options["snapshot"])
        restored, findings, report = rehearsed.restored, rehearsed.findings, rehearsed
    else:
        target = Target(options["into"], checked_database(options["database"]), options["objects"])
        restored = report = restore(kept, target, options["snapshot"])
        findings = []
    if as_json:
        echo_json(report)
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
