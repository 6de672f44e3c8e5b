"""The database: its version, and its spreading over machines."""

from __future__ import annotations

import sys

import click

from cockpit.cli.speaking import EXIT_PARTLY, plainly, settings_of


@click.group()
def db() -> None:
    """The database: its version, its upgrade, its spreading over machines."""


@db.command("status")
@click.pass_context
@plainly
def db_status(context: click.Context) -> None:
    """Say which database this is and whether it is up to date. Exit 0: it is; 1: it is not; 2: no answer."""
    from cockpit.store.upkeep import database_at  # noqa: PLC0415 - the shell's other commands open through bootstrap

    with database_at(settings_of(context).database_url) as database:
        state = database.state()
        click.echo(f"database: {database.shown_address}")
        click.echo(f"tables: {state}")
    sys.exit(0 if state == "up to date" else EXIT_PARTLY)


@db.command("upgrade")
@click.option("--server-role", help="PostgreSQL: a role to be given rows and nothing more, for the server.")
@click.pass_context
@plainly
def db_upgrade(context: click.Context, server_role: str | None) -> None:
    """Make the tables, or bring them to this version. On PostgreSQL, run it as the tables' owner; back up first."""
    from cockpit.store.upkeep import database_at, upgrade  # noqa: PLC0415

    with database_at(settings_of(context).database_url) as database:
        upgrade(database, server_role)
        click.echo(f"tables: {database.state()}")


@db.command("distribute")
@click.option("--dry-run", is_flag=True, help="Print the statements; change nothing.")
@click.pass_context
@plainly
def db_distribute(context: click.Context, dry_run: bool) -> None:
    """Spread the tables over the machines of a Citus cluster, by person. Run once, as the tables' owner."""
    from cockpit.store import distribution, tables  # noqa: PLC0415
    from cockpit.store.upkeep import database_at, spread  # noqa: PLC0415

    if dry_run:
        for statement in distribution.distribution(tables.metadata):
            click.echo(f"{statement};")
        return
    with database_at(settings_of(context).database_url) as database:
        spread(database)
    click.echo("the tables are spread by person")
