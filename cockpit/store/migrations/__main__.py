"""For developers: write a revision from the difference between the tables and the newest revision.

``python -m cockpit.store.migrations baseline`` writes revision 0001 again, from nothing (only before a release);
``python -m cockpit.store.migrations next "what changes"`` writes the next one.
"""

from __future__ import annotations

import sys

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from cockpit.store.migrations import HEAD, HERE, configuration

BASELINE = "0001"
_USAGE = 'usage: python -m cockpit.store.migrations baseline | next "what changes"'


def main(arguments: list[str]) -> int:
    """Write a revision and format it. Returns 2 for arguments it does not know."""
    match arguments:
        case ["baseline"]:
            _write_baseline()
        case ["next", message]:
            _write_next(message)
        case _:
            sys.stderr.write(f"{_USAGE}\n")
            return 2
    return 0


def _write_baseline() -> None:
    for old in (HERE / "versions").glob("[0-9]*.py"):
        old.unlink()
    with create_engine("sqlite://").connect() as connection:
        command.revision(_formatting(configuration(connection)), "Every table.", rev_id=BASELINE, autogenerate=True)


def _write_next(message: str) -> None:
    with create_engine("sqlite://").connect() as connection:
        config = configuration(connection)
        command.upgrade(config, "head")
        command.revision(_formatting(config), message, rev_id=f"{int(HEAD) + 1:04}", autogenerate=True)


def _formatting(config: Config) -> Config:
    config.set_section_option("post_write_hooks", "hooks", "sort, format")
    for hook, options in (
        ("sort", "check --fix --quiet REVISION_SCRIPT_FILENAME"),
        ("format", "format --quiet REVISION_SCRIPT_FILENAME"),
    ):
        config.set_section_option("post_write_hooks", f"{hook}.type", "exec")
        config.set_section_option("post_write_hooks", f"{hook}.executable", "ruff")
        config.set_section_option("post_write_hooks", f"{hook}.options", options)
    return config


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
