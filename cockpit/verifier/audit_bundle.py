"""Verify an auditor's bundle, with this one file, Python and the package ``cryptography``.

    python audit_bundle.py BUNDLE [--log-key HEX] [--house-key HEX] [--json]

Exit 0: proved. 1: refuted. 2: not readable, or not a bundle. Written from the description of the format
(docs/reference/audit-api.md), apart from the code that writes it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "mesinfos-cockpit-audit-bundle"
CONTEXT = b"mesinfos-cockpit audit bundle v1\n"
SAMPLE_CONTEXT = b"mesinfos-cockpit sample v1\n"
CONSENT_LOG = "consent"
SAFE = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*){0,2}")
MAX_BYTES = 1 << 31
MAX_MEMBERS = 10_000
PROVED, REFUTED, UNREADABLE = 0, 1, 2
VERDICTS = {PROVED: "proved", REFUTED: "refuted", UNREADABLE: "unreadable"}
MALFORMED = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, zipfile.BadZipFile)

NOT_PROVED = (
    "that these keys are the cockpit's and the auditor's: compare them (--log-key, --house-key)",
    "that everybody was shown the same log: compare its checkpoints with somebody else's",
    "the answers: ask the same questions of the entries, which are proved",
    "the entries that the mandate does not open: only their types and minutes are known",
    "whose consent is whose: no entry says it",
)


class Refuted(Exception):
    """A check that does not hold, in one sentence."""


class Bundle:
    """A bundle's files, opened as they are asked for."""

    def __init__(self, content: bytes, log_key: str, house_key: str) -> None:
        """``log_key`` and ``house_key`` are hexadecimal keys that are trusted, or empty."""
        self.zip = zipfile.ZipFile(io.BytesIO(content))
        self.log_key, self.house_key = log_key, house_key
        self.manifest_bytes = self.read("manifest.json")
        self.manifest: dict[str, Any] = json.loads(self.manifest_bytes)
        if self.manifest["format"] != FORMAT or self.manifest["version"] != 1:
            raise ValueError("this is not an auditor's bundle")
        self.entries = 0
        self.openings = 0

    def read(self, path: str) -> bytes:
        """The whole of one file."""
        if self.zip.getinfo(path).file_size > MAX_BYTES:
            raise ValueError("a file of the bundle is too large")
        return self.zip.read(path)

    def state(self) -> dict[str, Any]:
        """What the cockpit said of itself."""
        return dict(json.loads(self.read("state.json")))

    def logs(self) -> list[str]:
        """The names of the logs in the bundle."""
        names = (path.split("/") for path in self.zip.namelist() if path.startswith("logs/"))
        return sorted({parts[1] for parts in names})

    def newest(self, log: str) -> tuple[str, int, str]:
        """The origin, size and note of a log's largest checkpoint in the bundle."""
        seen = json.loads(self.read(f"logs/{log}/checkpoints.json"))
        largest = max(seen, key=lambda one: int(one["size"]))
        return str(largest["origin"]), int(largest["size"]), str(largest["note"])

    def leaves(self, log: str) -> list[dict[str, Any]]:
        """A log's entries as handed over."""
        return [json.loads(line) for line in self.read(f"logs/{log}/entries.jsonl").splitlines()]


def check_signature(bundle: Bundle) -> None:
    """The house's key signed the manifest."""
    key = bundle.manifest["key"]
    if bundle.house_key and key != bundle.house_key:
        raise Refuted("the bundle is signed by another house than the one you trust")
    signature = base64.b64decode(bundle.read("manifest.sig").strip(), validate=True)
    verify(key, signature, CONTEXT + bundle.manifest_bytes)


