"""The verifier proves an archive of ours, refutes every change to it, and says when it cannot read."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give, refuse
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.export_space import export_space
from cockpit.acts.issue_tokens import redeem_code
from cockpit.acts.read_for_service import Wanted, read_for_service
from cockpit.acts.refresh_source import refresh_source
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.archive.bundle import SEAL_BYTES, SEAL_CONTEXT, SEAL_PREFIX
from cockpit.consent.narrowing import Narrowing
from cockpit.grants.pushed import Redirect
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey
from cockpit.sources.port import SourceFile
from cockpit.store import services
from cockpit.verifier.verify import PROVED, REFUTED, UNREADABLE, main, verify
from tests.consent.worlds import ASK, SERIES, SERVICE
from tests.store.test_canaries import BANK_FILE, CHALLENGE, VERIFIER


@pytest.fixture
def archive(cockpit: Cockpit, visit: Visit) -> bytes:
    """An archive with a file, its records, a consent given, read and withdrawn, and another refused."""
    refresh_source(cockpit, visit.person, [SourceFile("relevé d'octobre.ofx", BANK_FILE.encode())])
    with cockpit.database.write() as connection:
        services.put(connection, SERVICE)

    def asked() -> Any:
        redirect = Redirect(SERVICE.redirect_uris[0], None, CHALLENGE)
        uri = ask_consent(cockpit, SERVICE, "energy-advice-v1", ASK, redirect).request_uri
        return pending(cockpit, SERVICE.id, uri)

    url = give(cockpit, visit, asked(), Narrowing(3))
    code = url.partition("code=")[2].partition("&")[0]
    issued = redeem_code(cockpit, SERVICE, code, SERVICE.redirect_uris[0], VERIFIER)
    read_for_service(cockpit, issued.access_token, Wanted(SERIES))
    withdraw_consent(cockpit, visit.person, issued.consent)
    refuse(cockpit, visit, asked())
    out = io.BytesIO()
    export_space(cockpit, visit, out)
    return out.getvalue()


def test_an_archive_of_ours_is_proved(archive: bytes) -> None:
    report = verify(archive)
    assert report.outcome == PROVED, report.checks
    assert report.counts["entries"] == 8
    assert "keys" in report.not_proved


def test_a_second_archive_is_proved_too(cockpit: Cockpit, visit: Visit, archive: bytes) -> None:
    out = io.BytesIO()
    export_space(cockpit, visit, out)
    assert verify(out.getvalue()).outcome == PROVED


def test_one_changed_byte_anywhere_is_refuted(archive: bytes) -> None:
    # The seal is checked alone at every place: it covers each byte, and runs before anything is unpacked.
    missed = []
    for position in range(len(archive)):
        changed = bytearray(archive)
        changed[position] ^= 1 + position % 255
        if position % 397 == 0 or position > len(archive) - SEAL_BYTES - 22:
            if verify(bytes(changed)).outcome != REFUTED:
                missed.append(position)
        elif hashlib.sha256(changed[:-SEAL_BYTES]).digest() == hashlib.sha256(archive[:-SEAL_BYTES]).digest():
            missed.append(position)
    assert missed == []


@pytest.mark.parametrize("length", [1, 100, 5000])
def test_a_truncated_archive_is_refuted(archive: bytes, length: int) -> None:
    assert verify(archive[:-length]).outcome == REFUTED
    assert verify(archive[length:]).outcome == REFUTED


def test_bytes_added_before_or_after_are_refuted(archive: bytes) -> None:
    assert verify(archive + b"x").outcome == REFUTED
    assert verify(b"x" + archive).outcome == REFUTED


Change = Callable[[dict[str, bytes]], None]


def resealed(archive: bytes, change: Change, key: SigningKey) -> bytes:
    """The archive as a holder of the receipts key could forge it: changed, listed anew, and sealed again."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    change(members)
    manifest = json.loads(members.pop("manifest.json"))
    manifest["files"] = [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in sorted(members.items())
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for path, content in {**members, "manifest.json": canonical(manifest)}.items():
            made.writestr(zipfile.ZipInfo(path), content)
        made.comment = SEAL_PREFIX + b"A" * 88 + b"\n"
    body = out.getvalue()[:-SEAL_BYTES]
    signature = key.sign(SEAL_CONTEXT, hashlib.sha256(body).digest())
    return body + SEAL_PREFIX + base64.b64encode(signature) + b"\n"


def edit_entries(change: Callable[[list[dict[str, Any]]], object]) -> Change:
    def changed(members: dict[str, bytes]) -> None:
        entries = [json.loads(line) for line in members["log/entries.jsonl"].splitlines()]
        change(entries)
        members["log/entries.jsonl"] = b"".join(canonical(entry) + b"\n" for entry in entries)

    return changed


def edit(prefix: str, change: Callable[[dict[str, Any]], object]) -> Change:
    def changed(members: dict[str, bytes]) -> None:
        path = min(path for path in members if path.startswith(prefix))
        document = json.loads(members[path])
        change(document)
        members[path] = canonical(document)

    return changed


def drop(prefix: str) -> Change:
    def changed(members: dict[str, bytes]) -> None:
        del members[min(path for path in members if path.startswith(prefix))]

    return changed


FORGERIES: dict[str, tuple[Change, str]] = {
    "an edited amount": (
        lambda members: members.update(
            {"records/bank.transaction.jsonl": members["records/bank.transaction.jsonl"].replace(b"-12.34", b"-99.99")}
        ),
        "export",
    ),
    "a removed original": (drop("files/"), "export"),
    "a removed receipt": (drop("receipts/"), "export"),
    "a removed entry": (edit_entries(lambda entries: entries.pop(2)), "entries"),
    "two entries exchanged": (edit_entries(lambda entries: entries.insert(1, entries.pop(2))), "completeness"),
    "an entry opened otherwise": (
        edit_entries(lambda entries: entries[3]["subject"]["part"].update(service="c_other")),
        "entries",
    ),
    "a leaf rewritten": (
        edit_entries(
            lambda entries: entries[1].update(
                leaf=base64.b64encode(base64.b64decode(entries[1]["leaf"]).replace(b"2026", b"2025")).decode()
            )
        ),
        "entries",
    ),
    "a notice rewritten": (
        edit("consents/", lambda kept: kept["versions"][0]["notice"].update(text="other")),
        "consents",
    ),
    "a back-dated receipt": (
        edit("receipts/", lambda receipt: receipt["record"].update(at="2020-01-01T00:00:00Z")),
        "receipts",
    ),
    "an edited checkpoint": (
        lambda members: members.update(
            {"log/checkpoints/consent": members["log/checkpoints/consent"].replace(b"\n8\n", b"\n9\n")}
        ),
        "checkpoint",
    ),
    "another tag key": (lambda members: members.update({"log/tag_key": b"00" * 32}), "completeness"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_by_whoever_holds_the_receipts_key_is_refuted(cockpit: Cockpit, archive: bytes, name: str) -> None:
    change, check = FORGERIES[name]
    report = verify(resealed(archive, change, cockpit.operator.receipts))
    assert report.outcome == REFUTED
    assert dict(report.checks)["seal"] is None
    assert dict(report.checks)[check] is not None


def test_resealing_without_a_change_is_proved(cockpit: Cockpit, archive: bytes) -> None:
    """The forgeries above are refuted for what they change, not for how they are packed."""
    assert verify(resealed(archive, lambda members: None, cockpit.operator.receipts)).outcome == PROVED


def test_sealed_by_another_key_is_refuted(archive: bytes) -> None:
    assert verify(resealed(archive, lambda members: None, SigningKey.generate())).outcome == REFUTED


def test_keys_are_compared_with_those_trusted(archive: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        keys = json.loads(opened.read("manifest.json"))["keys"]
    report = verify(archive, tuple(keys.values()))
    assert report.outcome == PROVED
    assert "keys" not in report.not_proved
    assert verify(archive, (keys["log"],)).outcome == REFUTED


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.7", b"hello" * 100])
def test_what_is_no_archive_is_unreadable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert main([str(path)]) == UNREADABLE


def test_what_is_not_there_is_unreadable(tmp_path: Path) -> None:
    assert main([str(tmp_path / "nothing")]) == UNREADABLE
    assert main([str(tmp_path)]) == UNREADABLE


def test_the_command_runs_alone_from_one_copied_file(tmp_path: Path, archive: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(archive)
    (tmp_path / "b.zip").write_bytes(archive.replace(b"records/", b"recordz/", 1))
    source = Path(sys.modules["cockpit.verifier.verify"].__file__ or "")
    (tmp_path / "verify.py").write_bytes(source.read_bytes())

    def run(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(tmp_path / name), "--json"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    proved, refuted = run("a.zip"), run("b.zip")
    assert (proved.returncode, json.loads(proved.stdout)["verdict"]) == (0, "proved")
    assert (refuted.returncode, json.loads(refuted.stdout)["verdict"]) == (1, "refuted")


def test_the_report_speaks_both_languages(tmp_path: Path, archive: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.zip").write_bytes(archive)
    main([str(tmp_path / "a.zip"), "--lang", "fr"])
    main([str(tmp_path / "a.zip"), "--lang", "en"])
    printed = capsys.readouterr().out
    assert "PROUVÉ" in printed
    assert "Not proved:" in printed
