"""The verifier against whoever holds every key, and against files made to hurt it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.archive.bundle import SEAL_BYTES, SEAL_PREFIX
from cockpit.sealing.canonical import canonical
from cockpit.verifier import verify as verifier
from cockpit.verifier.verify import PROVED, REFUTED, UNREADABLE, Report, main, verify
from tests.verifier.specimen import CONSENT, RECORD, Bend, Specimen, living, reseal, row

SOURCE = Path(verifier.__file__)


def refused(report: Report) -> dict[str, str]:
    """The checks that do not hold, with the name of the fault."""
    assert report.outcome == REFUTED
    return {name: found.fault for name, found in report.checks if found}


def test_the_specimen_is_proved() -> None:
    report = verify(living())
    assert report.outcome == PROVED, report.checks
    assert report.counts == {"files": 12, "entries": 7, "log_size": 7}


def test_a_person_who_did_nothing_takes_away_a_proved_archive() -> None:
    assert verify(Specimen(rows=[]).taken()).outcome == PROVED


@pytest.mark.long
def test_every_byte_changed_is_refuted_by_the_whole_verifier() -> None:
    archive = living()
    missed = []
    for position in range(len(archive)):
        changed = bytearray(archive)
        changed[position] ^= 1 + position % 255
        if verify(bytes(changed)).outcome != REFUTED:
            missed.append(position)
    assert missed == []


def test_every_archive_cut_short_is_refuted() -> None:
    archive = living()
    name = archive.index(b"mesinfos-cockpit")
    for length in range(name + 16, len(archive), 97):
        assert verify(archive[:length]).outcome == REFUTED, length


def bent(bend: Bend) -> Callable[[Specimen], object]:
    """A further decision, whose receipt says what it should not."""
    return lambda made: made.decide("consent.given", bend=bend)


LIES: dict[str, tuple[Callable[[Specimen], object], str, str]] = {
    "a read before any consent": (
        lambda made: made.log("access.allowed", {}, {"consent": "never"}),
        "consents",
        "read-without-consent",
    ),
    "a read after the withdrawal": (
        lambda made: made.log("access.allowed", {}, {"consent": CONSENT}),
        "consents",
        "read-without-consent",
    ),
    "a decision without a receipt": (
        lambda made: made.log("consent.refused", {}, {"consent": CONSENT}),
        "consents",
        "no-receipt",
    ),
    "a receipt dated another day": (
        lambda made: made.decide("consent.given", at="2025-01-01T00:00:00Z"),
        "receipts",
        "receipt-disagrees",
    ),
    "a receipt for another consent": (
        bent(lambda receipt: receipt.update(record={**receipt["record"], "id": RECORD[:-1] + "0"})),
        "receipts",
        "receipt-disagrees",
    ),
    "a receipt of another state": (
        bent(lambda receipt: receipt.update(record={**receipt["record"], "state": "renewed"})),
        "receipts",
        "receipt-disagrees",
    ),
    "a receipt of another form": (
        bent(lambda receipt: receipt.update(schema="mesinfos-cockpit receipt v1")),
        "receipts",
        "other-format",
    ),
    "a receipt whose record is signed twice": (
        bent(lambda receipt: receipt.update(signatures=receipt["signatures"] * 2)),
        "receipts",
        "receipt-key",
    ),
    "a receipt that opens its leaf otherwise": (
        bent(lambda receipt: receipt["opened"]["audit"].update(salt="0" * 64)),
        "receipts",
        "other-opening",
    ),
    "a receipt of another leaf": (
        bent(lambda receipt: receipt["log"].update(leaf_sha256="0" * 64)),
        "receipts",
        "receipt-disagrees",
    ),
    "a receipt of nothing": (
        bent(lambda receipt: receipt["log"].update(index=1)),
        "receipts",
        "receipt-nowhere",
    ),
    "a receipt with another entry's proof": (
        lambda made: next(iter(made.receipts.values())).update(proof="c2sp.org/tlog-proof@v1\nindex 0\n\n"),
        "receipts",
        "receipt-disagrees",
    ),
    "a receipt with a proof of nothing": (
        lambda made: next(iter(made.receipts.values())).update(proof="c2sp.org/tlog-proof@v2\nindex 2\n\n"),
        "receipts",
        "proof-form",
    ),
    "a consent's record with another text": (
        lambda made: made.versions[0]["notice"].update(text="x"),
        "consents",
        "receipt-notice",
    ),
    "a consent's record without its text": (
        lambda made: made.versions[0].pop("notice"),
        "consents",
        "consent-disagrees",
    ),
    "a consent's record that says another day": (
        lambda made: made.versions[0].update(at="2026-11-22T09:30:12Z"),
        "consents",
        "record-disagrees",
    ),
    "a consent's record of another change": (
        lambda made: made.versions[0].update(event="consent.renewed"),
        "consents",
        "consent-disagrees",
    ),
    "a consent's record with another clause": (
        lambda made: made.versions[0].update(clause={"service": "another"}),
        "consents",
        "receipt-clause",
    ),
    "a consent's record without the withdrawal": (
        lambda made: made.versions.pop(),
        "consents",
        "consent-disagrees",
    ),
    "a record of another kind": (lambda made: made.rows.append(row("03", kind="tax.notice")), "records", "other-kind"),
    "a record whose original is missing": (
        lambda made: made.rows.append(row("03", file="files/none")),
        "records",
        "no-original",
    ),
    "a record whose original is elsewhere": (
        lambda made: made.rows.append(row("03", file="log/tag_key")),
        "records",
        "no-original",
    ),
    "a table without its records": (
        lambda made: made.more.update({"records/tax.notice.csv": b"uid\r\n1\r\n"}),
        "records",
        "table-disagrees",
    ),
    "an entry numbered twice": (lambda made: made.entries[2].update(number=1), "completeness", "entries-moved"),
    "a short salt": (
        lambda made: made.entries[0].update(audit=("00", made.entries[0]["audit"][1])),
        "entries",
        "damaged",
    ),
    "a record of a batch rewritten": (
        lambda made: made.entries[3].update(
            batch=(1, made.entries[3]["batch"][1].replace(b"allowed", b"refused"), made.entries[3]["batch"][2])
        ),
        "entries",
        "not-in-log",
    ),
    "a record at another place of its batch": (
        lambda made: made.entries[3].update(batch=(0, *made.entries[3]["batch"][1:])),
        "entries",
        "not-in-log",
    ),
    "a record with somebody else's path": (
        lambda made: made.entries[3].update(batch=(*made.entries[3]["batch"][:2], made.entries[4]["batch"][2])),
        "entries",
        "proof-form",
    ),
    "a record of a batch that says more": (
        lambda made: made.entries[3].update(
            batch=(1, made.entries[3]["batch"][1][:-1] + b',"x":1}', made.entries[3]["batch"][2])
        ),
        "entries",
        "leaf-form",
    ),
    "a batch that says it holds more": (
        lambda made: made.entries[3].update(leaf=made.entries[3]["leaf"].replace(b'"count":3', b'"count":4')),
        "entries",
        "not-in-log",
    ),
    "a batch of more than there may be": (
        lambda made: made.entries[3].update(leaf=made.entries[3]["leaf"].replace(b'"count":3', b'"count":1025')),
        "entries",
        "leaf-form",
    ),
    "a batch as if it were one entry": (lambda made: made.entries[3].pop("batch"), "entries", "leaf-form"),
    "one entry as if it were a batch": (
        lambda made: made.entries[2].update(batch=(0, made.entries[3]["batch"][1], ())),
        "entries",
        "damaged",
    ),
    "two records of a batch exchanged": (
        lambda made: made.entries.insert(3, made.entries.pop(4)),
        "completeness",
        "entries-moved",
    ),
    "a record of a batch left out": (lambda made: made.entries.pop(3), "completeness", "entries-moved"),
    "a decision among the accesses": (
        lambda made: made.log("consent.withdrawn", {}, {"consent": CONSENT}, log="access-2026-11"),
        "entries",
        "other-log",
    ),
    "an access among the decisions": (
        lambda made: made.log("access.refused", {}, {"consent": CONSENT}, log="consent"),
        "entries",
        "other-log",
    ),
    "an entry of one log in another": (lambda made: made.entries[2].update(log="consent"), "entries", "other-log"),
    "a leaf that says more": (
        lambda made: made.entries[0].update(leaf=made.entries[0]["leaf"][:-1] + b',"x":1}'),
        "entries",
        "leaf-form",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_whoever_holds_every_key_is_caught_in_a_lie(name: str) -> None:
    change, check, fault = LIES[name]
    found = refused(verify(living(change)))
    assert found[check] == fault
    assert "seal" not in found
    assert "export" not in found


def repacked(archive: bytes, pack: Callable[[zipfile.ZipFile, dict[str, bytes]], object], specimen: Specimen) -> bytes:
    """The same members written by another hand, then sealed with the receipts key."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        pack(made, members)
        made.comment = SEAL_PREFIX + b"A" * 88 + b"\n"
    return reseal(out.getvalue()[:-SEAL_BYTES], specimen.receipts_key)


