"""The door to the auditor's house: another process takes the place of this one, which has loaded the store."""

from __future__ import annotations

import os
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def audit(arguments: tuple[str, ...]) -> None:
    """The auditor's house: key, join, sync, query, sample, case, export, serve."""
    # Replaced and not called: whatever was imported to come here is gone with this process.
    os.execv(sys.executable, [sys.executable, "-m", "cockpit_web_audit", *arguments])  # noqa: S606 - our own program
