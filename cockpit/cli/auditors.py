"""The auditors who may look: giving a mandate, listing them, ending one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from cockpit.cli.speaking import EXIT_REFUSED, plainly
from cockpit.domain.audit_mandate import Scope
from cockpit.domain.moment import instant


@click.group()
def auditors() -> None:
    """The auditors who have a mandate here."""


@auditors.command("give")
@click.argument("name")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Its last day.")
@click.option("--scope", required=True, help="Of uses, recipients, operations and cases, separated by commas.")
@click.option(
    "--public-key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The auditor's Ed25519 public key, in PEM (they print it with: cockpit audit key).",
)  # fmt: skip
@click.pass_context
@plainly
def auditors_give(context: click.Context, name: str, until: datetime, scope: str, public_key: Path) -> None:
    """Give NAME a mandate, and print its id, which the auditor needs."""
    from cockpit.acts.give_audit_mandate import give_audit_mandate  # noqa: PLC0415 - the commands load nothing before they run

    named = [part.strip() for part in scope.split(",")]
    if unknown := sorted(set(named) - set(Scope)):
        click.echo(f"cockpit: no scope is called {', '.join(unknown)}; there are: {', '.join(Scope)}", err=True)
        context.exit(EXIT_REFUSED)
    scopes = tuple(Scope(part) for part in named)
    mandate = give_audit_mandate(context.obj(), name, scopes, until.date(), public_key.read_bytes())
    click.echo(mandate.id)


@auditors.command("list")
@click.pass_context
@plainly
def auditors_list(context: click.Context) -> None:
    """Every mandate: its id, whether it is in force, its last day, its scope, the auditor's name."""
    from cockpit.store import audit_mandates  # noqa: PLC0415

    cockpit = context.obj()
    with cockpit.database.read() as connection:
        for mandate in audit_mandates.every(connection):
            standing = "in force" if mandate.live(instant(cockpit.clock())) else "over"
            click.echo(f"{mandate.id}  {standing:<8}  {mandate.until[:10]}  {','.join(mandate.scopes)}  {mandate.name}")


@auditors.command("end")
@click.argument("mandate")
@click.pass_context
@plainly
def auditors_end(context: click.Context, mandate: str) -> None:
    """End a mandate now: its next request is refused."""
    from cockpit.acts.give_audit_mandate import end_audit_mandate  # noqa: PLC0415

    end_audit_mandate(context.obj(), mandate)
    click.echo(f"{mandate} is over")
