"""Verify an archive of a personal-data cockpit, or one receipt, with this one file, Python and ``cryptography``.

    python verify.py ARCHIVE|RECEIPT [--vkey KEY]... [--since KEPT] [--json] [--lang fr|en]

Exit 0: proved. 1: refuted, something was changed or does not hold together. 2: not readable, or neither.
Written from the descriptions of the formats (docs/reference/archive-format.md, receipts.md), apart from the code that
writes them.
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
import struct
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError as missing:
    if __name__ != "__main__":
        raise
    # Without this, Python would end with 1, which here means "refuted".
    print(f"the package cryptography is needed: python -m pip install cryptography ({missing})", file=sys.stderr)
    sys.exit(2)

FORMAT = "mesinfos-cockpit-archive"
SEAL = re.compile(rb"mesinfos-cockpit-archive/1 ([A-Za-z0-9+/]{86}==)\n")
SEAL_BYTES = 116
SEAL_CONTEXT = b"mesinfos-cockpit archive v1\n"
RECEIPT = "mesinfos-cockpit receipt v2"
RECEIPT_CONTEXT = b"mesinfos-cockpit receipt v2\n"
RECORD_CONTEXT = b"mesinfos-cockpit consent record v1\n"
RECEIPT_FORM = {"schema", "record", "signatures", "log", "opened", "key", "signature", "proof", "acknowledgement"}
TLOG_PROOF = "c2sp.org/tlog-proof@v1"
LATER = {"signature", "proof", "acknowledgement"}
"""What the signature of a receipt does not cover: it comes later, and carries its own proof."""
TAG_CONTEXT = b"mesinfos-cockpit tag\n"
MEDIA_TYPE = b"application/vnd.mesinfos-cockpit-archive+zip"
CONTENTS = ("records/", "files/", "consents/", "receipts/")
LIVE = {"consent.given", "consent.narrowed", "consent.renewed", "consent.resumed", "consent.reviewed"}
OPEN = LIVE | {"consent.paused", "consent.suspended"}
MAY_FOLLOW: dict[str, set[str]] = {
    "consent.deferred": {"", "consent.deferred"},
    "consent.given": {"", "consent.deferred"},
    "consent.refused": {"", "consent.deferred"},
    "consent.narrowed": LIVE,
    "consent.renewed": LIVE | {"consent.suspended"},
    "consent.reviewed": LIVE,
    "consent.paused": LIVE,
    "consent.resumed": {"consent.paused"},
    "consent.suspended": LIVE | {"consent.paused"},
    "consent.withdrawn": OPEN,
    "consent.expired": OPEN | {"consent.deferred"},
    "consent.revoked": OPEN,
    "consent.invalidated": OPEN | {"consent.deferred"},
}
"""What may happen to a consent, and after what; "" is nothing yet. What is over is followed by nothing."""
STATES = {
    "consent.reviewed": "renewed", "consent.resumed": "renewed",
    **{f"consent.{state}": state for state in (
        "deferred", "given", "refused", "narrowed", "renewed", "paused", "suspended", "withdrawn", "expired",
        "revoked", "invalidated",
    )},
}  # fmt: skip
"""The state of the record that each change leaves."""
TRACES = (b"mesinfos-cockpit", b"log/entries.jsonl", b"log/tag_key")
"""What only an archive of ours holds, each in several places: one of them is left whatever byte was changed."""

HEX_32 = re.compile(r"[0-9a-f]{64}")
LEAF_FORMS = {
    "type": re.compile(r"[a-z_]+\.[a-z_]+"),
    "at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", re.ASCII),
    "policy": HEX_32,
    "audit": HEX_32,
    "subject": HEX_32,
    "tag": re.compile(r"[0-9a-f]{32}"),
}
RECORD_FORMS = {name: LEAF_FORMS[name] for name in ("type", "audit", "subject", "tag")}
"""What a record of a batch says; the minute and policies are its batch's."""
BATCH = "access.batch"
BATCH_FORMS = {
    "type": re.compile(re.escape(BATCH)), "at": LEAF_FORMS["at"], "policy": HEX_32, "root": HEX_32,
}  # fmt: skip
MOST_IN_BATCH = 1024
ACCESSES = {"access.allowed", "access.refused", "token.issued"}
"""What stands in the logs of the months; everything else, in the consent log."""
CONSENT_LOG = "consent"
ACCESS_LOG = re.compile(r"access-[0-9]{4}-(0[1-9]|1[0-2])")
ENTRY_FORM = {"log", "index", "number", "leaf", "audit", "subject", "proof"}
MANIFEST_FORM = {"format", "version", "created_at", "origin", "keys", "trees", "entries", "files"}

MAX_BYTES = 4 << 30
MAX_UNPACKED = 8 << 30
MAX_MEMBERS = 200_000
MAX_READ = 1 << 30
"""The largest member that is read at once; originals and tables of any size are hashed piece by piece."""
MAX_DOCUMENT = 32 << 20
"""The largest JSON document, and the largest line of JSON Lines."""
CHUNK = 1 << 20
POLICY_SET_SCHEMA = "mesinfos-cockpit policy set v1"

PROVED, REFUTED, UNREADABLE = 0, 1, 2


class Refuted(Exception):
    """A check that does not hold: the name of a sentence in ``FAULTS``, and the file it is about."""

    def __init__(self, fault: str, path: str = "") -> None:
        super().__init__(fault)
        self.fault, self.path = fault, path

    def said(self, language: int) -> str:
        """The sentence in English (0) or French (1), with nothing that a terminal could take for an order."""
        return printable(f"{self.path}: {FAULTS[self.fault][language]}" if self.path else FAULTS[self.fault][language])


