"""Walk 3, the auditor's: mandate, entries, checks, answers, bundle, over HTTP and from a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cockpit.acts.histories import Verb, history
from cockpit.verifier.audit_bundle import verify_bundle
from tests.audit.houses import Audited, Auditor, auditor, command


def test_an_audit_from_the_mandate_to_a_verified_bundle(audited: Audited, tmp_path: Path) -> None:
    folder = tmp_path / "house"
    ada = auditor(audited.running, folder)
    assert command(folder, "sync").returncode == 0
    integrity = command(folder, "integrity", "--json")
    assert integrity.returncode == 0
    assert json.loads(integrity.stdout)["entries"] > 10
    in_force = json.loads(command(folder, "query", "in-force", "--json").stdout)
    assert in_force["rows"] == [["c_coach", "energy-advice-v1", 2, 1, 1, 1]]
    assert json.loads(command(folder, "query", "without-consent", "--json").stdout)["rows"] == []
    bundle = tmp_path / "bundle.zip"
    made = command(folder, "export", str(bundle))
    assert made.returncode == 0, made.stderr
    report = verify_bundle(bundle.read_bytes())
    assert report["verdict"] == "proved", report
    assert set(report["checks"].values()) == {"ok"}
    # What the auditor did is in the log in its turn.
    assert command(folder, "sync").returncode == 0
    done = {row[2] for row in ada.ask("auditors").rows}
    assert done == {"auditor.mandated", "auditor.read", "auditor.exported"}


def test_no_process_of_the_house_loads_the_store(ada: Auditor) -> None:
    ada.sync()
    program = (
        "import sys, runpy\n"
        "sys.argv = ['audit', '--house', sys.argv[1], *sys.argv[2:]]\n"
        "try: runpy.run_module('cockpit_web_audit', run_name='__main__')\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "print(chr(10).join(sorted(sys.modules)), file=sys.stderr)\n"
    )
    for arguments in (["sync"], ["query", "in-force"], ["integrity"]):
        ran = subprocess.run(
            [sys.executable, "-c", program, str(ada.house.folder), *arguments],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        loaded = set(ran.stderr.split())
        assert "cockpit.audit.house" in loaded
        forbidden = ("cockpit.store", "cockpit.accounts", "cockpit.acts", "cockpit.grants", "cockpit.archive",
                     "cockpit.bootstrap", "cockpit.sealing.operator", "cockpit.sealing.keyring",
                     "cockpit.sealing.envelope", "cockpit.sealing.box", "sqlalchemy", "cockpit_web.")  # fmt: skip
        assert not [name for name in loaded if name.startswith(forbidden)]


def test_the_history_of_the_person_says_nothing_of_a_plain_audit(audited: Audited, ada: Auditor) -> None:
    ada.sync()
    assert audited.visit.keyring is not None
    with audited.running.cockpit.spaces.read(audited.visit.keyring) as reader:
        assert Verb.WAS_AUDITED not in {line.verb for line in history(reader)}
