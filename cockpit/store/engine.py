"""The database, SQLite or PostgreSQL: read transactions that are one snapshot, and write transactions one at a time.

Each names the person it is about, when it is about one. See docs/decisions/0007-one-writer-on-postgresql.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, inspect, select
from sqlalchemy.exc import DataError, DBAPIError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from cockpit.domain.errors import NotFound, OperatorMustAct
from cockpit.domain.ids import PersonId
from cockpit.store import migrations, tables, unsettled
from cockpit.store.connecting import BUSY_SECONDS, connect
from cockpit.store.walls import EVERYONE, PERSON_OPTION, fallen_walls, raise_walls, set_person, walks_through_walls

STATEMENT_SECONDS: Final = 60
IDLE_SECONDS: Final = 300
"""How long PostgreSQL lets one statement run, and a transaction stay open with nothing to do."""

OLDEST_POSTGRESQL: Final = 150_000

_LIMITS: Final = (
    f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'; SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s';"
    f" SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'"
)
# IMMEDIATE, and the lock: the writer's turn comes first, so that two acts never read the same heads.
_BEGINNINGS: Final = {
    ("sqlite", False): "BEGIN",
    ("sqlite", True): "BEGIN IMMEDIATE",
    ("postgresql", False): f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_LIMITS}",
    ("postgresql", True): f"BEGIN ISOLATION LEVEL READ COMMITTED; {_LIMITS}; {migrations.WRITERS_TURN}",
}


@dataclass(frozen=True, slots=True)
class Database:
    """Transactions on one deployment's database.

    ``person`` is whom a transaction is about, when that is known from the start; else ``walls.name_person`` says so
    once it is. Without it no row of any person can be touched. ``EVERYONE`` is for maintenance.
    """

    engine: Engine

    @contextmanager
    def read(self, person: PersonId | None = None) -> Iterator[Connection]:
        """A snapshot to read from; nothing can be kept in it.

        Raises ``OperatorMustAct``; ``NotFound`` when something was looked up that the database cannot hold.
        """
        try:
            with self._begun(person, writing=False) as connection:
                yield connection
        except (OperationalError, InternalError, NoFreeConnection) as error:
            raise OperatorMustAct("the database does not answer", code="database") from error

    @contextmanager
    def write(self, person: PersonId | None = None) -> Iterator[Connection]:
        """One writer: everything done inside is committed at its end, or nothing is.

        Raises ``OperatorMustAct`` when the disk is full, the database stays busy, or it goes away; ``NotFound`` as
        ``read`` does.
        """
        committing = False
        try:
            with self._begun(person, writing=True) as connection:
                unsettled.begin(connection)
                yield connection
                unsettled.settle(connection)
                committing = True
                connection.commit()
        except (OperationalError, InternalError, NoFreeConnection) as error:
            if committing and isinstance(error, DBAPIError) and error.connection_invalidated:
                raise OperatorMustAct(
                    "the database went away while it was keeping the write; look whether it is there before a retry",
                    code="database_unsure",
                ) from error
            raise OperatorMustAct("the database did not accept the write; nothing was kept", code="database") from error

    def state(self) -> migrations.State:
        """How it stands to this version of the cockpit."""
        with self.read(EVERYONE) as connection:
            return migrations.state(connection)

    @property
    def shown_address(self) -> str:
        """Its address, with stars for a password."""
        return self.engine.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Close its connections; those in use close when they are given back."""
        self.engine.dispose()

    def forget_past(self) -> None:
        """Let SQLite's journal go, where rows that were removed may still be read; left for later while it is in use.

        PostgreSQL forgets by its own vacuum.
        """
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def inhabited(self) -> bool:
        """Whether anything in it was ever sealed under an operator's keys."""
        with self.read(EVERYONE) as connection:
            return any(connection.execute(select(table).limit(1)).first() for table in (tables.person, tables.log_head))

    @contextmanager
    def _begun(self, person: PersonId | None, *, writing: bool) -> Iterator[Connection]:
        dialect = self.engine.dialect.name
        beginning = _BEGINNINGS[dialect, writing]
        if person is not None and dialect == "postgresql":
            # In the same message, so that naming the person costs no journey of its own.
            beginning = f"{beginning}; {set_person(person)}"
        try:
            # Closing the connection rolls back whatever was not committed, on a broken connection too.
            with self.engine.connect() as connection:
                if person is not None:
                    connection.execution_options(**{PERSON_OPTION: person})
                connection.exec_driver_sql(beginning)
                yield connection
        except DataError as error:
            # PostgreSQL takes no NUL in text, and no name longer than its column: so nothing is kept under one.
            raise NotFound("nothing can be under this name here") from error


def open_database(url: str) -> Database:
    """Open the database at ``url``, with its tables as this version of the cockpit needs them.

    A new or older SQLite file is brought up to date. PostgreSQL is not touched: ``cockpit db upgrade`` does that.
    Raises ``OperatorMustAct`` when the database cannot be reached, or is not fit to be used.
    """
    database = Database(connect(url))
    try:
        if database.engine.dialect.name == "postgresql":
            with database.read(EVERYONE) as connection:
                _refuse_unfit(connection)
        elif database.state() is not migrations.State.CURRENT:
            with database.write(EVERYONE) as connection:
                migrations.upgrade(connection)
    except BaseException:
        database.close()
        raise
    return database


def open_apart(url: str, metadata: MetaData) -> Database:
    """Open a small database of tables of its own at ``url``, made when they are not there.

    On PostgreSQL one role owns and serves it; its walls are raised with its tables. Raises ``OperatorMustAct``.
    """
    database = Database(connect(url))
    postgresql = database.engine.dialect.name == "postgresql"
    try:
        with database.write(EVERYONE) as connection:
            if not set(metadata.tables) <= set(inspect(connection).get_table_names()):
                metadata.create_all(connection)
                if postgresql:
                    raise_walls(connection, metadata)
            if postgresql:
                _refuse_unheld(connection, metadata)
    except BaseException:
        database.close()
        raise
    return database


def _refuse_unfit(connection: Connection) -> None:
    server: Any = connection.connection.dbapi_connection
    if server.info.server_version < OLDEST_POSTGRESQL:
        raise OperatorMustAct("PostgreSQL 15 or newer is needed", code="database_version")
    migrations.refuse_unless_current(connection)
    _refuse_unheld(connection, tables.metadata)


def _refuse_unheld(connection: Connection, metadata: MetaData) -> None:
    if walks_through_walls(connection):
        raise OperatorMustAct(
            "the database's role ignores row-level security; use one without SUPERUSER and BYPASSRLS", code="walls"
        )
    if fallen_walls(connection, metadata):
        raise OperatorMustAct("row-level security is missing from a table; run: cockpit db upgrade", code="walls")