@dataclass
class Report:
    """What was checked, in order, with what was found wrong, and what nobody can prove from this file."""

    outcome: int = PROVED
    checks: list[tuple[str, Refuted | None]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    not_proved: list[str] = field(default_factory=list)
    reason: str | None = None
    """Why the file cannot be read: the name of a sentence in ``FAULTS``, or what the system said."""


@dataclass
class Archive:
    """The archive's bytes, opened step by step; anything malformed raises ``Refuted`` or one of ``MALFORMED``."""

    data: bytes
    trusted: tuple[str, ...]
    _policies: dict[str, Policies] = field(default_factory=dict)

    @cached_property
    def zip(self) -> zipfile.ZipFile:
        # Counted before the directory is read, so that a directory of millions is never built.
        if self.data.count(b"PK\x01\x02") > MAX_MEMBERS:
            raise Refuted("too-many")
        return zipfile.ZipFile(io.BytesIO(self.data))

    @cached_property
    def manifest(self) -> dict[str, Any]:
        manifest = canonical_json(b"".join(self.chunks("manifest.json", MAX_DOCUMENT)))
        if set(manifest) != MANIFEST_FORM or manifest["format"] != FORMAT or not is_count(manifest["version"], 1, 1):
            raise Refuted("other-format")
        return dict(manifest)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The size of each file, as the manifest has it."""
        sizes = {entry["path"]: entry["size"] for entry in self.manifest["files"]}
        if not all(is_count(size, 0, MAX_UNPACKED) for size in sizes.values()) or sum(sizes.values()) > MAX_UNPACKED:
            raise Refuted("too-large")
        return sizes

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        return [canonical_json(line) for line in lines_of(self.listed("log/entries.jsonl"))]

    @cached_property
    def leaves(self) -> list[tuple[bytes, dict[str, Any]]]:
        """Each entry's leaf: its bytes, and what they say. Of one in a batch, what its record says, at its minute."""
        found = []
        for entry in self.entries:
            raw = strict_base64(entry["leaf"])
            leaf = canonical_json(raw)
            if "batch" in entry:
                leaf = {**canonical_json(strict_base64(entry["batch"]["record"])), "at": leaf["at"]}
            found.append((raw, leaf))
        return found

    @cached_property
    def receipts(self) -> dict[str, dict[str, Any]]:
        return {path: canonical_json(content) for path, content in self.listed_under("receipts/")}

    @cached_property
    def checkpoints(self) -> dict[str, tuple[int, bytes]]:
        """The size and root of each log, signed by one key, under each log's own name."""
        name, public = self.key("log")
        if name != self.log_origin(CONSENT_LOG):
            raise Refuted("other-log")
        found = {}
        for path, content in self.listed_under("log/checkpoints/"):
            log = path.removeprefix("log/checkpoints/")
            if log != CONSENT_LOG and not ACCESS_LOG.fullmatch(log):
                raise Refuted("other-log", path)
            origin = self.log_origin(log)
            found[log] = read_checkpoint(content, origin, (origin, public))
        return found

    @cached_property
    def versions(self) -> dict[tuple[str, int], dict[str, Any]]:
        """Each version of each consent, by its number from 1."""
        lives = [canonical_json(content) for _, content in self.listed_under("consents/")]
        return {
            (life["consent"], number): version
            for life in lives
            for number, version in enumerate(life["versions"], start=1)
        }

    def policies(self, sha256: str) -> Policies:
        """The policy set of this hash. Raises ``Refuted`` when it is missing or another."""
        if sha256 not in self._policies:
            document = self.listed(f"policies/{sha256}.json")
            if hashlib.sha256(document).hexdigest() != sha256:
                raise Refuted("policy-set", f"policies/{sha256}.json")
            self._policies[sha256] = read_policies(document)
        return self._policies[sha256]

    def log_origin(self, log: str) -> str:
        return f"{self.manifest['origin']}/{log}"

    def key(self, duty: str) -> tuple[str, bytes]:
        vkey = self.manifest["keys"][duty]
        if self.trusted and vkey not in self.trusted:
            raise Refuted(f"untrusted-{duty}")
        return parse_vkey(vkey)

    def chunks(self, name: str, size: int) -> Iterator[bytes]:
        """A member's bytes, piece by piece, never more than ``size`` of them."""
        member = self.zip.getinfo(name)
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Refuted("other-format", name)
        # Python never unpacks more of a member than the size that its directory says.
        if member.file_size > size:
            raise Refuted("too-large", name)
        with self.zip.open(member) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk

    def listed(self, name: str) -> bytes:
        """The whole of a file that the manifest lists."""
        if name not in self.sizes:
            raise Refuted("missing", name)
        return b"".join(self.chunks(name, min(self.sizes[name], MAX_READ)))

    def listed_under(self, prefix: str, suffix: str = "") -> Iterator[tuple[str, bytes]]:
        for path in self.sizes:
            if path.startswith(prefix) and path.endswith(suffix):
                yield path, self.listed(path)


def check_seal(archive: Archive) -> None:
    """Every byte before the comment is under the signature in the comment."""
    match = SEAL.fullmatch(archive.data[-SEAL_BYTES:])
    if match is None:
        raise Refuted("no-seal")
    signature = strict_base64(match.group(1).decode())
    digest = hashlib.sha256(archive.data[:-SEAL_BYTES]).digest()
    verify_signature(archive.key("receipts")[1], signature, SEAL_CONTEXT + digest)


def check_layout(archive: Archive) -> None:
    """Members stand one after another from the first byte to the directory: nothing hides before, between or after."""
    position = directory = 0
    names = set()
    for member in sorted(archive.zip.infolist(), key=lambda member: member.header_offset):
        name_size, extra_size = struct.unpack_from("<HH", archive.data, member.header_offset + 26)
        start = member.header_offset + 30 + name_size
        # The only field that may follow a name is the one for sizes over 4 GiB (Zip64, number 1).
        extras = (archive.data[start : start + extra_size], member.extra)
        plain = all(not extra or extra[:2] == b"\x01\x00" for extra in extras) and not member.comment
        if member.header_offset != position or not plain or member.flag_bits & ~0x800:
            raise Refuted("hidden-bytes")
        if member.filename != member.orig_filename or not is_safe(member.filename):
            raise Refuted("unsafe-path")
        names.add(unicodedata.normalize("NFC", member.filename).casefold())
        position += 30 + name_size + extra_size + member.compress_size
        directory += 46 + name_size + len(member.extra)
    if len(names) != len(archive.zip.infolist()):
        raise Refuted("same-path")
    end = len(archive.data) - SEAL_BYTES - position - directory
    # The end record is 22 bytes, and 76 more when the directory is a Zip64 one (APPNOTE 4.3.14 to 4.3.16).
    if archive.data[position : position + 4] != b"PK\x01\x02" or end not in {22, 22 + 76}:
        raise Refuted("hidden-bytes")


def check_manifest(archive: Archive) -> None:
    """The files are those the manifest lists, no other, each with its size and SHA-256."""
    listed = archive.manifest["files"]
    names = [member.filename for member in archive.zip.infolist()]
    if len(names) != len(listed) + 1 or set(names) != {*archive.sizes, "manifest.json"}:
        raise Refuted("other-files")
    if listed != sorted(listed, key=lambda entry: str(entry["path"])):
        raise Refuted("other-files")
    for entry in listed:
        digest, size = hashlib.sha256(), 0
        for chunk in archive.chunks(entry["path"], archive.sizes[entry["path"]]):
            digest.update(chunk)
            size += len(chunk)
        if entry != {"path": entry["path"], "size": size, "sha256": digest.hexdigest()}:
            raise Refuted("changed", entry["path"])
    if archive.listed("mimetype") != MEDIA_TYPE:
        raise Refuted("other-format")


def check_checkpoint(archive: Archive) -> None:
    """The logs' key signed these sizes and roots, the manifest quotes them, and every log of an entry is there."""
    found = [{"log": log, "size": size, "root": root.hex()} for log, (size, root) in archive.checkpoints.items()]
    if archive.manifest["trees"] != sorted(found, key=lambda tree: str(tree["log"])):
        raise Refuted("other-checkpoint")
    if {entry["log"] for entry in archive.entries} != archive.checkpoints.keys():
        raise Refuted("other-checkpoint")


def check_entries(archive: Archive) -> None:
    """Each entry is in its log (inclusion proof), or in a batch there, and its openings are what it commits to."""
    if len(archive.entries) != archive.manifest["entries"]:
        raise Refuted("entries-missing")
    for entry, (raw, leaf) in zip(archive.entries, archive.leaves, strict=True):
        if set(entry) - {"batch"} != ENTRY_FORM:
            raise Refuted("leaf-form")
        if "batch" in entry:
            check_in_batch(entry["batch"], canonical_json(raw))
        elif not is_form(leaf, LEAF_FORMS) or leaf["type"] == BATCH:
            raise Refuted("leaf-form")
        if (leaf["type"] in ACCESSES) is (entry["log"] == CONSENT_LOG):
            raise Refuted("other-log")
        size, root = archive.checkpoints[entry["log"]]
        proof = [strict_base64(digest) for digest in entry["proof"]]
        if root_from_proof(hash_leaf(raw), entry["index"], size, proof) != root:
            raise Refuted("not-in-log")
        for part in ("audit", "subject"):
            if committed(entry[part]) != leaf[part]:
                raise Refuted("other-opening")


def check_in_batch(place: dict[str, Any], leaf: dict[str, Any]) -> None:
    """A record is at its place in the small tree whose root and count the batch's leaf holds."""
    if set(place) != {"position", "record", "path"}:
        raise Refuted("leaf-form")
    record = strict_base64(place["record"])
    count = leaf.pop("count")
    if not is_form(leaf, BATCH_FORMS) or not is_count(count, 1, MOST_IN_BATCH):
        raise Refuted("leaf-form")
    if not is_form(canonical_json(record), RECORD_FORMS):
        raise Refuted("leaf-form")
    path = [strict_base64(digest) for digest in place["path"]]
    if root_from_proof(hash_leaf(record), place["position"], count, path).hex() != leaf["root"]:
        raise Refuted("not-in-log")


def check_completeness(archive: Archive) -> None:
    """The person's entries are numbered 0, 1, 2… and bear the person's tags: none between was left out."""
    tag_key = strict_hex(archive.listed("log/tag_key").decode("ascii"))
    last: dict[str, tuple[int, int]] = {}
    for number, (entry, (_, leaf)) in enumerate(zip(archive.entries, archive.leaves, strict=True)):
        message = TAG_CONTEXT + number.to_bytes(8, "big")
        tag = hmac.new(tag_key, message, hashlib.sha256).digest()[:16].hex()
        # In each log they stand one after another; in a batch, at one index.
        place = entry["index"], entry["batch"]["position"] if "batch" in entry else -1
        if entry["number"] != number or leaf["tag"] != tag or place <= last.get(entry["log"], (-1, -1)):
            raise Refuted("entries-moved")
        last[entry["log"]] = place


def check_export(archive: Archive) -> None:
    """The last entry is this export, and commits to these very contents."""
    listed = [entry for entry in archive.manifest["files"] if entry["path"].startswith(CONTENTS)]
    digest = hashlib.sha256(canonical(sorted(listed, key=lambda entry: str(entry["path"])))).hexdigest()
    if not archive.leaves or archive.leaves[-1][1]["type"] != "export.made":
        raise Refuted("not-logged")
    if archive.entries[-1]["audit"]["part"].get("contents_sha256") != digest:
        raise Refuted("other-contents")


def check_receipts(archive: Archive) -> None:
    """Each receipt and the record in it are signed, and its entry stands in the log where it says."""
    logged = {
        entry["index"]: (entry, raw)
        for entry, (raw, _) in zip(archive.entries, archive.leaves, strict=True)
        if entry["log"] == CONSENT_LOG
    }
    for path, receipt in archive.receipts.items():
        try:
            check_receipt(receipt, archive.key("receipts"))
            place = receipt["log"]
            if place["index"] not in logged or place["origin"] != archive.log_origin(CONSENT_LOG):
                raise Refuted("receipt-nowhere")
            entry, raw = logged[place["index"]]
            opened = {"leaf": base64.b64encode(raw).decode(), "audit": entry["audit"], "subject": entry["subject"]}
            if receipt["opened"] != opened:
                raise Refuted("receipt-disagrees")
            if receipt["proof"]:
                check_proof(receipt, archive.key("log"))
        except Refuted as refusal:
            raise Refuted(refusal.fault, path) from refusal


def check_receipt(receipt: dict[str, Any], named: tuple[str, bytes]) -> None:
    """``named`` (a key and its name) signed the receipt and its record, and its leaf is opened to this record."""
    name, key = named
    if set(receipt) != RECEIPT_FORM or receipt["schema"] != RECEIPT:
        raise Refuted("other-format")
    record, place, opened = receipt["record"], receipt["log"], receipt["opened"]
    if parse_vkey(receipt["key"]) != named or name != place["origin"].partition("/log")[0] + "/receipts":
        raise Refuted("receipt-key")
    body = {member: value for member, value in receipt.items() if member not in LATER}
    verify_signature(key, strict_base64(receipt["signature"]), RECEIPT_CONTEXT + canonical(body))
    ours = [signed for signed in receipt["signatures"] if signed["type"] == "ed25519"]
    if len(ours) != 1 or ours[0]["key"] != receipt["key"]:
        raise Refuted("receipt-key")
    verify_signature(key, strict_base64(ours[0]["value"]), RECORD_CONTEXT + canonical(record))
    raw = strict_base64(opened["leaf"])
    leaf, subject = canonical_json(raw), opened["subject"]["part"]
    if not is_form(leaf, LEAF_FORMS) or hashlib.sha256(raw).hexdigest() != place["leaf_sha256"]:
        raise Refuted("receipt-disagrees")
    if any(committed(opened[part]) != leaf[part] for part in ("audit", "subject")):
        raise Refuted("other-opening")
    terms = record["terms"]
    if (
        STATES.get(leaf["type"]) != record["state"]
        or leaf["at"] != record["at"][:16] + "Z"
        or subject["record_sha256"] != hashlib.sha256(canonical(record)).hexdigest()
        or subject["clause_sha256"] != record["clause_sha256"]
        or subject["consent"] != record["id"].replace("-", "")
        or subject.get("notice_sha256") != (None if terms is None else terms["notice"]["sha256"])
    ):
        raise Refuted("receipt-disagrees")


def check_proof(receipt: dict[str, Any], log: tuple[str, bytes]) -> tuple[int, bytes]:
    """The receipt's ``.tlog-proof`` (C2SP tlog-proof) leads from its leaf to a checkpoint that ``log`` signed.

    Returns that checkpoint's size and root.
    """
    head, _, note = receipt["proof"].encode().partition(b"\n\n")
    first, *lines = head.decode("ascii").split("\n")
    if first != TLOG_PROOF:
        raise Refuted("proof-form")
    index, *hashes = [line for line in lines if not line.startswith("extra ")]
    place = receipt["log"]
    if index != f"index {place['index']}":
        raise Refuted("receipt-disagrees")
    size, root = read_checkpoint(note, place["origin"], log)
    leaf = hash_leaf(strict_base64(receipt["opened"]["leaf"]))
    if root_from_proof(leaf, place["index"], size, [strict_base64(digest) for digest in hashes]) != root:
        raise Refuted("not-in-log")
    return size, root


def check_consents(archive: Archive) -> None:
    """Each decision in the log has its receipt and its version; nothing was read but under a consent in force."""
    events = [(entry, leaf["type"]) for entry, (_, leaf) in zip(archive.entries, archive.leaves, strict=True)]
    decided = [entry["index"] for entry, event in events if event in MAY_FOLLOW]
    if sorted(receipt["log"]["index"] for receipt in archive.receipts.values()) != decided:
        raise Refuted("no-receipt")
    state: dict[str, str] = {}
    for entry, event in events:
        consent = entry["subject"]["part"].get("consent")
        if event == "access.allowed" and state.get(consent) not in LIVE:
            raise Refuted("read-without-consent")
        if event in MAY_FOLLOW and state.get(consent, "") not in MAY_FOLLOW[event]:
            raise Refuted("out-of-order")
        if event in MAY_FOLLOW:
            state[consent] = event
    versions = 0
    for path, content in archive.listed_under("consents/"):
        record = canonical_json(content)
        consent, before = record["consent"], None
        for number, version in enumerate(record["versions"], start=1):
            receipt = archive.receipts[f"receipts/{consent}-{number}.json"]
            record_named(path, consent, version, receipt, before)
            shown_as_signed(path, version)
            before = version
            versions += 1
        if path != f"consents/{consent}.json" or state.get(consent) != record["versions"][-1]["event"]:
            raise Refuted("consent-disagrees", path)
    if versions != len(decided):
        raise Refuted("no-consent")


def record_named(
    path: str, consent: str, version: dict[str, Any], receipt: dict[str, Any], before: dict[str, Any] | None
) -> None:
    """The signed record of a version is the one in its receipt, and names the version before it."""
    record = version["signed"]["record"]
    replaced = "" if before is None else hashlib.sha256(canonical(before["signed"]["record"])).hexdigest()
    if version["signed"] != {"record": receipt["record"], "signatures": receipt["signatures"]}:
        raise Refuted("record-disagrees", path)
    if record["replaces"] != replaced or record["at"] != version["at"]:
        raise Refuted("record-disagrees", path)
    event = canonical_json(strict_base64(receipt["opened"]["leaf"]))["type"]
    if version["event"] != event or consent != record["id"].replace("-", ""):
        raise Refuted("consent-disagrees", path)


def shown_as_signed(path: str, version: dict[str, Any]) -> None:
    """The clause and the text that a version shows are those whose hashes its record holds; full ones show both."""
    record = version["signed"]["record"]
    if "clause" in version and hashlib.sha256(canonical(version["clause"])).hexdigest() != record["clause_sha256"]:
        raise Refuted("receipt-clause", path)
    full = record["terms"] is not None
    if ("notice" in version) is not full or ("clause" in version) is not full:
        raise Refuted("consent-disagrees", path)
    if full:
        notice = version["notice"]
        digest = hashlib.sha256(notice["text"].encode()).hexdigest()
        if not digest == notice["sha256"] == record["terms"]["notice"]["sha256"]:
            raise Refuted("receipt-notice", path)


def check_decisions(archive: Archive) -> None:
    """Each read is decided again, by the policies that its entry names, on what they were asked: with the same answer.

    What they were asked must be of the consent as it then stood, of this service, of this kind and at this minute.
    """
    seen: dict[str, int] = {}
    states: dict[str, str] = {}
    terms: dict[str, dict[str, Any]] = {}
    for entry, (raw, leaf) in zip(archive.entries, archive.leaves, strict=True):
        audit, subject = entry["audit"]["part"], entry["subject"]["part"]
        consent = subject.get("consent")
        if leaf["type"] in MAY_FOLLOW:
            seen[consent] = seen.get(consent, 0) + 1
            version = archive.versions[consent, seen[consent]]
            states[consent] = version["signed"]["record"]["state"]
            terms[consent] = version.get("clause") or terms[consent]
        if leaf["type"] not in {"access.allowed", "access.refused"}:
            continue
        if "asked" not in subject:
            # A service that knocks after the end, or asks what cannot be compared, is refused before any policy.
            if leaf["type"] == "access.allowed" or audit["decision"] not in {"not-active", "undecidable"}:
                raise Refuted("decision-unasked")
            continue
        asked = subject["asked"]
        verdict = archive.policies(canonical_json(raw)["policy"]).decide(asked)
        # Two engines that disagree deny, whatever each says.
        same = verdict.allows == (audit["decision"] == "allowed") and list(verdict.determining) == audit["policies"]
        if not same and audit["decision"] != "undecidable":
            raise Refuted("decision-disagrees")
        if (audit["decision"] == "allowed") != (leaf["type"] == "access.allowed"):
            raise Refuted("decision-disagrees")
        check_asked(asked, audit, subject, leaf, states[consent], terms[consent])


def check_asked(
    asked: dict[str, Any],
    audit: dict[str, Any],
    subject: dict[str, Any],
    leaf: dict[str, Any],
    state: str,
    clause: dict[str, Any],
) -> None:
    """What policies were asked is what the entry and the consent say: nobody made the question fit the answer."""
    context = asked["context"]
    about, life, part = context["asked"], context["consent"], context["part"]
    granted = {one["kind"]: one for one in clause["inputs"]}.get(asked["resource"]["id"])
    fields = sorted(granted["fields"]) if granted else []
    told = (
        ({"type": "Service", "id": subject["service"]}, asked["principal"]),
        ("Kind", asked["resource"]["type"]),
        (digits(leaf["at"]), about["at"] // 100),
        (about["subject"], life["subject"]),
        (state, life["status"]),
        (digits(clause["expires"]), life["expires"]),
        (digits(clause["data_from"]), life["from"]),
        (digits(clause["data_until"]), life["until"]),
        (clause["max_per_day"], life["reads"]),
        (fields, sorted(part["fields"])),
        (sorted(clause["recipients"]), names(context["clause"]["recipients"], "Service")),
        (sorted(one["kind"] for one in clause["inputs"]), names(context["clause"]["kinds"], "Kind")),
        (sorted(clause["purposes"]), names(context["clause"]["purposes"], "Purpose")),
        (sorted(clause["operations"]), names(context["clause"]["operations"], "Operation")),
    )
    if any(one != other for one, other in told):
        raise Refuted("question-disagrees")
    allowed = audit["decision"] == "allowed"
    # What a service names that the vocabulary does not know is not written down; it is refused.
    kinds = {asked["resource"]["id"]} if allowed else {asked["resource"]["id"], "unknown"}
    if audit["kind"] not in kinds or subject["kind"] != audit["kind"]:
        raise Refuted("question-disagrees")
    if allowed and not set(audit["fields"]) <= set(about["fields"]) & set(fields):
        raise Refuted("question-disagrees")


def digits(text: str) -> int:
    """A day or an instant as the number its digits write, as policies compare it."""
    return int(re.sub("[-:TZ]", "", text))


def names(entities: list[dict[str, Any]], of: str) -> list[str]:
    """The identifiers of these entities, sorted; of another type they are refused."""
    if any(entity["__entity"]["type"] != of for entity in entities):
        raise Refuted("question-disagrees")
    return sorted(entity["__entity"]["id"] for entity in entities)


def check_records(archive: Archive) -> None:
    """Each kind's JSON Lines and CSV hold the same records in the same order; each record's original file is there."""
    tables = {path for path in archive.sizes if path.startswith("records/") and path.endswith(".csv")}
    # A cell of a table may hold a month of measures: longer than the csv module lets pass unless told.
    csv.field_size_limit(MAX_DOCUMENT)
    for path, content in archive.listed_under("records/", ".jsonl"):
        table = path.removesuffix(".jsonl") + ".csv"
        tables.discard(table)
        reader = csv.DictReader(io.StringIO(archive.listed(table).decode("utf-8-sig"), newline=""), strict=True)
        uids = [row["uid"] for row in reader]
        rows = [canonical_json(line) for line in lines_of(content)]
        if uids != [row["uid"] for row in rows]:
            raise Refuted("table-disagrees", path)
        for row in rows:
            if f"records/{row['kind']}.jsonl" != path:
                raise Refuted("other-kind", path)
            if row["file"] is not None and not (row["file"].startswith("files/") and row["file"] in archive.sizes):
                raise Refuted("no-original", path)
    if tables:
        raise Refuted("table-disagrees", min(tables))


CHECKS: tuple[tuple[str, Callable[[Archive], None]], ...] = (
    ("seal", check_seal),
    ("layout", check_layout),
    ("manifest", check_manifest),
    ("checkpoint", check_checkpoint),
    ("entries", check_entries),
    ("completeness", check_completeness),
    ("export", check_export),
    ("receipts", check_receipts),
    ("consents", check_consents),
    ("decisions", check_decisions),
    ("records", check_records),
)

MALFORMED = (
    KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, EOFError, OSError,
    NotImplementedError, RuntimeError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, csv.Error, struct.error,
)  # fmt: skip
"""What reading damaged bytes can raise in the standard library: each means that the archive does not hold."""


def verify_receipt(data: bytes, trusted: Sequence[str] = ()) -> Report:
    """Check one receipt's bytes. ``trusted`` are vkeys: when given, the receipts' key must be among them.

    That its entry is in the log is proved when the log's key is among them too, and the receipt holds a proof.
    """
    if RECEIPT.encode() not in data:
        return Report(UNREADABLE, reason="not-ours")
    said = {"earlier", "grew"} | ({"keys"} if trusted else set())
    report = Report(not_proved=[name for name in NOT_PROVED if name not in said])
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("receipt", lambda: receipt_holds(canonical_json(data), trusted)),
        ("in-log", lambda: receipt_is_logged(canonical_json(data), trusted, report.counts)),
    )
    for name, check in checks:
        try:
            if not check():
                continue
            report.checks.append((name, None))
            report.not_proved = [other for other in report.not_proved if other != name]
        except Refuted as refusal:
            report.checks.append((name, refusal))
        except MALFORMED:
            report.checks.append((name, Refuted("damaged")))
        if report.checks[-1][1] is not None:
            return Report(REFUTED, report.checks)
    return report


def receipt_holds(receipt: dict[str, Any], trusted: Sequence[str]) -> bool:
    """Whether the receipt is whole and signed by a key that is trusted."""
    if trusted and receipt["key"] not in trusted:
        raise Refuted("untrusted-receipts")
    check_receipt(receipt, parse_vkey(receipt["key"]))
    return True


def receipt_is_logged(receipt: dict[str, Any], trusted: Sequence[str], counts: dict[str, int]) -> bool:
    """Whether its entry is in its log; False when that cannot be told, for want of a proof or of the log's key."""
    keys = [key for key in map(parse_vkey, trusted) if key[0] == receipt["log"]["origin"]]
    if not keys or not receipt["proof"]:
        return False
    counts["log_size"], _ = check_proof(receipt, keys[0])
    return True


def verify(data: bytes, trusted: Sequence[str] = ()) -> Report:
    """Check an archive's bytes. ``trusted`` are vkeys; when given, the archive's keys must be among them."""
    if not any(trace in data for trace in TRACES):
        return Report(UNREADABLE, reason="not-ours")
    report, archive = Report(), Archive(data, tuple(trusted))
    for name, check in CHECKS:
        try:
            check(archive)
        except Refuted as refusal:
            report.checks.append((name, refusal))
        except MALFORMED:
            report.checks.append((name, Refuted("damaged")))
        else:
            report.checks.append((name, None))
    if any(found for _, found in report.checks):
        report.outcome = REFUTED
        return report
    report.counts = {
        "files": len(archive.manifest["files"]),
        "entries": len(archive.entries),
        "log_size": sum(size for size, _ in archive.checkpoints.values()),
    }
    report.not_proved = [
        name for name in NOT_PROVED if name not in {"in-log", "grew"} and (name != "keys" or not trusted)
    ]
    return report


# --- what was kept earlier --------------------------------------------------------------------------------------


class Stranger(Exception):
    """What was kept does not hold by itself, or is of another person or another cockpit: it says nothing here."""


@dataclass(frozen=True)
class Kept:
    """What an older file says of the logs: the states that were signed, by origin, and entries, by origin and index.

    ``history`` are all the person's entries of that time, oldest first, when the file is an archive.
    """

    states: dict[str, tuple[int, bytes]]
    entries: dict[tuple[str, int], bytes]
    history: list[dict[str, Any]]


def verify_since(data: bytes, kept: bytes, trusted: Sequence[str] = ()) -> Report:
    """Check an archive, and that nothing is gone of what a file kept earlier says.

    ``kept`` is an older archive of the same person, a receipt, a ``.tlog-proof`` or a checkpoint.
    """
    report = verify(data, trusted)
    if report.outcome != PROVED:
        return report
    archive = Archive(data, tuple(trusted))
    try:
        earlier = read_kept(kept, archive)
    except (Stranger, Refuted, *MALFORMED):
        return Report(UNREADABLE, reason="since-unreadable")
    try:
        grew = check_since(archive, earlier)
    except Refuted as refusal:
        return Report(REFUTED, [*report.checks, ("since", refusal)])
    report.checks.append(("since", None))
    report.not_proved = [name for name in report.not_proved if name != "earlier"] + (["grew"] if grew else [])
    return report


def read_kept(kept: bytes, archive: Archive) -> Kept:
    """What an older file says, once it holds by itself under the archive's keys. Raises ``Stranger`` or ``Refuted``."""
    log = archive.key("log")
    if zipfile.is_zipfile(io.BytesIO(kept)):
        old = Archive(kept, archive.trusted)
        if verify(kept, archive.trusted).outcome != PROVED or old.key("log") != log:
            raise Stranger
        if old.listed("log/tag_key") != archive.listed("log/tag_key"):
            raise Stranger
        return Kept({old.log_origin(name): state for name, state in old.checkpoints.items()}, {}, old.entries)
    if kept.startswith(b"{"):
        receipt = canonical_json(kept)
        check_receipt(receipt, archive.key("receipts"))
        place = receipt["log"]
        states = {place["origin"]: check_proof(receipt, log)} if receipt["proof"] else {}
        return Kept(states, {(place["origin"], place["index"]): strict_base64(receipt["opened"]["leaf"])}, [])
    note = kept.partition(b"\n\n")[2] if kept.startswith(TLOG_PROOF.encode()) else kept
    origin = note.partition(b"\n")[0].decode("utf-8")
    if origin not in map(archive.log_origin, archive.checkpoints):
        raise Stranger
    return Kept({origin: read_checkpoint(note, origin, (origin, log[1]))}, {}, [])


def check_since(archive: Archive, kept: Kept) -> bool:
    """Every entry that was there is there, where it was, and no log is shorter or forked; whether any log grew."""
    now = [lasting(entry) for entry in archive.entries[: len(kept.history)]]
    if now != [lasting(entry) for entry in kept.history]:
        raise Refuted("since-gone")
    leaves = {
        (archive.log_origin(entry["log"]), entry["index"]): raw
        for entry, (raw, _) in zip(archive.entries, archive.leaves, strict=True)
    }
    if any(leaves.get(place) != leaf for place, leaf in kept.entries.items()):
        raise Refuted("since-gone")
    grew = False
    for log, (size, root) in archive.checkpoints.items():
        then = kept.states.get(archive.log_origin(log), (size, root))
        if then[0] > size:
            raise Refuted("since-cut", log)
        if then[0] == size and then[1] != root:
            raise Refuted("since-fork", log)
        grew |= then[0] < size
    return grew


def lasting(entry: dict[str, Any]) -> dict[str, Any]:
    """What an entry says whenever it is exported: all but its proof, which moves on with the log."""
    return {name: value for name, value in entry.items() if name != "proof"}


# --- policies, evaluated anew: written from Cedar's description of its language and of its JSON -------------------


class Unevaluable(Exception):
    """An expression without a value: an attribute is missing, or an operand is of another type."""


@dataclass(frozen=True)
class Verdict:
    """What policies say: those that permit, those that forbid, and those without a value, by name."""

    permits: tuple[str, ...]
    forbids: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def allows(self) -> bool:
        """Something permits, nothing forbids, and every policy had a value."""
        return bool(self.permits) and not self.forbids and not self.errors

    @property
    def determining(self) -> tuple[str, ...]:
        """The policies that decided."""
        return self.forbids or self.permits


@dataclass(frozen=True)
class Policies:
    """A policy set in Cedar's JSON form, and the parents of each entity."""

    policies: dict[str, Any]
    above: dict[tuple[str, str], set[tuple[str, str]]]

    def decide(self, asked: dict[str, Any]) -> Verdict:
        """Every policy's answer to one question, in the order of their names in the set."""
        found: dict[str, list[str]] = {"permit": [], "forbid": [], "error": []}
        question = {name: entity(asked[name]) for name in ("principal", "action", "resource")}
        question["context"] = plain(asked["context"])
        for name, policy in self.policies["staticPolicies"].items():
            try:
                if self._applies(policy, question):
                    found[policy["effect"]].append(name)
            except Unevaluable:
                found["error"].append(name)
        return Verdict(tuple(found["permit"]), tuple(found["forbid"]), tuple(found["error"]))

    def _applies(self, policy: dict[str, Any], question: dict[str, Any]) -> bool:
        for variable in ("principal", "action", "resource"):
            if not self._in_scope(policy[variable], question[variable]):
                return False
        for condition in policy["conditions"]:
            if truth(self.value(condition["body"], question)) is not (condition["kind"] == "when"):
                return False
        return True

    def _in_scope(self, scope: dict[str, Any], one: tuple[str, str]) -> bool:
        if set(scope) - {"op", "entity", "entities", "entity_type", "in"} or scope["op"] not in {
            "All",
            "==",
            "in",
            "is",
        }:
            raise Refuted("policy-form")
        if scope["op"] == "All":
            return True
        if scope["op"] == "==":
            return one == entity(scope["entity"])
        if scope["op"] == "in":
            several = scope["entities"] if "entities" in scope else [scope["entity"]]
            return any(self._within(one, entity(each)) for each in several)
        typed = one[0] == scope["entity_type"]
        return typed and ("in" not in scope or self._within(one, entity(scope["in"]["entity"])))

    def _within(self, one: tuple[str, str], other: tuple[str, str]) -> bool:
        reached, waiting = {one}, [one]
        while waiting:
            new = self.above.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        return other in reached

    def value(self, expression: dict[str, Any], question: dict[str, Any]) -> Any:
        """The value of an expression. Raises ``Unevaluable``, and ``Refuted`` for an operator we do not know."""
        ((operator, body),) = expression.items()
        if operator in SHAPES:
            return SHAPES[operator](self, body, question)
        if operator not in OPERATORS:
            raise Refuted("policy-form")
        return OPERATORS[operator](self, self.value(body["left"], question), self.value(body["right"], question))

    def truth(self, expression: dict[str, Any], question: dict[str, Any]) -> bool:
        """The value of an expression that must be a truth."""
        return truth(self.value(expression, question))

    def within(self, one: Any, other: Any) -> bool:
        """Cedar's ``in``: an entity under another, or under one of a set."""
        start = checked_entity(one)
        ends = [other] if is_entity(other) else [checked_entity(end) for end in several(other)]
        return any(self._within(start, end) for end in ends)


def either(policies: Policies, body: dict[str, Any], question: dict[str, Any], decides: bool) -> bool:
    """``&&`` and ``||``: the right side is not looked at once the left side ``decides``."""
    if policies.truth(body["left"], question) is decides:
        return decides
    return policies.truth(body["right"], question)


def has(value: Any, name: str) -> bool:
    """Whether a record has an attribute. Entities of these policies have none."""
    if is_entity(value):
        return False
    if not isinstance(value, dict):
        raise Unevaluable
    return name in value


def is_typed(policies: Policies, body: dict[str, Any], question: dict[str, Any]) -> bool:
    """Cedar's ``is``, with or without ``in``."""
    left = checked_entity(policies.value(body["left"], question))
    typed = left[0] == body["entity_type"]
    return typed and ("in" not in body or policies.within(left, policies.value(body["in"], question)))


def compared(sign: Callable[[int, int], bool]) -> Callable[[Policies, Any, Any], bool]:
    """A comparison of two numbers, and of nothing else."""

    def rule(_policies: Policies, left: Any, right: Any) -> bool:
        if type(left) is not int or type(right) is not int:
            raise Unevaluable
        return sign(left, right)

    return rule


SHAPES: dict[str, Callable[[Policies, Any, dict[str, Any]], Any]] = {
    "Value": lambda p, body, question: plain(body),
    "Var": lambda p, body, question: question[body],
    "Set": lambda p, body, question: frozenset(kept(p.value(one, question)) for one in body),
    "Record": lambda p, body, question: {name: p.value(one, question) for name, one in body.items()},
    "!": lambda p, body, question: not p.truth(body["arg"], question),
    "isEmpty": lambda p, body, question: not several(p.value(body["arg"], question)),
    "if-then-else": lambda p, body, question: p.value(
        body["then" if p.truth(body["if"], question) else "else"], question
    ),
    "&&": lambda p, body, question: either(p, body, question, False),
    "||": lambda p, body, question: either(p, body, question, True),
    ".": lambda p, body, question: attribute(p.value(body["left"], question), body["attr"]),
    "has": lambda p, body, question: has(p.value(body["left"], question), body["attr"]),
    "is": is_typed,
}
"""Operators that look at their parts in a way of their own."""
OPERATORS: dict[str, Callable[[Policies, Any, Any], bool]] = {
    "==": lambda p, left, right: bool(exact(left) == exact(right)),
    "!=": lambda p, left, right: bool(exact(left) != exact(right)),
    "<": compared(lambda one, other: one < other),
    "<=": compared(lambda one, other: one <= other),
    ">": compared(lambda one, other: one > other),
    ">=": compared(lambda one, other: one >= other),
    "in": lambda p, left, right: p.within(left, right),
    "contains": lambda p, left, right: exact(right) in elements(left),
    "containsAll": lambda p, left, right: elements(right) <= elements(left),
    "containsAny": lambda p, left, right: bool(elements(right) & elements(left)),
}
"""Operators on the values of both sides."""


def read_policies(document: bytes) -> Policies:
    """The policy set in a document."""
    whole = canonical_json(document)
    templates = whole["policies"].get("templates") or whole["policies"].get("templateLinks")
    if whole["schema"] != POLICY_SET_SCHEMA or templates:
        raise Refuted("policy-form")
    above = {entity(one["uid"]): {entity(parent) for parent in one["parents"]} for one in whole["entities"]}
    return Policies(whole["policies"], above)


def plain(value: Any) -> Any:
    """A value of Cedar's JSON: entities as pairs, lists as sets."""
    if isinstance(value, dict):
        if "__entity" in value:
            return entity(value["__entity"])
        if "__extn" in value:
            raise Refuted("policy-form")
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return frozenset(kept(plain(one)) for one in value)
    return value


def kept(value: Any) -> Any:
    """A value as an element of a set, where Python wants what can be hashed."""
    return ("record", exact(value)) if isinstance(value, dict) else value


def entity(value: dict[str, str]) -> tuple[str, str]:
    """An entity: its type and its identifier."""
    return value["type"], value["id"]


def is_entity(value: Any) -> bool:
    """Whether a value is an entity: a pair of texts."""
    return isinstance(value, tuple) and isinstance(value[1], str)


def checked_entity(value: Any) -> tuple[str, str]:
    """The value, when it is an entity."""
    if not is_entity(value):
        raise Unevaluable
    return value  # type: ignore[no-any-return]


def truth(value: Any) -> bool:
    """The value, when it is a truth."""
    if value is not True and value is not False:
        raise Unevaluable
    return bool(value)


def several(value: Any) -> frozenset[Any]:
    """The value, when it is a set."""
    if not isinstance(value, frozenset):
        raise Unevaluable
    return value


def attribute(value: Any, name: str) -> Any:
    """An attribute of a record. Entities of these policies have none."""
    if not isinstance(value, dict) or name not in value:
        raise Unevaluable
    return value[name]


def elements(value: Any) -> frozenset[Any]:
    """The elements of a set, each beside its type."""
    return frozenset(exact(one) for one in several(value))


def exact(value: Any) -> Any:
    """A value beside its type, at every depth: Python takes ``True`` for 1, and Cedar does not."""
    if isinstance(value, tuple) and not is_entity(value):
        return value[1]
    if isinstance(value, frozenset):
        return "set", frozenset(exact(one) for one in value)
    if isinstance(value, dict):
        return "record", frozenset((name, exact(one)) for name, one in value.items())
    return type(value).__name__, value


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
    # A larger integer would be another number to whoever reads JSON numbers as doubles (RFC 8785, 3.2.2.3).
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 1 << 53):
        raise ValueError("a number that has no canonical form")
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def canonical_json(data: bytes) -> Any:
    """The value of canonical bytes; anything else is refused."""
    if len(data) > MAX_DOCUMENT:
        raise Refuted("too-large")
    value = json.loads(data)
    if canonical(value) != data:
        raise Refuted("not-canonical")
    return value


