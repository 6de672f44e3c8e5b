"""The vault's benchmark says what it promises, on records that are no easier than real ones, against honest peers."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.calibration import calibration
from benchmarks.performance import AIMS, PAGE, numbers, with_numbers
from benchmarks.realistic import LAST_MONTH, records
from benchmarks.vault_cipher import CipherFts, refuse_clear
from benchmarks.vault_rows import Clear, CoreRows, DriverRows
from benchmarks.vault_stores import feed

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_it_prints_one_object_with_every_promised_number() -> None:
    command = ["--quick", "--json", "--records", "2000", "--rounds", "1", "--spaces", "10", "--no-postgresql"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.vault", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert list(report) == ["name", "calibration", "metrics", "ratios", "peers"]
    for aims in AIMS.values():
        for _, part, name in (aim.split(".") for aim in aims if aim.startswith("vault.")):
            assert isinstance(report[part][name], float), name
    for peer in ("ours", "sqlite_plain", "sqlite_plain_stdlib", "sqlite_aesgcm_rows", "sqlcipher_fts5", "limit"):
        assert report["peers"][peer]["ingest_per_s"] > 0
    assert report["peers"]["pg_plain"] is None


def test_records_are_the_same_each_time() -> None:
    assert list(records(300)) == list(records(300))
    assert list(records(300)) != list(records(300, seed=8))


def test_labels_are_no_easier_to_guess_than_real_ones() -> None:
    known = calibration(8000, feed(8000).packed, LAST_MONTH)
    assert 0.9 * float(str(known["label_bits_real"])) < float(str(known["label_bits_ours"]))
    assert float(str(known["ofx_json_ratio_ours"])) < 1.1 * float(str(known["ofx_json_ratio_real"]))


def test_every_peer_gives_the_same_answers(tmp_path: Path) -> None:
    dbapi2 = pytest.importorskip("sqlcipher3.dbapi2")
    batches = feed(3000)
    plain = tmp_path / "plain.sqlite"
    stores = (
        CoreRows(f"sqlite:///{plain}", plain, Clear()),
        DriverRows(tmp_path / "driver.sqlite"),
        CipherFts(tmp_path / "cipher.sqlite", dbapi2),
    )
    answers = set()
    for store in stores:
        for turn in batches.turns():
            for batch in turn:
                store.ingest(batch)
        store.settle()
        lines = sum(block.count(b"\n") for block in store.export())
        answers.add((store.newest(50), store.month(*LAST_MONTH), store.search(batches.rare_word), lines))
        store.close()
    assert len(answers) == 1
    newest, month, hits, lines = answers.pop()
    assert (newest, hits, lines) == (50, batches.rare_hits, 3000) and month > 0


def test_a_cipher_peer_that_writes_clear_data_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "clear.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE record (body TEXT)")
    connection.close()
    with pytest.raises(RuntimeError, match="plain file"):
        refuse_clear(file)


def test_numbers_replace_those_before_and_nothing_else() -> None:
    page = "before\n<!-- numbers: vault -->\nold\n<!-- end: vault -->\nafter\n"
    assert with_numbers(page, "vault", "new") == page.replace("old", "new")
    with pytest.raises(ValueError, match="no place"):
        with_numbers(page, "log", "new")


def test_the_page_has_a_place_for_the_vault_and_says_what_is_missed() -> None:
    report = {
        "name": "vault",
        "calibration": {"machine": "a machine", "records": 5},
        "ratios": {"ingest_vs_plain": 1.5, "size_vs_plain": 0.2},
        "metrics": {},
        "peers": {"ours": {"ingest_per_s": 12345.0}, "pg_plain": None},
    }
    text = numbers(report, datetime(2026, 1, 5, tzinfo=UTC), quick=False)
    assert "2026-01-05" in text and "12,345" in text and "pg_plain" in text
    (ingest,) = [line for line in text.splitlines() if "ingest_vs_plain" in line]
    (size,) = [line for line in text.splitlines() if "size_vs_plain" in line]
    assert "not met" in ingest and "not met" not in size
    assert text in with_numbers(PAGE.read_text(), "vault", text)
