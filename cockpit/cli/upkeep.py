"""Checking the store and removing what a crash left."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import click

from cockpit.acts.cockpit import Cockpit
from cockpit.cli.speaking import EXIT_PARTLY, echo_json, plainly, typed_passphrase
from cockpit.domain.errors import OperatorMustAct


@click.command()
@click.option("--space", "name", help="A sign-in name whose space is opened to its last byte.")
@click.option("--receipt", type=click.Path(path_type=Path), help="A receipt, or one of an archive's log/checkpoints.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
@plainly
def fsck(context: click.Context, name: str | None, receipt: Path | None, passphrase_stdin: bool, as_json: bool) -> None:
    """Check the whole store; changes nothing. Exit 0: nothing found; 1: findings; 2: it could not run."""
    from cockpit.acts.check_store import check_kept, check_opened_space, check_store  # noqa: PLC0415
    from cockpit.acts.find_space import visit_once  # noqa: PLC0415
    from cockpit.store.check_opened import Opening  # noqa: PLC0415

    cockpit: Cockpit = context.obj()
    visit = visit_once(cockpit, name, typed_passphrase(passphrase_stdin, confirm=False)) if name else None
    kept = read_whole(receipt) if receipt else None
    counted = Opening()
    # On a terminal only: a log of a nightly check wants no line for each space.
    watching = sys.stderr.isatty()
    covered: list[tuple[int, int]] = []
    progress = _show_progress if watching else lambda _: None
    rounds = [check_store(cockpit, progress, lambda *found: covered.append(found))]
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
        echo_json(findings)
    else:
        for index, count in covered:
            click.echo(f"openings erased: {count}, covered by entry #{index} of the consent log")
        if visit is not None:
            click.echo(f"opened: {counted.lines} lines, {counted.documents} documents")
        click.echo(f"{len(findings)} findings" if findings else "Nothing wrong was found.")
    sys.exit(EXIT_PARTLY if findings else 0)


@click.command()
@click.option("--destroy", is_flag=True, help="Remove them; without it they are named.")
@click.pass_context
@plainly
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


@click.command("tend-logs")
@click.pass_context
@plainly
def tend_logs(context: click.Context) -> None:
    """Close the access logs of months that are over, and remove those kept long enough (COCKPIT_ACCESS_MONTHS)."""
    from cockpit.acts.tend_logs import tend_logs as tended  # noqa: PLC0415

    done = tended(context.obj())
    for log in done.closed:
        click.echo(f"closed: {log}")
    for log in done.expired:
        click.echo(f"removed the entries of: {log}")
    if not done.closed and not done.expired:
        click.echo("Nothing was due.")


def _show_progress(spaces: int) -> None:
    click.echo(f"\rspaces: {spaces}", nl=False, err=True)


def read_whole(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperatorMustAct(f"{path} cannot be read", code="receipt") from error
