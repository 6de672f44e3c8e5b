"""A real PostgreSQL for tests: a cluster of its own in a temporary directory, and a database for each test."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from cockpit.store.tables import metadata
from cockpit.store.upkeep import database_at, upgrade

OWNER, SERVER = "cockpit_owner", "cockpit_server"
"""Who may change the tables, and who may only change rows."""


_SHAPE = """
    SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
        SELECT concat_ws(' ', relname, relkind, relrowsecurity, relforcerowsecurity, relacl, attname, atttypmod,
                         attnotnull, attisdropped) AS line
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT concat_ws(' ', tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies
        UNION ALL SELECT version_num FROM alembic_version
    ) AS everything
"""
"""What a database is, beside its rows."""


@dataclass
class Cluster:
    """A running PostgreSQL server, reached by a socket in ``folder``; nothing listens on the network."""

    folder: Path
    programs: Path
    account: str | None
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=count)
    free: list[str] = field(default_factory=list)

    def address(self, database: str, role: str = SERVER) -> str:
        """The SQLAlchemy address of ``database`` for ``role``."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.folder}"

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """A connection that no wall holds."""
        return psycopg.connect(f"host={self.folder} user=postgres dbname={database}", autocommit=True)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=60", "fsync=on")
        options = [part for setting in settings for part in ("-c", setting)]
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "cluster"), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._as_account())
        until = time.monotonic() + 60
        while True:
            try:
                self.superuser().close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, "PostgreSQL did not start"
                time.sleep(0.05)
            else:
                return

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop at once, ending open transactions: SIGINT as a service manager does, SIGQUIT as a crash."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(timeout=60)

    def create(self) -> None:
        """Make the cluster, its roles, and the database that every test's is copied from."""
        self._run(
            "initdb",
            "-D",
            str(self.folder / "cluster"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        self.start()
        with self.superuser() as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN")
            connection.execute(f"CREATE ROLE {SERVER} LOGIN")
            connection.execute(f"CREATE DATABASE template OWNER {OWNER}")
        with database_at(self.address("template", OWNER)) as database:
            upgrade(database, SERVER)

    def empty(self) -> str:
        """The name of a new database without a table, its owner's; gone with the cluster."""
        return self._copy_of("template0")

    @contextmanager
    def database(self) -> Iterator[str]:
        """The name of a database with every table and no row.

        It is emptied and lent again, unless somebody changed more than rows: making one takes a hundred times longer.
        """
        name = self.free.pop() if self.free else self._copy_of("template")
        yield name
        with self.superuser(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [name],
            )
            connection.execute("; ".join(f'DELETE FROM "{table}"' for table in metadata.tables))
            as_made = connection.execute(_SHAPE).fetchone()
        with self.superuser("template") as connection:
            if connection.execute(_SHAPE).fetchone() == as_made:
                self.free.append(name)

    def _copy_of(self, template: str) -> str:
        name = f"test_{next(self.numbers)}"
        with self.superuser() as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
        return name

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.programs / program), *arguments], check=True, capture_output=True, **self._as_account()
        )

    def _as_account(self) -> dict[str, object]:
        # PostgreSQL refuses to run as root.
        return {"user": self.account, "group": self.account, "extra_groups": []} if self.account else {}


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster of its own, stopped and removed afterwards."""
    programs = find_programs()
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="cockpit-postgresql-"))
    if account:
        shutil.chown(folder, account)
    made = Cluster(folder, programs, account)
    try:
        made.create()
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.stop()
        shutil.rmtree(folder)


def find_programs() -> Path:
    """Where PostgreSQL 15 or newer keeps its programs: Debian's place, or beside the ``postgres`` on the path."""
    found = {int(path.name): path / "bin" for path in Path("/usr/lib/postgresql").glob("[0-9]*")}
    on_path = shutil.which("postgres")
    if on_path:
        said = subprocess.run([on_path, "--version"], check=True, capture_output=True, text=True).stdout
        version = re.search(r"(\d+)", said)
        assert version
        found.setdefault(int(version[1]), Path(on_path).resolve().parent)
    fit = [version for version, folder in found.items() if version >= 15 and (folder / "initdb").exists()]
    assert fit, "these tests need PostgreSQL 15 or newer (on Debian: sudo apt-get install postgresql)"
    return found[max(fit)]
