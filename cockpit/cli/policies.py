"""The documents of ``policies/``: checked, published."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cockpit.cli import explaining
from cockpit.cli.speaking import echo_json, plainly


@click.group()
def policies() -> None:
    """The uses and kinds of data: what a service may ask for at all."""


@policies.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
@click.option("--publish", is_flag=True, help="Add the new uses to published.toml, when nothing is wrong.")
@plainly
def policies_check(path: Path | None, as_json: bool, publish: bool) -> None:
    """Check the shipped documents, or those of the folder PATH (its uses/ and kinds/), and say every fault.

    Leaves with 0 when all is well, 1 otherwise. A published use never changes: write its next version.
    """
    from importlib.resources import as_file, files  # noqa: PLC0415 - the commands' modules load nothing before they run

    from cockpit.registry.publication import FILE, changed, print_published, unpublished, with_new  # noqa: PLC0415
    from cockpit.registry.shelf import read_shelf  # noqa: PLC0415

    with as_file(files("cockpit_policies")) as shipped:
        root = path or shipped
        shelf = read_shelf(root, None if path is None else read_shelf(shipped).kinds)
        faults = [*shelf.faults, *changed(shelf.hashes, shelf.published)]
        if publish and not faults:
            listed = with_new(shelf.hashes, shelf.published)
            (root / FILE).write_text(print_published(listed), encoding="utf-8")
        else:
            faults += unpublished(shelf.hashes, shelf.published)
    if as_json:
        echo_json({"uses": sorted(shelf.uses), "faults": faults})
    else:
        for fault in faults:
            click.echo(str(fault))
        click.echo(f"{len(shelf.uses)} uses, {len(shelf.kinds)} kinds, {len(faults)} faults")
    sys.exit(1 if faults else 0)


policies.add_command(explaining.explain)
policies.add_command(explaining.compile_policies)
