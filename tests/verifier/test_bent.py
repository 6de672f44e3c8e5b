"""Each rule of the format on its own: one member bent, listed anew and sealed again, is refuted for what it is."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from cockpit.archive.bundle import SEAL_BYTES, SEAL_PREFIX
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.note import sign_note, vkey
from cockpit.verifier import verify as verifier
from cockpit.verifier.verify import REFUTED, verify
from tests.verifier.specimen import CONSENT, ORIGIN, Specimen, reseal, row

Members = dict[str, bytes]
Manifest = dict[str, Any]
CONSENT_ORIGIN = f"{ORIGIN}/consent"
CHECKPOINT = "log/checkpoints/consent"

Bend = Callable[[Members, Manifest, Specimen], object]


def bent(bend: Bend, *, relist: bool = True) -> bytes:
    specimen = Specimen()
    specimen.live()
    with zipfile.ZipFile(io.BytesIO(specimen.taken())) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    if relist:
        bend(members, manifest, specimen)
    manifest["files"] = [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in sorted(members.items())
    ]
    if not relist:
        bend(members, manifest, specimen)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in {"manifest.json": canonical(manifest), **members}.items():
            made.writestr(zipfile.ZipInfo(name), content)
        made.comment = SEAL_PREFIX + b"A" * 88 + b"\n"
    return reseal(out.getvalue()[:-SEAL_BYTES], specimen.receipts_key)


def replaced(path: str, old: bytes, new: bytes) -> Bend:
    def bend(members: Members, _manifest: Manifest, _specimen: Specimen) -> None:
        assert old in members[path]
        members[path] = members[path].replace(old, new, 1)

    return bend


def entry(number: int, **changes: Any) -> Bend:
    def bend(members: Members, _manifest: Manifest, _specimen: Specimen) -> None:
        entries = [json.loads(line) for line in members["log/entries.jsonl"].splitlines()]
        entries[number] |= changes
        members["log/entries.jsonl"] = b"".join(canonical(one) + b"\n" for one in entries)

    return bend


def checkpoint(text: Callable[[str], str], *, by: str = CONSENT_ORIGIN, key: SigningKey | None = None) -> Bend:
    """The checkpoint rewritten, and signed again by whoever holds the log's key (or another)."""

    def bend(members: Members, _manifest: Manifest, specimen: Specimen) -> None:
        body = members[CHECKPOINT].decode().partition("\n\n")[0] + "\n"
        members[CHECKPOINT] = sign_note(text(body), by, key or specimen.log_key)

    return bend


def listed(**changes: Any) -> Bend:
    return lambda _members, manifest, _specimen: manifest.update(changes)


def keys(duty: str, spoil: Callable[[Specimen], str]) -> Bend:
    return lambda _members, manifest, specimen: manifest["keys"].update({duty: spoil(specimen)})


def another_type(_specimen: Specimen) -> str:
    raw = b"\x02" + bytes(32)
    short = hashlib.sha256(CONSENT_ORIGIN.encode() + b"\n" + raw).hexdigest()[:8]
    return f"{CONSENT_ORIGIN}+{short}+{base64.b64encode(raw).decode()}"


def another_hash(specimen: Specimen) -> str:
    return re.sub(r"\+[0-9a-f]{8}\+", "+00000000+", vkey(CONSENT_ORIGIN, specimen.log_key.verify_key()))


def dropped(path: str) -> Bend:
    return lambda members, _manifest, _specimen: members.pop(path)


def rows(*uids: str) -> Bend:
    lines = b"".join(canonical(row(uid)) + b"\n" for uid in uids)
    return lambda members, _manifest, _specimen: members.update({"records/bank.transaction.jsonl": lines})


