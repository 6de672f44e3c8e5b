"""The services that may ask: who they are, stopping one, letting it ask again."""

from __future__ import annotations

import click

from cockpit.cli.speaking import plainly
from cockpit.domain.ids import ServiceId


@click.group()
def services() -> None:
    """The services that are registered here."""


@services.command("list")
@click.pass_context
@plainly
def services_list(context: click.Context) -> None:
    """Every service: its id, its standing, its name, and the uses it declared."""
    from cockpit.store import services as rows  # noqa: PLC0415 - the commands' modules load nothing before they run

    with context.obj().database.read() as connection:
        for service in rows.every(connection):
            uses = ", ".join(f"{declared.use}-v{declared.version}" for declared in service.uses)
            click.echo(f"{service.id}  {service.standing.value:<10}  {service.name}  ({uses})")


@services.command("suspend")
@click.argument("service")
@click.option("--reason", required=True, help="Why, in at most 200 characters: everyone concerned will read it.")
@click.pass_context
@plainly
def services_suspend(context: click.Context, service: str, reason: str) -> None:
    """Stop a service at once. What it was allowed is suspended until each person allows it again."""
    from cockpit.acts.change_service import suspend_service  # noqa: PLC0415

    count = suspend_service(context.obj(), ServiceId(service), reason)
    click.echo(f"{service} is suspended, and {count} consents with it")


@services.command("reinstate")
@click.argument("service")
@click.pass_context
@plainly
def services_reinstate(context: click.Context, service: str) -> None:
    """Let a suspended service ask again. Each person decides whether it goes on."""
    from cockpit.acts.change_service import reinstate_service  # noqa: PLC0415

    reinstate_service(context.obj(), ServiceId(service))
    click.echo(f"{service} may ask again; what was suspended waits for each person")