def check_files(bundle: Bundle) -> None:
    """The files are those the manifest lists, no other, each with its size and SHA-256."""
    listed = {entry["path"]: entry for entry in bundle.manifest["files"]}
    names = bundle.zip.namelist()
    if len(names) > MAX_MEMBERS or len(names) != len(set(names)) or len(listed) != len(bundle.manifest["files"]):
        raise Refuted("a file stands twice in the bundle")
    if set(names) != {"manifest.json", "manifest.sig", *listed}:
        raise Refuted("a file was added or removed")
    for path, entry in listed.items():
        content = bundle.read(path)
        found = {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        if found != entry or not SAFE.fullmatch(path):
            raise Refuted(f"{path} was changed")


def check_logs(bundle: Bundle) -> None:
    """Every checkpoint is signed by the log, and its root is that of the first leaves in the bundle."""
    key = base64.b64decode(bundle.state()["log_key"]).hex()
    if bundle.log_key and key != bundle.log_key:
        raise Refuted("the log's key is not the one you trust")
    for log in bundle.logs():
        wanted = {}
        for seen in json.loads(bundle.read(f"logs/{log}/checkpoints.json")):
            size, root = read_note(seen["note"], seen["origin"], key)
            if size != seen["size"]:
                raise Refuted(f"a checkpoint of {log} is listed with another size")
            wanted[size] = root
        stack: list[tuple[int, bytes]] = []
        leaves = bundle.leaves(log)
        for size, entry in enumerate([*leaves, None]):
            if size in wanted and fold(stack) != wanted.pop(size):
                raise Refuted(f"the entries of {log} do not give the root that was signed for {size} of them")
            if entry is not None:
                push(stack, base64.b64decode(entry["leaf"], validate=True))
        bundle.entries += len(leaves)
        if wanted:
            raise Refuted(f"entries of {log} are missing")
        # An entry after the last checkpoint is under no signature of the log.
        if len(leaves) != bundle.newest(log)[1]:
            raise Refuted(f"entries of {log} stand after its last checkpoint")


def ends(bundle: Bundle, event: str) -> Iterator[tuple[str, int, bytes]]:
    """The log, size and root that each ``shard.closed`` or ``shard.expired`` entry of the consent log names."""
    if CONSENT_LOG not in bundle.logs():
        return
    for entry in bundle.leaves(CONSENT_LOG):
        if json.loads(base64.b64decode(entry["leaf"], validate=True))["type"] == event and entry["opening"]:
            part = entry["opening"]["part"]
            yield str(part["log"]), int(part["size"]), bytes.fromhex(part["root"])


def check_closed(bundle: Bundle) -> None:
    """A log of a month that is over is the one that the consent log anchored, and did not grow since."""
    key, held = base64.b64decode(bundle.state()["log_key"]).hex(), set(bundle.logs())
    for log, size, root in ends(bundle, "shard.closed"):
        if log not in held:
            continue
        origin, _, note = bundle.newest(log)
        if read_note(note, origin, key) != (size, root):
            raise Refuted(f"{log} is not the log that was closed with {size} entries")


def check_openings(bundle: Bundle) -> None:
    """Every opening is what its leaf, or its record of a batch, commits to."""
    for log in bundle.logs():
        for index, entry in enumerate(bundle.leaves(log)):
            leaf = json.loads(base64.b64decode(entry["leaf"], validate=True))
            if entry["index"] != index:
                raise Refuted(f"entry {index} of {log} was moved")
            if "root" in leaf:
                check_batch(bundle, log, index, leaf, entry["records"])
            elif not committed(bundle, entry["opening"], leaf["audit"]):
                raise Refuted(f"entry {index} of {log} says something else than was logged")


def check_batch(bundle: Bundle, log: str, index: int, leaf: dict[str, Any], records: list[dict[str, Any]]) -> None:
    """The records of a batch are those its leaf commits to."""
    stack: list[tuple[int, bytes]] = []
    for record in records:
        raw = base64.b64decode(record["record"], validate=True)
        push(stack, raw)
        if not committed(bundle, record["opening"], json.loads(raw)["audit"]):
            raise Refuted(f"a record of entry {index} of {log} says something else than was logged")
    if len(records) != leaf["count"] or fold(stack).hex() != leaf["root"]:
        raise Refuted(f"the records of entry {index} of {log} are not those of its batch")


def check_mandate(bundle: Bundle) -> None:
    """The log says that the house's key has the mandate which the bundle names."""
    x = base64.urlsafe_b64encode(bytes.fromhex(bundle.manifest["key"])).rstrip(b"=").decode()
    jwk = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()
    for log in bundle.logs():
        for entry in bundle.leaves(log):
            part = (entry.get("opening") or {}).get("part", {})
            if part.get("mandate") == bundle.manifest["mandate"] and part.get("thumbprint") == thumbprint:
                return
    raise Refuted("no entry gives this mandate to the key that signed the bundle")


def check_sample(bundle: Bundle) -> None:
    """A sample, if there is one, is the one that its seed and root draw."""
    if "sample.json" not in bundle.zip.namelist():
        return
    sample = json.loads(bundle.read("sample.json"))
    said, size = sample["seed"].encode(), sample["size"]
    stack: list[tuple[int, bytes]] = []
    for entry in bundle.leaves(sample["log"])[:size]:
        push(stack, base64.b64decode(entry["leaf"]))
    if fold(stack).hex() != sample["root"]:
        raise Refuted("the sample was drawn under another root")
    start = SAMPLE_CONTEXT + len(said).to_bytes(4, "big") + said + bytes.fromhex(sample["root"])
    found: list[int] = []
    number = 0
    while len(found) < len(sample["indexes"]) and len(found) < size:
        value = int.from_bytes(hashlib.sha256(start + number.to_bytes(8, "big")).digest(), "big")
        number += 1
        if value < (1 << 256) - (1 << 256) % size and value % size not in found:
            found.append(value % size)
    if found != sample["indexes"]:
        raise Refuted("these are not the entries that the seed draws")


CHECKS: tuple[tuple[str, Callable[[Bundle], None]], ...] = (
    ("signature", check_signature),
    ("files", check_files),
    ("logs", check_logs),
    ("openings", check_openings),
    ("closed", check_closed),
    ("mandate", check_mandate),
    ("sample", check_sample),
)


def committed(bundle: Bundle, opening: dict[str, Any] | None, commitment: str) -> bool:
    """Whether an opening is what was committed to; one that was not handed over is no lie."""
    if opening is None:
        return True
    bundle.openings += 1
    salt = bytes.fromhex(opening["salt"])
    return len(salt) == 32 and hmac.new(salt, canonical(opening["part"]), hashlib.sha256).hexdigest() == commitment


def canonical(value: Any) -> bytes:
    """RFC 8785, for values without floats: names sorted by UTF-16."""
    return json.dumps(ordered(value), separators=(",", ":"), ensure_ascii=False).encode()


def ordered(value: Any) -> Any:
    """The value with every object's names in the order of RFC 8785 section 3.2.3."""
    if isinstance(value, dict):
        return {name: ordered(value[name]) for name in sorted(value, key=lambda name: name.encode("utf-16-be"))}
    if isinstance(value, list):
        return [ordered(inner) for inner in value]
    if isinstance(value, float):
        raise ValueError("an opening holds a float")
    return value


def push(stack: list[tuple[int, bytes]], leaf: bytes) -> None:
    """Add a leaf to the complete subtrees on the left (RFC 9162 section 2.1)."""
    level, digest = 0, hashlib.sha256(b"\x00" + leaf).digest()
    while stack and stack[-1][0] == level:
        digest = hashlib.sha256(b"\x01" + stack.pop()[1] + digest).digest()
        level += 1
    stack.append((level, digest))


def fold(stack: Sequence[tuple[int, bytes]]) -> bytes:
    """The root over complete subtrees; of nothing, the hash of nothing."""
    if not stack:
        return hashlib.sha256(b"").digest()
    digest = stack[-1][1]
    for _, left in reversed(stack[:-1]):
        digest = hashlib.sha256(b"\x01" + left + digest).digest()
    return digest


def read_note(note: str, origin: str, key: str) -> tuple[int, bytes]:
    """The size and root of a signed checkpoint (C2SP tlog-checkpoint)."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    raw = bytes.fromhex(key)
    wanted = hashlib.sha256(origin.encode() + b"\n\x01" + raw).digest()[:4]
    for line in signatures.splitlines():
        name, _, encoded = line.removeprefix("\u2014 ").partition(" ")
        value = base64.b64decode(encoded, validate=True)
        if name == origin and value[:4] == wanted:
            verify(key, value[4:], text.encode())
            lines = text.split("\n")
            root = base64.b64decode(lines[2], validate=True)
            if lines[0] != origin or len(root) != 32 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
                raise Refuted("a checkpoint is of another log")
            return int(lines[1]), root
    raise Refuted("a checkpoint is not signed by the log")


def verify(key: str, signature: bytes, message: bytes) -> None:
    """Ed25519, RFC 8032."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message)
    except InvalidSignature as error:
        raise Refuted("a signature does not verify") from error


def verify_bundle(content: bytes, log_key: str = "", house_key: str = "") -> dict[str, Any]:
    """The report: verdict, each check (``ok`` or a sentence), counts, and what is not proved."""
    report: dict[str, Any] = {"verdict": VERDICTS[PROVED], "checks": {}, "not_proved": list(NOT_PROVED)}
    try:
        bundle = Bundle(content, log_key, house_key)
    except MALFORMED as error:
        return {"verdict": VERDICTS[UNREADABLE], "reason": str(error), "checks": {}, "not_proved": []}
    for name, check in CHECKS:
        try:
            check(bundle)
            report["checks"][name] = "ok"
        except Refuted as refuted:
            report["checks"][name] = str(refuted)
        except (*MALFORMED, OSError, NotImplementedError) as error:
            report["checks"][name] = f"malformed ({type(error).__name__})"
    if set(report["checks"].values()) != {"ok"}:
        report["verdict"] = VERDICTS[REFUTED]
    report["counts"] = {"entries": bundle.entries, "openings": bundle.openings}
    return report


def main(arguments: list[str]) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="audit_bundle", description="Verify an auditor's bundle.")
    parser.add_argument("bundle")
    parser.add_argument("--log-key", default="", help="the log's public key, 64 hexadecimal digits")
    parser.add_argument("--house-key", default="", help="the auditor's public key, 64 hexadecimal digits")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    chosen = parser.parse_args(arguments)
    try:
        report = verify_bundle(Path(chosen.bundle).read_bytes(), chosen.log_key, chosen.house_key)
    except OSError as error:
        report = {"verdict": VERDICTS[UNREADABLE], "reason": error.strerror, "checks": {}, "not_proved": []}
    if chosen.json:
        print(json.dumps(report))
    else:
        print(report["verdict"].upper())
        print("".join(f"  {name}: {said}\n" for name, said in report["checks"].items()), end="")
        print("".join(f"  not proved: {said}\n" for said in report["not_proved"]), end="")
    return {said: code for code, said in VERDICTS.items()}[report["verdict"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
