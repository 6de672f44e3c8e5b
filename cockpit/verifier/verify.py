"""Verify an archive of a personal-data cockpit, with this one file, Python and the package ``cryptography``.

    python verify.py ARCHIVE [--vkey KEY]... [--json] [--lang fr|en]

Exit 0: proved. 1: refuted, something was changed or does not hold together. 2: not readable, or not an archive.
Written from the description of the format (docs/reference/archive-format.md), apart from the code that writes it.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import hashlib
import hmac
import io
import json
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "mesinfos-cockpit-archive"
SEAL = re.compile(rb"mesinfos-cockpit-archive/1 ([A-Za-z0-9+/]{86}==)\n")
SEAL_BYTES = 116
SEAL_CONTEXT = b"mesinfos-cockpit archive v1\n"
RECEIPT_CONTEXT = b"mesinfos-cockpit receipt v1\n"
TAG_CONTEXT = b"mesinfos-cockpit tag\n"
CONTENTS = ("records/", "files/", "consents/", "receipts/")
TRACES = (b"mesinfos-cockpit", b"log/entries.jsonl", b"log/tag_key", b"log/checkpoint", b"manifest.json")
MAX_BYTES = 4 << 30
MAX_MEMBERS = 200_000

PROVED, REFUTED, UNREADABLE = 0, 1, 2


class Refuted(Exception):
    """A check that does not hold; the message says what, never a personal value."""


class Unreadable(Exception):
    """Not an archive, or not one that can be read at all."""


@dataclass
class Report:
    """What was checked, in order, with what was found wrong, and what nobody can prove from this file."""

    outcome: int = PROVED
    checks: list[tuple[str, str | None]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    not_proved: list[str] = field(default_factory=list)
    reason: str | None = None


@dataclass
class Archive:
    """The archive's bytes, opened step by step; anything malformed raises ``Refuted``."""

    data: bytes
    trusted: tuple[str, ...]

    @cached_property
    def zip(self) -> zipfile.ZipFile:
        opened = zipfile.ZipFile(io.BytesIO(self.data))
        if len(opened.infolist()) > MAX_MEMBERS:
            raise Refuted("it holds too many files")
        return opened

    @cached_property
    def manifest(self) -> dict[str, Any]:
        manifest = canonical_json(self.member("manifest.json", 64 << 20))
        if manifest["format"] != FORMAT or manifest["version"] != 1:
            raise Refuted("the manifest is of another format")
        return dict(manifest)

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        return [canonical_json(line) for line in lines_of(self.listed("log/entries.jsonl"))]

    @cached_property
    def checkpoint(self) -> tuple[int, bytes]:
        return read_checkpoint(self.listed("log/checkpoint"), self.manifest["origin"], self.key("log"))

    def key(self, duty: str) -> tuple[str, bytes]:
        vkey = self.manifest["keys"][duty]
        if self.trusted and vkey not in self.trusted:
            raise Refuted(f"the {duty} key is not one of those you trust")
        return parse_vkey(vkey)

    def member(self, name: str, limit: int) -> bytes:
        info = self.zip.getinfo(name)
        if info.file_size > limit:
            raise Refuted("a file is larger than it says")
        with self.zip.open(info) as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise Refuted("a file is larger than it says")
        return content

    def listed(self, name: str) -> bytes:
        for entry in self.manifest["files"]:
            if entry["path"] == name:
                return self.member(name, entry["size"])
        raise Refuted(f"{name} is missing")

    def listed_under(self, prefix: str, suffix: str = "") -> Iterator[tuple[str, bytes]]:
        for entry in self.manifest["files"]:
            path = entry["path"]
            if path.startswith(prefix) and path.endswith(suffix):
                yield path, self.member(path, entry["size"])


