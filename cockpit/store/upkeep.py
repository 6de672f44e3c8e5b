"""What an operator does to a database before a cockpit opens it: look, upgrade, spread over machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from cockpit.domain.errors import OperatorMustAct
from cockpit.store import migrations, tables
from cockpit.store.connecting import connect
from cockpit.store.distribution import distribute
from cockpit.store.engine import Database
from cockpit.store.walls import EVERYONE


@contextmanager
def database_at(url: str) -> Iterator[Database]:
    """The database at ``url`` as it is, fit to be opened or not; closed at the end."""
    database = Database(connect(url))
    try:
        yield database
    finally:
        database.close()


def upgrade(database: Database, server_role: str | None = None) -> None:
    """Bring the tables and walls to this version, in one transaction, as the only writer.

    ``server_role``: a PostgreSQL role that may then read and write rows and nothing more. Raises ``OperatorMustAct``.
    """
    with owning(database) as connection:
        migrations.upgrade(connection, server_role)


def spread(database: Database) -> None:
    """Spread the tables over a Citus cluster, once. Raises ``OperatorMustAct`` where there is none, or not yet fit."""
    if database.engine.dialect.name != "postgresql":
        raise OperatorMustAct("only a PostgreSQL database with Citus can be spread over machines", code="citus")
    with owning(database) as connection:
        migrations.refuse_unless_current(connection)
        distribute(connection, tables.metadata)


@contextmanager
def owning(database: Database) -> Iterator[Connection]:
    """A transaction that may make or change tables. Raises ``OperatorMustAct`` when the role may not."""
    try:
        with database.write(EVERYONE) as connection:
            yield connection
    except ProgrammingError as error:
        raise OperatorMustAct(
            "PostgreSQL refused: run this as the owner of the database, and name only roles that exist",
            code="database_role",
        ) from error
