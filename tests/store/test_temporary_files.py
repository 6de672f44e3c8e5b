"""SQLite sorts, compacts and upgrades in memory: it writes no temporary file, which would hold rows in clear."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.canaries import assert_nowhere

CANARY = "KANARIENVOGEL"

SORT = """
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1])
if len(sys.argv) > 2:
    rows.execute("PRAGMA temp_store=" + sys.argv[2])
rows.execute("CREATE TABLE t (x TEXT)")
rows.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
             "INSERT INTO t SELECT hex(randomblob(100)) FROM n")
rows.execute("SELECT count(*) FROM (SELECT x FROM t ORDER BY x LIMIT -1 OFFSET 0)").fetchall()
rows.execute("CREATE INDEX i ON t (x)")
"""

LIFE = """
import sys
from pathlib import Path
from sqlalchemy import text
from cockpit.acts.open_space import open_space
from cockpit.acts.search_space import search_space
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.search.query import Query
from cockpit.settings import Settings
from cockpit.store.compaction import compact
from cockpit.store.walls import EVERYONE

canary, count = "KANARIENVOGEL", 30000
cockpit = build(Settings(data=Path(sys.argv[1]), argon2_memory_kib=64))
opened = open_space(cockpit, "camille", "quatre mots faciles à retenir", "Camille", "fr")
visit = recognise(cockpit, opened.cookie)
origin = Provenance(ConnectorId("intl.ofx"), "1.0.0", Method.PARSED, Basis.OBSERVED, issuer=canary)
for year in (2025, 2026):
    with cockpit.spaces.write(opened.person) as writer:
        writer.deposit(ConnectorId("intl.ofx"), [
            Record(Kind("bank.transaction"), f"{canary}{year}{n}", f"{year}-{1 + n % 12:02}-{1 + n % 28:02}",
                   {"amount": "-12.34", "currency": "EUR", "counterparty": f"{canary} {n}", "label": f"{n} " * 30},
                   origin)
            for n in range(count)], f"{year}-12-31T09:30:00Z", None, f"{canary}.ofx")
    compact(cockpit.spaces, visit.keyring, "bank")
assert search_space(cockpit, visit, Query(canary)).records
with cockpit.spaces.read(visit.keyring) as reader:
    assert sum(1 for _ in reader.records(Kind("bank.transaction"))) == 2 * count
with cockpit.database.write(EVERYONE) as connection:
    # More to sort than any cache holds, on the very connections of the cockpit.
    connection.execute(text("CREATE TEMPORARY TABLE sorted (x TEXT)"))
    connection.execute(text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
                            "INSERT INTO sorted SELECT hex(randomblob(100)) FROM n"))
    connection.execute(text("CREATE INDEX temp.by_x ON sorted (x)"))
    connection.execute(text("SELECT count(*) FROM (SELECT x FROM sorted ORDER BY x DESC LIMIT -1 OFFSET 0)")).all()
cockpit.close()
print("lived")
"""


def run(program: str, temporary: Path, *arguments: str) -> str:
    """Run a program whose temporary files, Python's and SQLite's, go to ``temporary``."""
    temporary.mkdir()
    os.utime(temporary, ns=(1, 1))
    environment = os.environ | {"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def untouched(temporary: Path) -> bool:
    """Whether no name was ever added or removed: SQLite unlinks its files at once, the directory's time tells."""
    return temporary.stat().st_mtime_ns == 1


@pytest.mark.long
def test_a_large_import_its_sorting_and_its_compaction_write_no_temporary_file(tmp_path: Path) -> None:
    assert run(LIFE, tmp_path / "temporary", str(tmp_path / "data")) == "lived\n"
    assert untouched(tmp_path / "temporary")
    files = assert_nowhere(tmp_path, [CANARY])
    assert tmp_path / "data" / "cockpit.sqlite" in files


@pytest.mark.parametrize(("store", "written"), [((), True), (("FILE",), True), (("MEMORY",), False)])
def test_the_watch_sees_what_sqlite_writes_without_our_setting(
    tmp_path: Path, store: tuple[str, ...], written: bool
) -> None:
    run(SORT, tmp_path / "temporary", str(tmp_path / "rows.sqlite"), *store)
    assert untouched(tmp_path / "temporary") is not written
