"""The commands: the operator's about auditors, the auditor's about their house, and what its server loads."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from cockpit.acts.cockpit import Cockpit
from cockpit.cli import main
from cockpit.verifier.audit_bundle import main as verify
from cockpit.verifier.audit_bundle import verify_bundle
from tests.audit.houses import Auditor, command
from tests.walks.conftest import free_port


def operator(cockpit: Cockpit, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["--data", str(cockpit.settings.data), "auditors", *arguments])
    return result.exit_code, result.output


def test_an_operator_gives_lists_and_ends_mandates(cockpit: Cockpit, tmp_path: Path) -> None:
    public = tmp_path / "ada.pem"
    public.write_text(command(tmp_path / "house", "key").stdout)
    assert command(tmp_path / "house", "key").stdout == public.read_text(), "a house has one key"
    assert (tmp_path / "house" / "house.pem").stat().st_mode & 0o077 == 0
    until = f"{cockpit.clock().date() + timedelta(days=3650)}"
    given = ("give", "Ada Audit", "--scope", "uses,recipients", "--public-key", str(public), "--until")
    assert operator(cockpit, *given, until)[0] == 2, "a mandate of ten years"
    assert (
        operator(cockpit, "give", "Ada", "--scope", "everything", "--public-key", str(public), "--until", until)[0] == 2
    )
    code, said = operator(cockpit, *given, f"{cockpit.clock().date() + timedelta(days=700)}")
    assert code == 0
    mandate = said.strip()
    assert f"{mandate}  in force" in operator(cockpit, "list")[1]
    assert operator(cockpit, "end", mandate)[0] == 0
    assert f"{mandate}  over" in operator(cockpit, "list")[1]
    assert operator(cockpit, "end", mandate)[0] == 2


def test_cockpit_audit_becomes_the_houses_own_process(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cockpit", "audit", "--house", str(tmp_path / "house"), "key"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert ran.stdout.startswith("-----BEGIN PUBLIC KEY-----")


def test_a_house_that_is_none_or_has_joined_nothing_is_said(tmp_path: Path) -> None:
    assert command(tmp_path / "none", "query", "in-force").returncode == 2
    folder = tmp_path / "house"
    command(folder, "key")
    assert "has not joined" in command(folder, "sync").stderr
    for address in ("http://cockpit.example", "ftp://cockpit.example", "https://cockpit.example/log", "cockpit"):
        assert command(folder, "join", address, "m_1").returncode == 2
    assert command(folder, "join", "https://cockpit.example", "m_1", "--log-key", "00").returncode == 2
    assert command(folder, "join", "https://cockpit.example", "m_1").returncode == 0
    assert command(folder, "join", "https://other.example", "m_1").returncode == 2


# What an interpreter loaded, asked of it from outside by a signal.
LISTING = """
import runpy, signal, sys
def told(*_):
    print("\\n".join([*sorted(sys.modules), "END"]), flush=True)
signal.signal(signal.SIGUSR1, told)
sys.argv = ["audit", *sys.argv[1:]]
runpy.run_module("cockpit_web_audit", run_name="__main__")
"""
MAY_NOT = (
    "cockpit.store", "cockpit.accounts", "cockpit.acts", "cockpit.grants", "cockpit.archive", "cockpit.bootstrap",
    "cockpit.cli", "cockpit.registry", "cockpit.settings", "cockpit.sources", "sqlalchemy", "cockpit_policies",
)  # fmt: skip
MAY_OF_SEALING = {"cockpit.sealing", "cockpit.sealing.canonical", "cockpit.sealing.files", "cockpit.sealing.signing"}
MAY_OF_THE_WEB = {
    "cockpit_web", "cockpit_web.formats", "cockpit_web.security", "cockpit_web.security.headers",
    "cockpit_web.typography",
}  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="asks the process by a signal")
def test_the_running_house_has_nothing_of_the_store(ada: Auditor) -> None:
    port = str(free_port())
    arguments = [sys.executable, "-c", LISTING, "--house", str(ada.house.folder), "serve", "--port", port]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            assert running.stdout is not None
            door = running.stdout.readline().strip()
            assert door.startswith(f"http://127.0.0.1:{port}/entrer?cle=")
            with httpx2.Client(follow_redirects=True, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
                for _ in range(100):
                    try:
                        entered = browser.get(door)
                        break
                    except httpx2.ConnectError:
                        time.sleep(0.1)
                assert "encore rien reçu" in entered.text
                browser.headers["Accept-Language"] = "en"
                # Pages, an update over the network, an export: whatever it may load, it has loaded then.
                assert browser.post(f"http://127.0.0.1:{port}/actualiser").status_code == 200
                assert "holds together" in browser.get(f"http://127.0.0.1:{port}/").text
                bundle = browser.post(f"http://127.0.0.1:{port}/export").content
            running.send_signal(signal.SIGUSR1)
            loaded = set()
            while (name := running.stdout.readline().strip()) != "END":
                loaded.add(name)
        finally:
            running.terminate()
    assert verify_bundle(bundle)["verdict"] == "proved"
    assert "cockpit.audit.sync" in loaded
    assert not [name for name in loaded if name.startswith(MAY_NOT)]
    assert {name for name in loaded if name.startswith("cockpit.sealing")} <= MAY_OF_SEALING
    assert {name for name in loaded if name.partition(".")[0] == "cockpit_web"} <= MAY_OF_THE_WEB


def rewritten(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """A bundle with each file as ``change`` gives it; None leaves it out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            kept = change(name, old.read(name))
            if kept is not None:
                new.writestr(name, kept)
    return made.getvalue()


def test_a_bundle_that_was_changed_is_refuted(ada: Auditor, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ada.sync()
    path = tmp_path / "bundle.zip"
    assert command(ada.house.folder, "export", str(path), "--seed", "graine", "--count", "4").returncode == 0
    whole = path.read_bytes()
    assert verify_bundle(whole)["checks"] == dict.fromkeys(
        ("signature", "files", "logs", "openings", "closed", "mandate", "sample"), "ok"
    )

    def checks(content: bytes, **keys: str) -> dict[str, str]:
        report = verify_bundle(content, **keys)
        assert report["verdict"] == "refuted"
        return {name: said for name, said in report["checks"].items() if said != "ok"}

    def edited(part: str, old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
        return lambda name, content: content.replace(old, new) if name.startswith(part) else content

    entries = "logs/consent/entries.jsonl"
    assert set(checks(rewritten(whole, edited(entries, b"c_coach", b"c_other")))) == {"files", "openings"}
    redrawn = rewritten(whole, edited("sample.json", b'"graine"', b'"choisie"'))
    assert set(checks(redrawn)) == {"files", "sample"}
    assert "files" in checks(rewritten(whole, lambda name, body: None if name == "answers/in-force.json" else body))
    assert "signature" in checks(rewritten(whole, edited("manifest.json", b'"version":1', b'"version":1 ')))
    shorter = rewritten(whole, lambda name, body: body[: body.rindex(b"\n", 0, -1) + 1] if name == entries else body)
    assert set(checks(shorter)) >= {"files", "logs"}
    assert set(checks(whole, log_key="00" * 32)) == {"logs"}
    assert set(checks(whole, house_key="00" * 32)) == {"signature"}
    assert verify_bundle(b"not a zip")["verdict"] == "unreadable"
    assert verify([str(path)]) == 0
    path.write_bytes(shorter)
    assert verify([str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["verdict"] == "refuted"
    assert verify([str(tmp_path / "none.zip")]) == 2
    assert command(ada.house.folder, "verify", str(path)).returncode == 1