def plainly(made: zipfile.ZipFile, members: dict[str, bytes]) -> None:
    for name, content in members.items():
        made.writestr(zipfile.ZipInfo(name), content)


def with_member(name: str, content: bytes) -> Callable[[zipfile.ZipFile, dict[str, bytes]], None]:
    """Listed in the manifest as it should be: only its name is wrong."""

    def pack(made: zipfile.ZipFile, members: dict[str, bytes]) -> None:
        manifest = json.loads(members.pop("manifest.json"))
        digest = hashlib.sha256(content).hexdigest()
        manifest["files"].append({"path": name, "size": len(content), "sha256": digest})
        manifest["files"].sort(key=lambda entry: str(entry["path"]))
        plainly(made, {**members, name: content, "manifest.json": canonical(manifest)})

    return pack


def with_field(field: str) -> Callable[[zipfile.ZipFile, dict[str, bytes]], None]:
    def pack(made: zipfile.ZipFile, members: dict[str, bytes]) -> None:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            if name == "README.txt" or name == min(members):
                setattr(member, field, b"\xfe\xca\x04\x00hide" if field == "extra" else b"hidden")
            made.writestr(member, content)

    return pack


PACKINGS: dict[str, tuple[Callable[[zipfile.ZipFile, dict[str, bytes]], object], str, str]] = {
    "a path that leaves the folder": (with_member("../evil.txt", b"x"), "layout", "unsafe-path"),
    "a path from the root": (with_member("/etc/evil", b"x"), "layout", "unsafe-path"),
    "a path of another system": (with_member("C:\\evil", b"x"), "layout", "unsafe-path"),
    "a name with a terminal's order": (with_member("\x1b[2J", b"x"), "layout", "unsafe-path"),
    "a name written backwards": (with_member("\u202egpj.exe", b"x"), "layout", "unsafe-path"),
    "two names that one system takes for one": (with_member("LOG/tag_key", b"x"), "layout", "same-path"),
    "a field that hides bytes": (with_field("extra"), "layout", "hidden-bytes"),
    "a comment that hides bytes": (with_field("comment"), "layout", "hidden-bytes"),
    "a member that is not listed": (
        lambda made, members: plainly(made, {**members, "more": b"x"}),
        "manifest",
        "other-files",
    ),
}