def check_seal(archive: Archive) -> None:
    """Every byte before the comment is under the signature in the comment."""
    match = SEAL.fullmatch(archive.data[-SEAL_BYTES:])
    if match is None:
        raise Refuted("the seal is missing or was changed")
    signature = strict_base64(match.group(1).decode())
    digest = hashlib.sha256(archive.data[:-SEAL_BYTES]).digest()
    verify_signature(archive.key("receipts")[1], signature, SEAL_CONTEXT + digest)


def check_manifest(archive: Archive) -> None:
    """The files are those the manifest lists, no other, each with its size and SHA-256."""
    listed = {entry["path"]: entry for entry in archive.manifest["files"]}
    names = [info.filename for info in archive.zip.infolist()]
    if len(names) != len(set(names)) or set(names) != {*listed, "manifest.json"}:
        raise Refuted("the files are not those of the manifest")
    for path, entry in listed.items():
        content = archive.member(path, entry["size"])
        if len(content) != entry["size"] or hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise Refuted(f"{path} was changed")


def check_checkpoint(archive: Archive) -> None:
    """The log's key signed this size and root, and the manifest quotes them."""
    size, root = archive.checkpoint
    if archive.manifest["tree"] != {"size": size, "root": root.hex()}:
        raise Refuted("the manifest quotes another checkpoint")


def check_entries(archive: Archive) -> None:
    """Each entry is in the log (inclusion proof) and its openings are what the leaf commits to."""
    size, root = archive.checkpoint
    if len(archive.entries) != archive.manifest["entries"]:
        raise Refuted("entries are missing")
    for entry in archive.entries:
        leaf_bytes = strict_base64(entry["leaf"])
        leaf = canonical_json(leaf_bytes)
        if set(leaf) != {"v", "type", "at", "policy", "audit", "subject", "tag"} or leaf["v"] != 1:
            raise Refuted("a leaf has another form")
        proof = [strict_base64(digest) for digest in entry["proof"]]
        if root_from_proof(hash_leaf(leaf_bytes), entry["index"], size, proof) != root:
            raise Refuted("an entry is not in the log")
        for part in ("audit", "subject"):
            opening = entry[part]
            committed = hmac.new(bytes.fromhex(opening["salt"]), canonical(opening["part"]), hashlib.sha256)
            if committed.hexdigest() != leaf[part]:
                raise Refuted("an entry was opened to something else than what was logged")


def check_completeness(archive: Archive) -> None:
    """The person's entries are numbered 0, 1, 2… and bear the person's tags: none between was left out."""
    tag_key = bytes.fromhex(archive.listed("log/tag_key").decode("ascii"))
    last_index = -1
    for number, entry in enumerate(archive.entries):
        leaf = json.loads(strict_base64(entry["leaf"]))
        message = TAG_CONTEXT + number.to_bytes(8, "big")
        tag = hmac.new(tag_key, message, hashlib.sha256).digest()[:16].hex()
        if entry["number"] != number or leaf["tag"] != tag or entry["index"] <= last_index:
            raise Refuted("an entry was left out, added or moved")
        last_index = entry["index"]


def check_export(archive: Archive) -> None:
    """The last entry is this export, and commits to these very contents."""
    listed = [entry for entry in archive.manifest["files"] if entry["path"].startswith(CONTENTS)]
    digest = hashlib.sha256(canonical(sorted(listed, key=lambda entry: str(entry["path"])))).hexdigest()
    last = archive.entries[-1]
    if json.loads(strict_base64(last["leaf"]))["type"] != "export.made":
        raise Refuted("the last entry is not this export")
    if last["audit"]["part"].get("contents_sha256") != digest:
        raise Refuted("the contents are not those of the export that was logged")


