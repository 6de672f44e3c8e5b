"""A small archive made from nothing but the writer and the log's mathematics, so that each part of it can be bent."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cockpit.archive.bundle import ArchiveWriter, LogPart, ProvenEntry, Tree
from cockpit.domain.record import Json
from cockpit.receipts.receipt import RECEIPT_CONTEXT
from cockpit.receipts.signed_records import RECORD_CONTEXT, receipts_name
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.leaf import BatchLeaf, Leaf, batch_record, commit, tag
from cockpit.tlog.merkle import Edge, Node, inclusion_proof, leaf_hash, whole_tree
from cockpit.tlog.note import vkey

ORIGIN = "cockpit.example/log"
CONSENTS, ACCESSES = "consent", "access-2026-11"
RECORD = "019aaf3c-0000-7000-8000-00000000c0de"
CONSENT = RECORD.replace("-", "")
Bend = Callable[[dict[str, Any]], object]
"""What is done to a receipt before it is signed."""
CLAUSE: dict[str, Json] = {
    "service": "coach", "use": "energy-advice-v1", "recipients": ["coach"],
    "inputs": [{"kind": "energy.series", "fields": ["start", "values"]}], "purposes": ["advice"],
    "operations": ["compute"], "expires": "2027-05-23T00:00:00Z", "data_from": "2025-11-01",
    "data_until": "2026-11-23", "max_per_day": 4,
}  # fmt: skip
CLAUSE_SHA256 = hashlib.sha256(canonical(CLAUSE)).hexdigest()
NOTICE = "Qui demande ? Coach énergie"
NOTICE_SHA256 = hashlib.sha256(NOTICE.encode()).hexdigest()


def policy(effect: str, condition: dict[str, Any], kind: str = "when") -> dict[str, Any]:
    """A policy on reads, in Cedar's JSON."""
    every = {"op": "All"}
    action = {"op": "==", "entity": {"type": "Action", "id": "read"}}
    return {
        "effect": effect, "principal": every, "action": action, "resource": every,
        "conditions": [{"kind": kind, "body": condition}],
    }  # fmt: skip


def of_context(part: str, name: str) -> dict[str, Any]:
    return {".": {"left": {".": {"left": {"Var": "context"}, "attr": part}}, "attr": name}}


POLICY_SET = canonical({
    "schema": "mesinfos-cockpit policy set v1",
    "policies": {
        "staticPolicies": {
            "forbid-fields": policy(
                "forbid",
                {"containsAll": {"left": of_context("part", "fields"), "right": of_context("asked", "fields")}},
                "unless",
            ),
            "permit-by-consent": policy(
                "permit", {"contains": {"left": of_context("clause", "kinds"), "right": {"Var": "resource"}}}
            ),
        }
    },
    "entities": [{"uid": {"type": "Kind", "id": "energy.series"}, "attrs": {}, "parents": []}],
})  # fmt: skip
"""Two policies, under the hash that every leaf names."""
POLICY_SHA256 = hashlib.sha256(POLICY_SET).hexdigest()
AUDIT: dict[str, Json] = {
    "service": "coach", "kind": "energy.series", "fields": ["values"], "decision": "allowed",
    "policies": ["permit-by-consent"],
}  # fmt: skip


def reading(count: int, **changes: Any) -> dict[str, Any]:
    """The subject part of a read under the consent; ``changes`` are made to what policies were asked."""
    asked: dict[str, Any] = {
        "principal": {"type": "Service", "id": "coach"}, "action": {"type": "Action", "id": "read"},
        "resource": {"type": "Kind", "id": "energy.series"},
        "context": {
            "asked": {"subject": named("Person", "p1"), "at": 20261123093012, "fields": ["values"]},
            "consent": {
                "subject": named("Person", "p1"), "status": "given", "expires": 20270523000000, "from": 20251101,
                "until": 20261123, "reads": 4,
            },
            "clause": {
                "recipients": [named("Service", "coach")], "kinds": [named("Kind", "energy.series")],
                "purposes": [named("Purpose", "advice")], "operations": [named("Operation", "compute")],
            },
            "part": {"fields": ["start", "values"]},
        },
    }  # fmt: skip
    for path, value in changes.items():
        *inner, last = path.split("__")
        of = asked
        for name in inner:
            of = of[name]
        of[last] = value
    return {**AUDIT, "consent": CONSENT, "count": count, "asked": asked}


