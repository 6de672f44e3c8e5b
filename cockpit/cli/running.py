"""Running the cockpit: serve, the demonstration, registrations, and what the doctor sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cockpit.acts.cockpit import Cockpit
from cockpit.cli.speaking import plainly


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.pass_context
@plainly
def serve(context: click.Context, host: str, port: int) -> None:
    """Serve the pages and the data API."""
    import uvicorn  # noqa: PLC0415 - the other commands must not wait for a web server to load

    from cockpit_web.app import create_app  # noqa: PLC0415

    uvicorn.run(create_app(context.obj()), host=host, port=port, server_header=False, proxy_headers=False)


@click.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="0 chooses a free port.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the demonstration's data in this directory.")
@click.option("--last-day", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the generated data (today).")
@plainly
def demo(port: int, keep: Path | None, last_day: Any) -> None:
    """Show the whole product on fictional persons, with no network and nothing left behind."""
    from cockpit.demo.deployment import run_demonstration  # noqa: PLC0415 - loads the generators and the server

    run_demonstration(port, keep, last_day.date() if last_day else None)


@click.command("registration-token")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 365))
@click.pass_context
@plainly
def registration_token(context: click.Context, days: int) -> None:
    """Print a token with which one service may register once (RFC 7591 initial access token)."""
    from cockpit.grants.clients import new_initial_access_token  # noqa: PLC0415

    click.echo(new_initial_access_token(context.obj().operator, context.obj().clock(), days))


@click.command()
@click.pass_context
@plainly
def doctor(context: click.Context) -> None:
    """Check that this deployment can work, and say what it is."""
    cockpit: Cockpit = context.obj()
    with cockpit.database.read() as connection:
        sizes = {log: cockpit.ledger.checkpoint(connection, log)[0] for log in cockpit.ledger.logs(connection)}
    click.echo(f"data: {cockpit.settings.data}")
    click.echo(f"database: {cockpit.database.shown_address}")
    click.echo(f"issuer: {cockpit.settings.issuer}")
    click.echo(f"master key: {cockpit.operator.master.newest()}")
    for log, size in sizes.items():
        click.echo(f"log: {cockpit.ledger.origin}/{log}, {size} entries")
    for manifest in cockpit.shelf.manifests():
        click.echo(f"connector: {manifest.id} {manifest.version}")
    for reference in sorted(cockpit.registry.uses):
        click.echo(f"use: {reference}")