def check_receipts(archive: Archive) -> None:
    """Each receipt is signed, shows the notice and clause it names, and stands in the log where it says."""
    _, key = archive.key("receipts")
    by_index = {entry["index"]: entry for entry in archive.entries}
    for _, content in archive.listed_under("receipts/"):
        signed = canonical_json(content)
        receipt = signed["receipt"]
        if signed["signature"]["key"] != archive.manifest["keys"]["receipts"]:
            raise Refuted("a receipt was signed by another key")
        verify_signature(key, strict_base64(signed["signature"]["value"]), RECEIPT_CONTEXT + canonical(receipt))
        notice = receipt.get("notice")
        if notice is not None and hashlib.sha256(notice["text"].encode()).hexdigest() != notice["sha256"]:
            raise Refuted("a receipt shows another notice than the one it names")
        if "clause" in receipt and hashlib.sha256(canonical(receipt["clause"])).hexdigest() != receipt["clause_sha256"]:
            raise Refuted("a receipt shows another clause than the one it names")
        entry = by_index.get(receipt["log"]["index"])
        if entry is None or receipt["log"]["origin"] != archive.manifest["origin"]:
            raise Refuted("a receipt stands nowhere in the log")
        leaf = strict_base64(entry["leaf"])
        subject = entry["subject"]["part"]
        if (
            hashlib.sha256(leaf).hexdigest() != receipt["log"]["leaf_sha256"]
            or json.loads(leaf)["type"] != receipt["type"]
            or subject["clause_sha256"] != receipt["clause_sha256"]
            or subject["consent"] != receipt["consent"]
            or (notice is not None and subject["notice_sha256"] != notice["sha256"])
        ):
            raise Refuted("a receipt and its entry in the log disagree")


def check_consents(archive: Archive) -> None:
    """Every decision in the log has its receipt, and nothing was read without a consent that was given and in force."""
    given: dict[str, str] = {}
    logged = 0
    for entry in archive.entries:
        leaf = json.loads(strict_base64(entry["leaf"]))
        subject = entry["subject"]["part"]
        kind = leaf["type"]
        if kind in {"consent.given", "consent.refused", "consent.withdrawn"}:
            logged += 1
            given[subject["consent"]] = kind
        if kind == "access.allowed" and given.get(subject["consent"]) != "consent.given":
            raise Refuted("something was read without a consent in force")
    receipts = [canonical_json(content)["receipt"] for _, content in archive.listed_under("receipts/")]
    if len(receipts) != logged:
        raise Refuted("a decision has no receipt, or a receipt no decision")
    for path, content in archive.listed_under("consents/"):
        record = canonical_json(content)
        last = record["versions"][-1]
        if path != f"consents/{record['consent']}.json" or given.get(record["consent"]) != last["event"]:
            raise Refuted("a consent's state is not the one in the log")


def check_records(archive: Archive) -> None:
    """Each kind's JSON Lines and CSV agree on how many there are; each record's original file is there."""
    paths = {entry["path"] for entry in archive.manifest["files"]}
    for path, content in archive.listed_under("records/", ".jsonl"):
        rows = [canonical_json(line) for line in lines_of(content)]
        table = archive.listed(path.removesuffix(".jsonl") + ".csv").decode("utf-8-sig")
        if sum(1 for _ in csv.reader(io.StringIO(table, newline=""))) - 1 != len(rows):
            raise Refuted("a table and its records disagree")
        for row in rows:
            if row["file"] is not None and row["file"] not in paths:
                raise Refuted("an original file is missing")


CHECKS: tuple[tuple[str, Callable[[Archive], None]], ...] = (
    ("seal", check_seal),
    ("manifest", check_manifest),
    ("checkpoint", check_checkpoint),
    ("entries", check_entries),
    ("completeness", check_completeness),
    ("export", check_export),
    ("receipts", check_receipts),
    ("consents", check_consents),
    ("records", check_records),
)

MALFORMED = (
    KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, EOFError, OSError,
    NotImplementedError, RuntimeError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, csv.Error,
)  # fmt: skip
"""What reading damaged bytes can raise in the standard library: each means that the archive does not hold."""