MANIFESTS: dict[str, tuple[Bend, str, str]] = {
    "another format": (listed(format="another"), "manifest", "other-format"),
    "another version": (listed(version=2), "manifest", "other-format"),
    "a version that is true": (listed(version=True), "manifest", "other-format"),
    "one field more": (listed(more=1), "manifest", "other-format"),
    "another size of the tree": (
        listed(trees=[{"log": "consent", "size": 1, "root": "00"}]),
        "checkpoint",
        "other-checkpoint",
    ),
    "another number of entries": (listed(entries=99), "entries", "entries-missing"),
    "another origin": (listed(origin="another.example/log"), "checkpoint", "other-log"),
    "a key of another type": (keys("log", another_type), "checkpoint", "key-type"),
    "a key of another name": (keys("log", another_hash), "checkpoint", "key-name"),
    "another log's key": (
        keys("log", lambda _: vkey(CONSENT_ORIGIN, SigningKey.generate().verify_key())),
        "checkpoint",
        "checkpoint-unsigned",
    ),
    "another order": (lambda _m, manifest, _s: manifest["files"].reverse(), "manifest", "other-files"),
    "a file listed twice": (
        lambda _m, manifest, _s: manifest["files"].append(manifest["files"][-1]),
        "manifest",
        "other-files",
    ),
    "a file that is not there": (
        lambda _m, manifest, _s: manifest["files"].append({"path": "zzz", "size": 0, "sha256": ""}),
        "manifest",
        "other-files",
    ),
    "a file of another hash": (
        lambda _m, manifest, _s: manifest["files"][0].update(sha256="0" * 64),
        "manifest",
        "changed",
    ),
    "a file said to be larger": (
        lambda _m, manifest, _s: manifest["files"][0].update(size=99_999),
        "manifest",
        "changed",
    ),
    "a file said to be smaller": (
        lambda _m, manifest, _s: manifest["files"][0].update(size=1),
        "manifest",
        "too-large",
    ),
    "a size that is true": (lambda _m, manifest, _s: manifest["files"][0].update(size=True), "manifest", "too-large"),
}
MEMBERS: dict[str, tuple[Bend, str, str]] = {
    "another media type": (replaced("mimetype", b"archive", b"arch1ve"), "manifest", "other-format"),
    "no media type": (dropped("mimetype"), "manifest", "missing"),
    "no checkpoint": (dropped(CHECKPOINT), "checkpoint", "other-checkpoint"),
    "no tag key": (dropped("log/tag_key"), "completeness", "missing"),
    "a tag key in capitals": (replaced("log/tag_key", b"0a", b"0A"), "completeness", "damaged"),
    "a dash of another kind": (replaced(CHECKPOINT, "\u2014".encode(), b"-"), "checkpoint", "damaged"),
    "a checkpoint changed after signing": (replaced(CHECKPOINT, b"\n5\n", b"\n6\n"), "checkpoint", "signature"),
    "a checkpoint by another name": (
        checkpoint(lambda text: text, by="another.example/log/consent"),
        "checkpoint",
        "checkpoint-unsigned",
    ),
    "a checkpoint of another log": (
        checkpoint(lambda text: text.replace("cockpit", "another")),
        "checkpoint",
        "other-log",
    ),
    "a size with a zero before it": (
        checkpoint(lambda text: text.replace("\n5\n", "\n05\n")),
        "checkpoint",
        "other-log",
    ),
    "a root that is too short": (checkpoint(lambda text: f"{CONSENT_ORIGIN}\n5\nAAAA\n"), "checkpoint", "other-log"),
    "a root with stray bits": (
        checkpoint(lambda text: f"{CONSENT_ORIGIN}\n5\n{'A' * 42}B=\n"),
        "checkpoint",
        "damaged",
    ),
    "another size and root": (
        checkpoint(lambda text: f"{CONSENT_ORIGIN}\n6\n{base64.b64encode(bytes(32)).decode()}\n"),
        "checkpoint",
        "other-checkpoint",
    ),
    "a proof of another entry": (entry(0, index=1), "entries", "not-in-log"),
    "a proof that is empty": (entry(0, proof=[]), "entries", "proof-form"),
    "a place that is true": (entry(0, index=True), "entries", "proof-form"),
    "a place beyond the log": (entry(0, index=5), "entries", "proof-form"),
    "a hash that is too short": (entry(0, proof=["AAAA", "AAAA", "AAAA"]), "entries", "proof-form"),
    "an opening to something else": (
        entry(0, audit={"salt": "0" * 64, "part": {}}),
        "entries",
        "other-opening",
    ),
    "entries cut in a line": (replaced("log/entries.jsonl", b"}}\n", b"}}"), "entries", "damaged"),
    "a list without its last newline": (
        lambda members, _m, _s: members.update({"log/entries.jsonl": members["log/entries.jsonl"][:-1]}),
        "entries",
        "cut",
    ),
    "a document with a space in it": (replaced(f"consents/{CONSENT}.json", b":", b": "), "consents", "not-canonical"),
    "a receipt by another name": (
        replaced(f"receipts/{CONSENT}-1.json", b"cockpit.example/receipts+", b"another.example/receipts+"),
        "receipts",
        "key-name",
    ),
    "a receipt changed after signing": (
        replaced(f"receipts/{CONSENT}-1.json", b"09:30:12", b"09:30:13"),
        "receipts",
        "signature",
    ),
    "a consent under another name": (
        lambda members, _m, _s: members.update({"consents/x.json": members.pop(f"consents/{CONSENT}.json")}),
        "consents",
        "consent-disagrees",
    ),
    "no record of a consent": (dropped(f"consents/{CONSENT}.json"), "consents", "no-consent"),
    "a record more than the table": (rows("01", "02", "03"), "records", "table-disagrees"),
    "a record instead of another": (rows("01", "03"), "records", "table-disagrees"),
    "contents that were not logged": (rows("01"), "export", "other-contents"),
    "no entry at all": (lambda members, _m, _s: members.update({"log/entries.jsonl": b""}), "export", "not-logged"),
    "the export left out": (
        lambda members, _m, _s: members.update(
            {"log/entries.jsonl": b"".join(members["log/entries.jsonl"].splitlines(keepends=True)[:-1])}
        ),
        "export",
        "not-logged",
    ),
}