def lines_of(content: bytes) -> list[bytes]:
    """The lines of a JSON Lines file, each ended by a newline."""
    if content and not content.endswith(b"\n"):
        raise Refuted("cut")
    return content[:-1].split(b"\n") if content else []


def strict_base64(text: str) -> bytes:
    """Base64 with one form only: no spaces, no stray bits."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refuted("damaged") from error
    if base64.b64encode(raw).decode() != text:
        raise Refuted("damaged")
    return raw


def strict_hex(text: str) -> bytes:
    """32 bytes in small hexadecimal digits: a shorter key would be another name for one padded with zeros."""
    if not HEX_32.fullmatch(text):
        raise Refuted("damaged")
    return bytes.fromhex(text)


def is_count(value: object, least: int, most: int) -> bool:
    """Whether a JSON value is a whole number between two others; ``true`` is none."""
    return type(value) is int and least <= value <= most


def is_form(leaf: dict[str, Any], forms: dict[str, re.Pattern[str]]) -> bool:
    """Whether a leaf, or a record of a batch, has the form of version 1, each field in its own."""
    if set(leaf) != {"v", *forms} or not is_count(leaf["v"], 1, 1):
        return False
    return all(form.fullmatch(leaf[name]) for name, form in forms.items())


def committed(opening: dict[str, Any]) -> str:
    """The commitment that an opening (salt, part) leads to."""
    return hmac.new(strict_hex(opening["salt"]), canonical(opening["part"]), hashlib.sha256).hexdigest()


def is_safe(path: str) -> bool:
    """Whether a path stays inside the folder that an archive is unpacked in, on every system."""
    if any(unicodedata.category(character)[0] == "C" or character in '\\:*?"<>|' for character in path):
        return False
    return all(part not in {"", ".", ".."} for part in path.split("/"))


def verify_signature(key: bytes, signature: bytes, message: bytes) -> None:
    """Ed25519, RFC 8032."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature as error:
        raise Refuted("signature") from error


