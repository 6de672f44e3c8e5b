"""The tables' history: what a database was made by, and how it is brought to this version.

Revisions are Alembic's, in ``versions/``; they are driven from here, without an ``alembic.ini``. To add one, see
CONTRIBUTING.md.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select, text

from cockpit.domain.errors import OperatorMustAct
from cockpit.store.tables import metadata
from cockpit.store.walls import raise_walls

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0001"
"""The newest revision: what this version of the cockpit works with. A test holds it to ``versions/``."""

HERE: Final = Path(__file__).parent

WRITERS_TURN: Final = "SELECT pg_advisory_xact_lock(7230419638)"
"""What a transaction that writes waits for on PostgreSQL, an upgrade too. The number is ours, and has no meaning."""

_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


class State(StrEnum):
    """How a database stands to this version of the cockpit."""

    EMPTY = "empty"
    CURRENT = "up to date"
    OLDER = "older"
    NEWER = "newer"
    UNKNOWN = "made by a version without migrations"


_REFUSALS: Final = {
    State.EMPTY: "the database has no tables yet; run: cockpit db upgrade",
    State.OLDER: "the database is of an older version; back it up, then run: cockpit db upgrade",
    State.NEWER: "the database is of a newer version of the cockpit; run that version",
    State.UNKNOWN: "the database was made before this version could upgrade it; export the spaces with the version"
    " that made it, then open them in a new one",
}


def revision(connection: Connection) -> str | None:
    """The revision the database is at, or None when it says none."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()


def state(connection: Connection) -> State:
    """How the database stands. Needs Alembic only when it is not up to date: every command opens a database."""
    found = revision(connection)
    if found == HEAD:
        return State.CURRENT
    if found is None:
        return State.UNKNOWN if set(inspect(connection).get_table_names()) & set(metadata.tables) else State.EMPTY
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    return State.OLDER if found in known else State.NEWER


def refuse_unless_current(connection: Connection) -> None:
    """Raises ``OperatorMustAct``, saying what to do, unless the database is up to date."""
    found = state(connection)
    if found is not State.CURRENT:
        raise OperatorMustAct(_REFUSALS[found], code="database_version")


def upgrade(connection: Connection, server_role: str | None = None) -> None:
    """Bring the database to ``HEAD`` inside the open transaction; on PostgreSQL, raise the walls again.

    ``server_role`` is granted rows and nothing else. Raises ``OperatorMustAct`` for a database that cannot be brought
    there.
    """
    before = state(connection)
    if before in {State.NEWER, State.UNKNOWN}:
        raise OperatorMustAct(_REFUSALS[before], code="database_version")
    if before is State.EMPTY and connection.dialect.name == "sqlite":
        # A household's first start, and every test's: the same tables as by all revisions, in a tenth of the time.
        metadata.create_all(connection)
        _VERSION.create(connection)
        connection.execute(_VERSION.insert().values(version_num=HEAD))
    elif before is not State.CURRENT:
        _run_revisions(connection)
    if connection.dialect.name == "postgresql":
        raise_walls(connection, metadata)
        if server_role is not None:
            _admit(connection, server_role)


def prepare(connection: Connection, at: str) -> None:
    """Make the tables of revision ``at`` in an empty database, for rows of that version. Raises ``OperatorMustAct``."""
    if at == HEAD:
        upgrade(connection)
        return
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - a server that is up to date never loads Alembic

    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if at not in known:
        raise OperatorMustAct(_REFUSALS[State.NEWER], code="database_version")
    _run_revisions(connection, at)


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, in place of an ``alembic.ini``."""
    from alembic.config import Config  # noqa: PLC0415 - a server that is up to date never loads Alembic

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(HERE / "versions"))
    config.set_main_option("path_separator", "newline")
    return config


def _run_revisions(connection: Connection, to: str = "head") -> None:
    from alembic import command  # noqa: PLC0415 - a server that is up to date never loads Alembic

    if connection.dialect.name == "postgresql":
        # Changing a large table takes as long as it takes; everybody waits for the writer's turn meanwhile.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    command.upgrade(configuration(connection), to)


def _admit(connection: Connection, role: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for name in metadata.tables:
        connection.execute(text(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{name}" TO {quoted}'))
    connection.execute(text(f'GRANT SELECT ON "{_VERSION.name}" TO {quoted}'))