def found_in(archive: bytes) -> dict[str, str]:
    report = verify(archive)
    assert report.outcome == REFUTED
    return {name: found.fault for name, found in report.checks if found}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_says_something_else_is_refuted(name: str) -> None:
    bend, check, fault = MANIFESTS[name]
    found = found_in(bent(bend, relist=False))
    assert found[check] == fault
    assert "layout" not in found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_that_says_something_else_is_refuted(name: str) -> None:
    bend, check, fault = MEMBERS[name]
    found = found_in(bent(bend))
    assert found[check] == fault
    assert not {"seal", "layout"} & set(found)


def test_members_only_written_again_are_proved() -> None:
    assert not verify(bent(lambda members, manifest, specimen: None)).outcome


def test_documents_and_members_beyond_the_bounds_are_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = bent(lambda members, manifest, specimen: None)
    with monkeypatch.context() as bounds:
        bounds.setattr(verifier, "MAX_READ", 100)
        assert found_in(archive)["entries"] == "too-large"
    with monkeypatch.context() as bounds:
        bounds.setattr(verifier, "MAX_DOCUMENT", 50)
        assert found_in(archive)["manifest"] == "too-large"
    with pytest.raises(verifier.Refuted):
        verifier.canonical_json(b'"' + bytes(verifier.MAX_DOCUMENT))


def test_a_seal_of_another_form_is_no_seal() -> None:
    archive = bent(lambda members, manifest, specimen: None)
    # The last digit before the padding carries four bits that no byte uses.
    last = archive[-4:-3].decode()
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stray = digits[digits.index(last) ^ 1].encode()
    assert found_in(archive[:-4] + stray + archive[-3:]) == {"seal": "damaged"}
    assert found_in(archive[:-1] + b" ")["seal"] == "no-seal"


def test_the_keys_one_trusts_are_named_when_they_are_not_those() -> None:
    specimen = Specimen()
    archive = specimen.taken()
    made = (specimen.log_key, SigningKey.generate())
    log, other = (vkey(CONSENT_ORIGIN, key.verify_key()) for key in made)
    receipts = vkey("cockpit.example/receipts", specimen.receipts_key.verify_key())
    assert verify(archive, (log, receipts)).outcome == 0
    for trusted, fault in (((log,), "untrusted-receipts"), ((receipts, other), "untrusted-log")):
        assert {found.fault for _, found in verify(archive, trusted).checks if found} == {fault}


@pytest.mark.parametrize("language", [0, 1])
def test_a_name_inside_an_archive_gives_no_order_to_a_terminal(language: int) -> None:
    assert "\x1b" not in verifier.Refuted("changed", "\x1b[2Jfiles/x\u202e").said(language)