def named(of: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": of, "id": name}}


def sha256_of(record: dict[str, Json]) -> str:
    return hashlib.sha256(canonical(record)).hexdigest()


def salt(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


@dataclass
class Log:
    """One log of the deployment, with every hash of its tree."""

    nodes: dict[Node, bytes] = field(default_factory=dict)
    edge: Edge = field(default_factory=Edge)

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self.nodes[node] for node in nodes]

    def grow(self, leaf: bytes) -> int:
        index = self.edge.size
        completed = enumerate(self.edge.append(leaf_hash(leaf)))
        self.nodes |= {Node(level, index >> level): digest for level, digest in completed}
        return index


@dataclass
class Specimen:
    """One deployment's keys and logs, and what one person takes away from it."""

    log_key: SigningKey = field(default_factory=SigningKey.generate)
    receipts_key: SigningKey = field(default_factory=SigningKey.generate)
    tag_key: bytes = bytes(range(32))
    logs: dict[str, Log] = field(default_factory=lambda: {CONSENTS: Log(), ACCESSES: Log()})
    entries: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=lambda: [row("01"), row("02")])
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, bytes] = field(default_factory=lambda: {f"policies/{POLICY_SHA256}.json": POLICY_SET})
    reads: list[tuple[dict[str, Json], dict[str, Any]]] = field(default_factory=list)
    refusals: list[tuple[dict[str, Json], dict[str, Any]]] = field(default_factory=list)

    def log(
        self, event: str, audit: dict[str, Json], subject: dict[str, Json], minute: int = 30, log: str = ""
    ) -> dict[str, Any]:
        number = len(self.entries)
        salts = salt(f"audit {number}"), salt(f"subject {number}")
        leaf = Leaf(
            event, f"2026-11-23T09:{minute}Z", POLICY_SHA256, commit(salts[0], audit), commit(salts[1], subject),
            tag(self.tag_key, number),
        ).to_bytes()  # fmt: skip
        log = log or (ACCESSES if event.startswith("access.") else CONSENTS)
        entry = {
            "log": log, "index": self.logs[log].grow(leaf), "number": number, "leaf": leaf,
            "audit": (salts[0].hex(), audit), "subject": (salts[1].hex(), subject),
        }  # fmt: skip
        self.entries.append(entry)
        return entry

    def log_batch(self, *subjects: dict[str, Json]) -> None:
        """Accesses logged under one leaf, with somebody else's before them."""
        first = len(self.entries)
        audit = AUDIT
        salts = [(salt(f"audit {first + n}"), salt(f"subject {first + n}")) for n in range(len(subjects))]
        records = [batch_record("access.allowed", "0" * 64, "1" * 64, "2" * 32)] + [
            batch_record(
                "access.allowed", commit(audit_salt, audit), commit(subject_salt, subject), tag(self.tag_key, first + n)
            )
            for n, ((audit_salt, subject_salt), subject) in enumerate(zip(salts, subjects, strict=True))
        ]
        head, paths = whole_tree([leaf_hash(record) for record in records])
        leaf = BatchLeaf("access.batch", "2026-11-23T09:30Z", POLICY_SHA256, len(records), head.hex()).to_bytes()
        index = self.logs[ACCESSES].grow(leaf)
        for n, ((audit_salt, subject_salt), subject) in enumerate(zip(salts, subjects, strict=True)):
            entry = {
                "log": ACCESSES, "index": index, "number": first + n, "leaf": leaf,
                "audit": (audit_salt.hex(), audit), "subject": (subject_salt.hex(), subject),
                "batch": (n + 1, records[n + 1], split(paths[n + 1])),
            }  # fmt: skip
            self.entries.append(entry)

    def decide(self, event: str, at: str = "2026-11-23T09:30:12Z", bend: Bend = lambda receipt: None) -> None:
        """A decision: its entry, its receipt (bent before it is signed), its version in the consent's record."""
        full = event != "consent.withdrawn"
        record: dict[str, Json] = {
            "id": RECORD, "at": at, "clause_sha256": CLAUSE_SHA256, "version": len(self.versions) + 1,
            "state": event.removeprefix("consent."),
            "replaces": sha256_of(self.versions[-1]["signed"]["record"]) if self.versions else "",
            "terms": {"notice": {"sha256": NOTICE_SHA256}} if full else None,
        }  # fmt: skip
        named: dict[str, Json] = {
            "consent": CONSENT, "clause_sha256": CLAUSE_SHA256, "record_sha256": sha256_of(record),
        }  # fmt: skip
        if full:
            named |= {"notice_sha256": NOTICE_SHA256}
        entry = self.log(event, {"decision": event}, named)
        key = vkey(receipts_name(ORIGIN), self.receipts_key.verify_key())
        receipt: dict[str, Any] = {
            "schema": "mesinfos-cockpit receipt v2", "record": record, "key": key,
            "signatures": [self.signature(key, record)],
            "log": {
                "origin": f"{ORIGIN}/{CONSENTS}", "index": entry["index"],
                "leaf_sha256": hashlib.sha256(entry["leaf"]).hexdigest(),
            },
            "opened": {
                "leaf": base64.b64encode(entry["leaf"]).decode(),
                **{part: {"salt": entry[part][0], "part": entry[part][1]} for part in ("audit", "subject")},
            },
        }  # fmt: skip
        bend(receipt)
        if receipt["record"] != record:
            receipt["signatures"] = [self.signature(key, receipt["record"])]
        value = base64.b64encode(self.receipts_key.sign(RECEIPT_CONTEXT, canonical(receipt))).decode()
        version = {
            "event": event, "at": at,
            "signed": {"record": receipt["record"], "signatures": receipt["signatures"]},
        }  # fmt: skip
        if full:
            version |= {"clause": CLAUSE, "notice": {"language": "fr", "text": NOTICE, "sha256": NOTICE_SHA256}}
        self.versions.append(version)
        later = {"signature": value, "proof": "", "acknowledgement": ""}
        self.receipts[f"receipts/{CONSENT}-{len(self.versions)}.json"] = receipt | later

    def signature(self, key: str, record: dict[str, Json]) -> dict[str, str]:
        value = base64.b64encode(self.receipts_key.sign(RECORD_CONTEXT, canonical(record))).decode()
        return {"type": "ed25519", "key": key, "value": value, "authenticator": "", "client": ""}

    def live(self) -> None:
        """A life: somebody else's entries between one's own, a consent given, used and withdrawn."""
        self.log("space.opened", {}, {"handle": "camille"}, 29)
        self.logs[CONSENTS].grow(b"somebody else's")
        self.decide("consent.given")
        self.log("access.allowed", AUDIT, reading(2))
        self.log_batch(reading(3), reading(4))
        for told in self.refusals:
            self.log("access.refused", *told)
        for more in self.reads:
            self.log("access.allowed", *more)
        self.decide("consent.withdrawn")

    def taken(self) -> bytes:
        """The archive, with the export logged."""
        out = io.BytesIO()
        archive = ArchiveWriter(out)
        if self.rows:
            archive.add_original(1, "relevé.txt", [b"original"])
        archive.add_records("bank.transaction", lambda: self.rows)
        if self.versions:
            archive.add_json(f"consents/{CONSENT}.json", {"consent": CONSENT, "versions": self.versions})
        for path, signed in self.receipts.items():
            archive.add_json(path, signed)
        for path, content in self.more.items():
            archive.add(path, content)
        self.log("export.made", {"contents_sha256": archive.contents_sha256()}, {}, 31)
        return self.sealed(archive, out)

    def tree(self, name: str) -> Tree:
        edge = self.logs[name].edge
        head = Checkpoint(f"{ORIGIN}/{name}", edge.size, edge.root())
        return Tree(name, head.size, head.root, sign_checkpoint(head, self.log_key))

    def proof(self, name: str, index: int) -> tuple[bytes, ...]:
        log = self.logs[name]
        return tuple(inclusion_proof(log.read, index, log.edge.size))

    def sealed(self, archive: ArchiveWriter, out: io.BytesIO) -> bytes:
        log = LogPart(
            ORIGIN,
            tuple(self.tree(name) for name in sorted({entry["log"] for entry in self.entries})),
            self.tag_key,
            vkey(f"{ORIGIN}/{CONSENTS}", self.log_key.verify_key()),
            vkey(receipts_name(ORIGIN), self.receipts_key.verify_key()),
            tuple(ProvenEntry(**entry, proof=self.proof(entry["log"], entry["index"])) for entry in self.entries),
        )
        archive.add_log(log)
        archive.seal(log, "2026-11-23T09:31:00Z", self.receipts_key)
        return out.getvalue()


def split(path: bytes) -> tuple[bytes, ...]:
    return tuple(path[at : at + 32] for at in range(0, len(path), 32))


def row(uid: str, **changes: Any) -> dict[str, Any]:
    return {
        "uid": uid, "kind": "bank.transaction", "version": 1, "day": "2026-11-01", "until": None,
        "data": {"amount": "-12.34", "label": "CAFÉ"}, "provenance": {"connector": "intl.ofx"},
        "file": "files/0001-relevé.txt", "stored_at": "2026-11-23T09:30:00Z",
    } | changes  # fmt: skip


def living(change: Callable[[Specimen], object] = lambda specimen: None) -> bytes:
    """The archive of a whole life, bent by ``change`` before it is taken."""
    specimen = Specimen()
    specimen.live()
    change(specimen)
    return specimen.taken()


def reseal(body: bytes, key: SigningKey) -> bytes:
    """A zip whose comment is still to be filled, sealed by ``key`` as the format says."""
    signature = key.sign(b"mesinfos-cockpit archive v1\n", hashlib.sha256(body).digest())
    return body + b"mesinfos-cockpit-archive/1 " + base64.b64encode(signature) + b"\n"
