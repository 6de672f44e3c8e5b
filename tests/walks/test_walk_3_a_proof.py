"""Walk 3: everything taken away over HTTP, then proved at home by one program that is not ours."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.store.test_canaries import BANK_FILE
from tests.walks.conftest import Running
from tests.walks.test_walk_1_a_datum import drop, sign_up


def verifier(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cockpit.verifier", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_archive_taken_from_the_page_is_proved_and_a_changed_byte_refutes_it(
    running: Running, tmp_path: Path
) -> None:
    with running.browser() as browser:
        sign_up(browser)
        drop(browser, "releve.ofx", BANK_FILE.encode())
        taken = browser.post("/emporter")
        keys = browser.get("/log/keys").json()
    assert taken.headers["content-type"] == "application/zip"
    archive = tmp_path / "archive.zip"
    archive.write_bytes(taken.content)

    proved = verifier(str(archive), "--json", "--vkey", keys["log"], "--vkey", keys["receipts"])
    assert proved.returncode == 0, proved.stdout
    assert json.loads(proved.stdout)["counts"]["entries"] == 3

    for position in (0, len(taken.content) // 2, len(taken.content) - 1):
        changed = bytearray(taken.content)
        changed[position] ^= 1
        (tmp_path / "changed.zip").write_bytes(changed)
        assert verifier(str(tmp_path / "changed.zip")).returncode == 1
    assert verifier(str(tmp_path / "nothing.zip")).returncode == 2


def test_the_archive_opens_without_us(running: Running, tmp_path: Path) -> None:
    with running.browser() as browser:
        sign_up(browser)
        drop(browser, "releve.ofx", BANK_FILE.encode())
        (tmp_path / "a.zip").write_bytes(browser.post("/emporter").content)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        page = archive.read("index.html").decode()
        assert archive.read(next(name for name in names if name.startswith("files/"))) == BANK_FILE.encode()
    assert "KANARIENVOGEL3" in page
    assert "<script" not in page
    for link in ("records/bank.transaction.csv", "records/bank.account.csv"):
        assert link in names
        assert link in page


def test_each_line_of_the_history_opens_its_proof(running: Running) -> None:
    with running.browser() as browser:
        sign_up(browser)
        drop(browser, "releve.ofx", BANK_FILE.encode())
        assert browser.get("/historique").status_code == 200
        proof = browser.get("/historique/1")
        assert proof.status_code == 200
        assert running.address.partition("://")[2] + "/log" in proof.text
        public = browser.get("/log/consent/proof/1").json()
        assert public["checkpoint"].split("\n")[1] == "2"