def parse_vkey(vkey: str) -> tuple[str, bytes]:
    """C2SP signed-note: ``name+hash+base64(0x01 || key)``."""
    name, short, encoded = vkey.split("+", 2)
    raw = strict_base64(encoded)
    if len(raw) != 33 or raw[0] != 1:
        raise Refuted("key-type")
    if hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != short:
        raise Refuted("key-name")
    return name, raw[1:]


def read_checkpoint(note: bytes, origin: str, key: tuple[str, bytes]) -> tuple[int, bytes]:
    """C2SP tlog-checkpoint: the size and root that ``key`` signed for ``origin``."""
    text, _, signatures = note.decode("utf-8").partition("\n\n")
    text += "\n"
    name, public = key
    short = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    signed = False
    for line in signatures.removesuffix("\n").split("\n"):
        dash, signer, encoded = line.split(" ")
        value = strict_base64(encoded)
        if dash != "\u2014":
            raise Refuted("damaged")
        if signer == name and value[:4] == short:
            verify_signature(public, value[4:], text.encode())
            signed = True
    if not signed:
        raise Refuted("checkpoint-unsigned")
    found, size, root = text.split("\n")[:3]
    if found != origin or name != origin or not re.fullmatch(r"0|[1-9][0-9]{0,18}", size):
        raise Refuted("other-log")
    if len(strict_base64(root)) != 32:
        raise Refuted("other-log")
    return int(size), strict_base64(root)