def verify(data: bytes, trusted: Sequence[str] = ()) -> Report:
    """Check an archive's bytes. ``trusted`` are vkeys; when given, the archive's keys must be among them."""
    report = Report()
    if not any(trace in data for trace in TRACES):
        report.outcome, report.reason = UNREADABLE, "this is not an archive of a personal-data cockpit"
        return report
    archive = Archive(data, tuple(trusted))
    for name, check in CHECKS:
        try:
            check(archive)
        except Refuted as refusal:
            report.checks.append((name, str(refusal)))
        except MALFORMED:
            report.checks.append((name, "it is damaged"))
        else:
            report.checks.append((name, None))
    if any(found for _, found in report.checks):
        report.outcome = REFUTED
        return report
    report.counts = {
        "files": len(archive.manifest["files"]),
        "entries": len(archive.entries),
        "log_size": archive.checkpoint[0],
    }
    report.not_proved = [name for name in NOT_PROVED if name != "keys" or not trusted]
    return report


# --- primitives, written from the RFCs and C2SP ---------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """RFC 8785 for values without floats: object keys sorted by UTF-16 code units, no spaces, UTF-8."""
    if isinstance(value, dict):
        inner = b",".join(
            canonical(str(key)) + b":" + canonical(value[key])
            for key in sorted(value, key=lambda key: str(key).encode("utf-16-be"))
        )
        return b"{" + inner + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(canonical(inner) for inner in value) + b"]"
    if isinstance(value, float):
        raise ValueError("a float")
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def canonical_json(data: bytes) -> Any:
    """The value of canonical bytes; anything else is refused."""
    value = json.loads(data)
    if canonical(value) != data:
        raise Refuted("a document is not in canonical form")
    return value


def lines_of(content: bytes) -> list[bytes]:
    """The lines of a JSON Lines file, each ended by a newline."""
    if content and not content.endswith(b"\n"):
        raise Refuted("a list of lines is cut")
    return content[:-1].split(b"\n") if content else []


def strict_base64(text: str) -> bytes:
    """Base64 with one form only: no spaces, no stray bits."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refuted("a base64 value is malformed") from error
    if base64.b64encode(raw).decode() != text:
        raise Refuted("a base64 value is malformed")
    return raw


def verify_signature(key: bytes, signature: bytes, message: bytes) -> None:
    """Ed25519, RFC 8032."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature as error:
        raise Refuted("a signature does not verify") from error


def parse_vkey(vkey: str) -> tuple[str, bytes]:
    """C2SP signed-note: ``name+hash+base64(0x01 || key)``."""
    name, short, encoded = vkey.split("+", 2)
    raw = strict_base64(encoded)
    if len(raw) != 33 or raw[0] != 1:
        raise Refuted("a key is of another type")
    if hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != short:
        raise Refuted("a key does not match its name")
    return name, raw[1:]


def read_checkpoint(note: bytes, origin: str, key: tuple[str, bytes]) -> tuple[int, bytes]:
    """C2SP tlog-checkpoint: the size and root that ``key`` signed for ``origin``."""
    text, _, signatures = note.decode("utf-8").partition("\n\n")
    text += "\n"
    name, public = key
    short = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    for line in signatures.removesuffix("\n").split("\n"):
        signer, _, encoded = line.removeprefix("\u2014 ").partition(" ")
        value = strict_base64(encoded)
        if signer == name and value[:4] == short:
            verify_signature(public, value[4:], text.encode())
            break
    else:
        raise Refuted("the checkpoint is not signed by the log")
    found, size, root = text.split("\n")[:3]
    if found != origin or not re.fullmatch(r"0|[1-9][0-9]*", size) or len(strict_base64(root)) != 32:
        raise Refuted("the checkpoint is of another log")
    return int(size), strict_base64(root)


