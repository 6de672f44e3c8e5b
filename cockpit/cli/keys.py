"""The operator's keys."""

from __future__ import annotations

import sys

import click

from cockpit.acts.cockpit import Cockpit
from cockpit.cli.speaking import EXIT_PARTLY, plainly, typed_passphrase


@click.group()
def keys() -> None:
    """The operator's keys."""


@keys.command("status")
@click.pass_context
@plainly
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
@plainly
def keys_rotate(context: click.Context, master: bool, name: str | None, passphrase_stdin: bool) -> None:
    """Begin new keys and re-wrap everything while the cockpit runs; a rotation that was interrupted is finished."""
    if master == bool(name):
        raise click.UsageError("say which: --master, or --space NAME")
    if name:
        _rotate_collection_keys(context.obj(), name, typed_passphrase(passphrase_stdin, confirm=False))
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
@plainly
def keys_retire(context: click.Context) -> None:
    """Destroy every version of the master key but the newest. Refused while anything still needs one."""
    from cockpit.acts.rotate_operator_key import retire_operator_keys  # noqa: PLC0415

    click.echo(f"only {retire_operator_keys(context.obj())} is left")


@keys.command("sweep")
@click.option("--destroy", is_flag=True, help="Destroy them; without it they are counted.")
@click.pass_context
@plainly
def keys_sweep(context: click.Context, destroy: bool) -> None:
    """Count rows of the keyring that belong to no space, a day after they were made."""
    from cockpit.acts.sweep_keyring import sweep_keyring  # noqa: PLC0415

    found = sweep_keyring(context.obj(), destroy=destroy)
    click.echo(f"{found} rows belong to no space{' and were destroyed' if destroy else ''}")