def hash_leaf(leaf: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def root_from_proof(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root a proof leads to, by recursion over the tree's shape (RFC 9162, 2.1.3)."""
    if not is_count(index, 0, size - 1) or any(len(digest) != 32 for digest in proof):
        raise Refuted("proof-form")
    if size == 1:
        if proof:
            raise Refuted("proof-form")
        return leaf
    if not proof:
        raise Refuted("proof-form")
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
    "layout": ("nothing is hidden in the file", "rien n'est caché dans le fichier"),
    "manifest": ("the files are those listed", "les fichiers sont ceux de la liste"),
    "checkpoint": ("the log's state is signed", "l'état de l'historique est signé"),
    "entries": ("every entry is in the log", "chaque inscription est dans l'historique"),
    "completeness": ("no entry was left out", "aucune inscription ne manque"),
    "export": ("this export is the one logged", "cet export est celui qui est inscrit"),
    "receipts": ("receipts are signed and in the log", "les reçus sont signés et inscrits"),
    "consents": ("nothing was read without consent", "rien n'a été lu sans autorisation"),
    "receipt": ("the receipt is signed, and its record is the one logged", "le reçu est signé, et inscrit tel quel"),
    "in-log": ("its entry is in the log", "son inscription est dans l'historique"),
    "decisions": ("every decision comes out again", "chaque décision se retrouve"),
    "records": ("data, tables and files agree", "données, tableaux et fichiers concordent"),
    "since": ("nothing is gone of what you kept", "rien ne manque de ce que vous aviez gardé"),
}
FAULTS = {
    "damaged": ("damaged", "abîmé"),
    "too-many": ("too many files", "trop de fichiers"),
    "too-large": ("larger than it says, or than can be checked", "plus gros qu'annoncé, ou que ce qui se vérifie"),
    "other-format": ("of another format", "d'un autre format"),
    "missing": ("missing", "manquant"),
    "untrusted-log": ("the log's key is not one of those you trust", "la clé de l'historique n'est pas des vôtres"),
    "untrusted-receipts": ("the receipts' key is not one of those you trust", "la clé des reçus n'est pas des vôtres"),
    "no-seal": ("the seal is missing or was changed", "le sceau manque ou a été changé"),
    "signature": ("a signature does not verify", "une signature est fausse"),
    "hidden-bytes": ("bytes stand outside the files", "des octets sont hors des fichiers"),
    "unsafe-path": ("a file could leave its folder", "un fichier pourrait sortir de son dossier"),
    "same-path": ("two files have the same name", "deux fichiers ont le même nom"),
    "other-files": ("a file was added, removed or moved", "un fichier a été ajouté, ôté ou déplacé"),
    "changed": ("changed", "changé"),
    "other-checkpoint": ("the manifest quotes another state", "la liste cite un autre état"),
    "checkpoint-unsigned": ("not signed by the log", "pas signé par l'historique"),
    "other-log": ("of another log", "d'un autre historique"),
    "entries-missing": ("entries are missing", "des inscriptions manquent"),
    "leaf-form": ("an entry has another form", "une inscription a une autre forme"),
    "not-in-log": ("an entry is not in the log", "une inscription n'est pas dans l'historique"),
    "proof-form": ("a proof is malformed", "une preuve est mal formée"),
    "other-opening": ("an entry says something else than was logged", "une inscription dit autre chose que l'inscrit"),
    "entries-moved": ("an entry was left out, added or moved", "une inscription a été ôtée, ajoutée ou déplacée"),
    "not-logged": ("the last entry is not this export", "la dernière inscription n'est pas cet export"),
    "other-contents": ("not the contents that were logged", "pas le contenu qui a été inscrit"),
    "receipt-key": ("signed by another key", "signé d'une autre clé"),
    "receipt-notice": ("shows another text than it names", "montre un autre texte que celui qu'il nomme"),
    "receipt-clause": ("shows another clause than it names", "montre une autre clause que celle qu'il nomme"),
    "receipt-nowhere": ("stands nowhere in the log", "n'est nulle part dans l'historique"),
    "receipt-disagrees": ("disagrees with its entry in the log", "contredit son inscription"),
    "read-without-consent": ("something was read without a consent", "une lecture s'est faite sans autorisation"),
    "record-disagrees": ("is not the version its receipt names", "n'est pas la version que son reçu nomme"),
    "out-of-order": ("a consent changed as it cannot", "une autorisation a changé comme elle ne le peut pas"),
    "no-receipt": ("a decision has no receipt, or not one", "une décision n'a pas son reçu, ou en a deux"),
    "no-consent": ("a decision has no record", "une décision n'est pas consignée"),
    "consent-disagrees": ("disagrees with its receipts or the log", "contredit ses reçus ou l'historique"),
    "decision-unasked": ("a read was decided on nothing", "une lecture s'est décidée sur rien"),
    "decision-disagrees": ("policies decide otherwise", "les règles décident autrement"),
    "question-disagrees": ("policies were asked about something else", "les règles ont jugé autre chose"),
    "policy-set": ("is another policy set", "est un autre jeu de règles"),
    "policy-form": ("a policy has another form", "une règle a une autre forme"),
    "table-disagrees": ("the table and the records disagree", "le tableau et les données ne concordent pas"),
    "other-kind": ("holds a record of another kind", "contient une donnée d'un autre type"),
    "no-original": ("an original file is missing", "un fichier d'origine manque"),
    "not-canonical": ("a document is not in its one form", "un document n'est pas sous sa forme unique"),
    "cut": ("cut short", "coupé"),
    "key-type": ("a key is of another type", "une clé est d'un autre type"),
    "key-name": ("a key does not match its name", "une clé ne correspond pas à son nom"),
    "since-gone": (
        "an entry that you kept is gone or changed",
        "une inscription que vous aviez manque ou a changé",
    ),
    "since-cut": ("shorter than what you kept", "plus court que ce que vous aviez gardé"),
    "since-fork": ("another than what you kept", "un autre que ce que vous aviez gardé"),
    "since-unreadable": (
        "what you kept is damaged, or is not of this person and this cockpit",
        "ce que vous aviez gardé est abîmé, ou n'est pas de cette personne et de ce cockpit",
    ),
    "since-archive": (
        "only an archive can be held to what you kept",
        "seule une archive se compare à ce que vous aviez gardé",
    ),
    "not-ours": ("this is not an archive of a personal-data cockpit", "ce n'est pas une archive de cockpit"),
    "no-file": ("there is no such file", "ce fichier n'existe pas"),
    "no-plain-file": ("this is not a file", "ce n'est pas un fichier"),
    "over-limit": ("the file is larger than 4 GiB", "le fichier dépasse 4 Gio"),
    "no-memory": ("there is not enough memory to check it", "la mémoire ne suffit pas pour le vérifier"),
}
NOT_PROVED = {
    "keys": (
        "that these keys are the cockpit's: compare them with those it publishes (--vkey)",
        "que ces clés sont celles du cockpit : comparez-les à celles qu'il publie (--vkey)",
    ),
    "in-log": (
        "that its entry is in the log: give the log's key too (--vkey)",
        "que son inscription est dans l'historique : donnez aussi la clé de l'historique (--vkey)",
    ),
    "earlier": (
        "that it holds all that an older file showed you: compare it with one that you kept (--since)",
        "qu'elle contient tout ce qu'un fichier plus ancien montrait : comparez-la à un fichier gardé (--since)",
    ),
    "grew": (
        "that the log only grew for everybody else: see the page “Check that nothing was erased”",
        "que l'historique n'a fait que grandir pour les autres : voyez la page « Vérifier que rien n'a été effacé »",
    ),
    "after": ("what happened after this file was made", "ce qui s'est passé après ce fichier"),
    "fork": (
        "that everybody was shown the same log: compare this checkpoint with somebody else's",
        "que tout le monde a vu le même historique : comparez ce point avec celui d'un autre",
    ),
    "declared": (
        "that services declared what policies took for declared, and that readings of a day were counted right",
        "que les services déclaraient ce que les règles ont cru, et que les lectures du jour étaient bien comptées",
    ),
    "recipients": ("what recipients did with what they received", "ce que les destinataires ont fait des données"),
    "truth": ("that the sources told the truth", "que les sources ont dit vrai"),
}
VERDICTS = {
    PROVED: ("PROVED", "PROUVÉ"),
    REFUTED: ("REFUTED", "RÉFUTÉ"),
    UNREADABLE: ("UNREADABLE", "ILLISIBLE"),
}


def printable(text: str) -> str:
    """The text with nothing that could move a terminal's cursor or hide a part of it."""
    return "".join("?" if unicodedata.category(character)[0] == "C" else character for character in text)


def reason_said(report: Report, language: int) -> str | None:
    """Why the file could not be read, in words."""
    if report.reason is None:
        return None
    return FAULTS[report.reason][language] if report.reason in FAULTS else report.reason


def print_report(report: Report, path: str, language: int) -> None:
    """The report for a person."""
    print(f"{printable(path)}: {VERDICTS[report.outcome][language]}")
    if reason := reason_said(report, language):
        print(f"  {reason}")
    for name, found in report.checks:
        print(f"  {'x' if found else '+'} {TITLES[name][language]}" + (f": {found.said(language)}" if found else ""))
    if report.not_proved:
        print("  " + ("Not proved:", "Non prouvé :")[language])
        for name in report.not_proved:
            print(f"    - {NOT_PROVED[name][language]}")


def print_json(report: Report) -> None:
    """The report for a program, in English."""
    print(json.dumps({
        "verdict": VERDICTS[report.outcome][0].lower(),
        "reason": reason_said(report, 0),
        "checks": {name: found.said(0) if found else "ok" for name, found in report.checks},
        "counts": report.counts,
        "not_proved": [NOT_PROVED[name][0] for name in report.not_proved],
    }))  # fmt: skip


def unreadable(path: Path) -> Report | None:
    """The report on a file that is not even opened."""
    if not path.exists():
        return Report(UNREADABLE, reason="no-file")
    # A pipe or a device may never end.
    if not path.is_file():
        return Report(UNREADABLE, reason="no-plain-file")
    return Report(UNREADABLE, reason="over-limit") if path.stat().st_size > MAX_BYTES else None


def verify_file(path: Path, trusted: Sequence[str], since: Path | None = None) -> Report:
    """Check a file; whatever keeps it from being read is an answer too."""
    try:
        for one in (path, since):
            if one is not None and (report := unreadable(one)):
                return report
        data = path.read_bytes()
        if since is None:
            return verify_receipt(data, trusted) if data.startswith(b"{") else verify(data, trusted)
        if data.startswith(b"{"):
            return Report(UNREADABLE, reason="since-archive")
        return verify_since(data, since.read_bytes(), trusted)
    except MemoryError:
        return Report(UNREADABLE, reason="no-memory")
    except (OSError, ValueError) as error:
        return Report(UNREADABLE, reason=getattr(error, "strerror", None) or "no-file")


def main(arguments: list[str]) -> int:
    """The command; returns the exit code. A wrong usage ends with 2."""
    spoken = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    parser = argparse.ArgumentParser(
        prog="verify", description="Verify an archive of a personal-data cockpit, or a receipt."
    )
    parser.add_argument("archive")
    parser.add_argument("--vkey", action="append", default=[], help="a key you trust: name+hash+key (repeatable)")
    parser.add_argument("--since", type=Path, help="an older archive, receipt, proof or checkpoint that you kept")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--lang", choices=("en", "fr"), default="fr" if spoken.startswith("fr") else "en")
    chosen = parser.parse_args(arguments)
    for vkey in chosen.vkey:
        try:
            parse_vkey(vkey)
        except (Refuted, ValueError):
            parser.error("--vkey wants a key as the cockpit publishes it: name+hash+key")
    # A terminal that has no accents must not turn a verdict into a crash, whose exit code would say "refuted".
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    report = verify_file(Path(chosen.archive), chosen.vkey, chosen.since)
    try:
        if chosen.json:
            print_json(report)
        else:
            print_report(report, chosen.archive, int(chosen.lang == "fr"))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads stopped reading; the exit code is still the answer.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return report.outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
