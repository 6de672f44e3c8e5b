"""The database: one engine, read transactions, and write transactions that are all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import OperationalError

from cockpit.domain.errors import OperatorMustAct
from cockpit.store.tables import metadata

BUSY_MILLISECONDS = 10_000


@dataclass(frozen=True, slots=True)
class Database:
    """Transactions on one deployment's database."""

    engine: Engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot to read from; nothing written in it is kept."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One writer: everything done inside is committed at its end, or nothing is.

        Raises ``OperatorMustAct`` when the disk is full or the database stays busy.
        """
        with self.engine.connect() as connection:
            try:
                # IMMEDIATE takes the writer's lock first, so that two acts never read the same heads.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                connection.commit()
            except OperationalError as error:
                connection.rollback()
                raise OperatorMustAct(
                    "the database did not accept the write; nothing was kept", code="database"
                ) from error
            except BaseException:
                connection.rollback()
                raise


def open_database(url: str, tables: MetaData = metadata) -> Database:
    """Open the database at ``url`` and make sure that its tables exist."""
    # Parameters are hidden: a failing statement must not print what it was about to store.
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    tables.create_all(engine)
    return Database(engine)


def _configure_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by us: the driver's own implicit BEGIN would come too late to be IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "temp_store=MEMORY",
        f"busy_timeout={BUSY_MILLISECONDS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