def hash_leaf(leaf: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def root_from_proof(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root a proof leads to, by recursion over the tree's shape (RFC 9162, 2.1.3)."""
    if not 0 <= index < size or any(len(digest) != 32 for digest in proof):
        raise Refuted("a proof is malformed")
    if size == 1:
        if proof:
            raise Refuted("a proof is too long")
        return leaf
    if not proof:
        raise Refuted("a proof is too short")
    half = 1
    while half * 2 < size:
        half *= 2
    *rest, sibling = proof
    if index < half:
        return hashlib.sha256(b"\x01" + root_from_proof(leaf, index, half, rest) + sibling).digest()
    return hashlib.sha256(b"\x01" + sibling + root_from_proof(leaf, index - half, size - half, rest)).digest()


# --- words ----------------------------------------------------------------------------------------------------

TITLES = {
    "seal": ("every byte is under the signature", "chaque octet est sous la signature"),
    "manifest": ("the files are those listed", "les fichiers sont ceux de la liste"),
    "checkpoint": ("the log's state is signed", "l'état de l'historique est signé"),
    "entries": ("every entry is in the log", "chaque inscription est dans l'historique"),
    "completeness": ("no entry was left out", "aucune inscription ne manque"),
    "export": ("this export is the one logged", "cet export est celui qui est inscrit"),
    "receipts": ("receipts are signed and in the log", "les reçus sont signés et inscrits"),
    "consents": ("nothing was read without consent", "rien n'a été lu sans autorisation"),
    "records": ("data, tables and files agree", "données, tableaux et fichiers concordent"),
}
NOT_PROVED = {
    "keys": (
        "that these keys are the cockpit's: compare them with those it publishes (--vkey)",
        "que ces clés sont celles du cockpit : comparez-les à celles qu'il publie (--vkey)",
    ),
    "after": ("what happened after this archive was made", "ce qui s'est passé après cette archive"),
    "fork": (
        "that everybody was shown the same log: compare this checkpoint with somebody else's",
        "que tout le monde a vu le même historique : comparez ce point avec celui d'un autre",
    ),
    "recipients": ("what recipients did with what they received", "ce que les destinataires ont fait des données"),
    "truth": ("that the sources told the truth", "que les sources ont dit vrai"),
}
VERDICTS = {
    PROVED: ("PROVED", "PROUVÉ"),
    REFUTED: ("REFUTED", "RÉFUTÉ"),
    UNREADABLE: ("UNREADABLE", "ILLISIBLE"),
}


def print_report(report: Report, path: str, language: int) -> None:
    """The report for a person."""
    print(f"{path}: {VERDICTS[report.outcome][language]}")
    if report.reason:
        print(f"  {report.reason}")
    for name, found in report.checks:
        print(f"  {'x' if found else '+'} {TITLES[name][language]}" + (f": {found}" if found else ""))
    if report.not_proved:
        print("  " + ("Not proved:", "Non prouvé :")[language])
        for name in report.not_proved:
            print(f"    - {NOT_PROVED[name][language]}")


def main(arguments: list[str]) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="verify", description="Verify an archive of a personal-data cockpit.")
    parser.add_argument("archive")
    parser.add_argument("--vkey", action="append", default=[], help="a key you trust (repeatable)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--lang", choices=("en", "fr"), default="fr" if os.environ.get("LANG", "")[:2] == "fr" else "en"
    )
    chosen = parser.parse_args(arguments)
    try:
        path = Path(chosen.archive)
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable("the file is larger than 4 GiB")
        report = verify(path.read_bytes(), chosen.vkey)
    except Unreadable as error:
        report = Report(UNREADABLE, reason=str(error))
    except OSError as error:
        report = Report(UNREADABLE, reason=error.strerror or "the file cannot be read")
    if chosen.json:
        checks = {name: found or "ok" for name, found in report.checks}
        verdict = VERDICTS[report.outcome][0].lower()
        print(json.dumps({
            "verdict": verdict, "reason": report.reason, "checks": checks, "counts": report.counts,
            "not_proved": [NOT_PROVED[name][0] for name in report.not_proved],
        }))  # fmt: skip
    else:
        print_report(report, chosen.archive, int(chosen.lang == "fr"))
    return report.outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
