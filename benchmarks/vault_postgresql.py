"""The peers on PostgreSQL: a cluster of its own for the length of the run, fsync on, reached by a socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import say
from benchmarks.vault_ours import OursOnPostgresql
from benchmarks.vault_rows import CoreRows, Seal, rows
from cockpit.domain.record import Record


class PgRows(CoreRows):
    """Rows brought by COPY in binary, PostgreSQL's fastest way in; read through Core."""

    def __init__(self, address: str, seal: Seal) -> None:
        super().__init__(address, None, seal)

    def ingest(self, batch: Sequence[Record]) -> None:
        with self.connection.begin():
            driver = self.connection.connection.driver_connection
            assert driver is not None
            with driver.cursor() as cursor, cursor.copy("COPY record FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int4", "bytea", "varchar", "varchar", "int4", "int4", "varchar", "bytea"])
                for row in rows(batch, self.seal):
                    copy.write_row(row)

    def settle(self) -> None:
        maintain(self)

    def disk_bytes(self) -> int:
        with self.connection.begin():
            size = self.connection.exec_driver_sql("SELECT pg_total_relation_size('record')").scalar_one()
            return int(size)


def maintain(store: CoreRows) -> None:
    """What autovacuum and the checkpointer would do in time."""
    connection = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL, and the databases made on it, which go with ``stack``."""

    cluster: Any
    stack: ExitStack

    def empty(self) -> str:
        """The address of an empty database, for whom no wall holds."""
        return str(self.cluster.address(self.cluster.empty(), "postgres"))

    def ours(self, folder: Path) -> OursOnPostgresql:
        """Ours, on a database with the cockpit's tables, in the role that may only change rows."""
        name = self.stack.enter_context(self.cluster.database())
        return OursOnPostgresql(folder, self.cluster.address(name), partial(self.cluster.superuser, name))


@contextmanager
def running_cluster() -> Iterator[Any]:
    """A cluster of its own, for ``Server``; None where PostgreSQL 15 is not installed."""
    try:
        from tests.postgresql import cluster, find_programs  # noqa: PLC0415

        find_programs()
    except (ImportError, AssertionError) as error:
        say(f"PostgreSQL is not measured: {error}")
        yield None
        return
    with cluster() as running:
        yield running
