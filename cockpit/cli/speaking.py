"""What every command says alike: an error in one sentence, a report as JSON, a passphrase asked for."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cockpit.domain.errors import CockpitError
from cockpit.settings import Settings, settings_from_environment

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_PARTLY = 1
EXIT_REFUSED = 2


def plainly(command: Command) -> Command:
    """Say an error of ours in one sentence, and leave with 2: a traceback helps nobody at a shell."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except CockpitError as error:
            click.echo(f"cockpit: {error}", err=True)
            sys.exit(EXIT_REFUSED)

    return wrapped  # type: ignore[return-value]


def echo_json(report: object) -> None:
    import msgspec  # noqa: PLC0415 - only where it is asked for

    click.echo(msgspec.json.format(msgspec.json.encode(report), indent=1).decode())


def typed_passphrase(from_stdin: bool, *, confirm: bool) -> str:
    # A script has no terminal to type at: what it pipes in is the passphrase.
    if from_stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)
    return typed


def settings_of(context: click.Context) -> Settings:
    """The settings, for commands that must not open the cockpit: its database may not be fit to be opened yet."""
    options = context.find_root().params
    return settings_from_environment(options["data"], options["issuer"])