@pytest.mark.parametrize("name", PACKINGS)
def test_a_packing_that_hides_or_escapes_is_refuted(name: str) -> None:
    pack, check, fault = PACKINGS[name]
    specimen = Specimen()
    found = refused(verify(repacked(specimen.taken(), pack, specimen)))
    assert found == {check: fault}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_is_refuted_before_it_is_undone(method: int) -> None:
    specimen = Specimen()

    def pack(made: zipfile.ZipFile, members: dict[str, bytes]) -> None:
        made.compression = method
        for name, content in members.items():
            made.writestr(name, content)

    assert refused(verify(repacked(specimen.taken(), pack, specimen)))["manifest"] == "other-format"


def test_a_directory_that_lies_about_a_size_does_not_unpack_a_bomb() -> None:
    specimen = Specimen()

    def pack(made: zipfile.ZipFile, members: dict[str, bytes]) -> None:
        bomb = zipfile.ZipInfo("log/tag_key")
        bomb.compress_type = zipfile.ZIP_DEFLATED
        made.writestr(bomb, bytes(1 << 24))
        bomb.file_size = len(members.pop("log/tag_key"))
        plainly(made, members)

    assert refused(verify(repacked(specimen.taken(), pack, specimen)))["completeness"] == "damaged"


def test_another_packing_of_the_same_members_is_proved() -> None:
    specimen = Specimen()
    assert verify(repacked(specimen.taken(), plainly, specimen)).outcome == PROVED


def test_bytes_between_members_and_the_directory_are_refuted() -> None:
    specimen = Specimen()
    archive = specimen.taken()
    directory = archive.index(b"PK\x01\x02")
    body = bytearray(archive[:directory] + b"hidden" + archive[directory:-SEAL_BYTES])
    place = len(body) - 6
    start = int.from_bytes(body[place : place + 4], "little")
    assert start == directory
    body[place : place + 4] = (start + 6).to_bytes(4, "little")
    assert refused(verify(reseal(bytes(body), specimen.receipts_key)))["layout"] == "hidden-bytes"


def test_bytes_before_the_first_member_are_refuted() -> None:
    specimen = Specimen()
    body = b"%PDF-1.7 another document\n" + specimen.taken()[:-SEAL_BYTES]
    found = refused(verify(reseal(body, specimen.receipts_key)))
    assert found["layout"] == "hidden-bytes"
    assert "seal" not in found


def test_a_bomb_is_refuted_without_being_unpacked() -> None:
    specimen = Specimen()

    def pack(made: zipfile.ZipFile, members: dict[str, bytes]) -> None:
        manifest = json.loads(members.pop("manifest.json"))
        manifest["files"].append({"path": "zeros", "size": 1 << 40, "sha256": "0" * 64})
        plainly(made, {**members, "manifest.json": canonical(manifest)})
        bomb = zipfile.ZipInfo("zeros")
        bomb.compress_type = zipfile.ZIP_DEFLATED
        made.writestr(bomb, bytes(1 << 24))

    assert refused(verify(repacked(specimen.taken(), pack, specimen)))["manifest"] == "too-large"


def test_a_directory_of_millions_is_refuted_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "MAX_MEMBERS", 5)
    assert refused(verify(living()))["layout"] == "too-many"


def test_a_member_larger_than_the_manifest_says_is_refuted() -> None:
    specimen = Specimen()
    archive = repacked(
        specimen.taken(), lambda made, members: plainly(made, {**members, "log/tag_key": b"0" * 5000}), specimen
    )
    assert refused(verify(archive))["completeness"] == "too-large"


@pytest.mark.parametrize("depth", [500, 100_000])
def test_a_document_nested_without_end_is_refuted(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    assert refused(verify(living(lambda made: made.more.update({"receipts/x.json": nested}))))["receipts"] == "damaged"


def test_a_cell_longer_than_the_csv_module_lets_pass_is_proved() -> None:
    data = {"values": list(range(50_000))}
    assert verify(living(lambda made: made.rows.append(row("03", data=data)))).outcome == PROVED


@pytest.mark.parametrize(
    "value", [1.5, 1 << 53, {"\ud800": 1}, "\ud800"], ids=["float", "large", "surrogate key", "surrogate"]
)
def test_values_with_no_canonical_form_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"number|surrogate"):
        verifier.canonical(value)


def test_another_zip_with_a_manifest_is_not_taken_for_ours() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("manifest.json", "{}")
    assert verify(out.getvalue()).outcome == UNREADABLE


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert main([str(tmp_path / "pipe")]) == UNREADABLE


@pytest.mark.parametrize("vkey", ["", "typo", "a+b+c", "cockpit.example/log+00000000+AQ=="])
def test_a_key_that_is_no_key_is_a_wrong_usage(vkey: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["archive.zip", "--vkey", vkey])
    assert stopped.value.code == UNREADABLE
    assert "name+hash+key" in capsys.readouterr().err


def test_a_terminal_without_accents_does_not_change_the_verdict(tmp_path: Path) -> None:
    path = tmp_path / "éà.zip"
    path.write_bytes(living())
    done = subprocess.run(
        [sys.executable, str(SOURCE), str(path), "--lang", "fr"],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == PROVED, done.stderr
    assert b"PROUV" in done.stdout


def test_a_reader_that_stops_reading_does_not_change_the_verdict(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(living())
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, str(SOURCE), str(tmp_path / "a.zip")], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (PROVED, b"")


def test_without_its_one_dependency_it_says_so_and_refutes_nothing(tmp_path: Path) -> None:
    # -S leaves out the installed packages: what a bare Python sees.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SOURCE), "a.zip"], capture_output=True, text=True, check=False
    )
    assert done.returncode == UNREADABLE
    assert "cryptography" in done.stderr


def test_every_fault_is_said_in_both_languages() -> None:
    text = SOURCE.read_text("utf-8")
    raised = set(re.findall(r'(?:Refuted\(|reason=)"([a-z-]+)"', text))
    raised |= {"untrusted-log", "untrusted-receipts"}
    assert raised == set(verifier.FAULTS)
    assert all(english and french and english != french for english, french in verifier.FAULTS.values())


def test_a_report_in_french_has_no_english_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = living(LIES["a read after the withdrawal"][0])
    (tmp_path / "a.zip").write_bytes(archive)
    assert main([str(tmp_path / "a.zip"), "--lang", "fr"]) == REFUTED
    printed = capsys.readouterr().out
    assert "RÉFUTÉ" in printed
    assert "rien n'a été lu sans autorisation: une lecture s'est faite sans autorisation" in printed
