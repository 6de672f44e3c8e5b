"""The person's own journal: every entry of the logs that is about them, opened with their key."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import msgspec

from cockpit.domain.record import Json
from cockpit.store.space import JOURNAL, Reader
from cockpit.tlog import merkle
from cockpit.tlog.logs import LogName
from cockpit.tlog.merkle import HASH_BYTES


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """Where an entry stands in the batch that its leaf commits to: its bytes, and its path to the batch's root."""

    position: int
    record: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry and its two openings. ``number`` runs 0, 1, 2… without a hole for each person, over all logs."""

    number: int
    log: LogName
    index: int
    at: str
    type: str
    leaf: bytes
    audit_salt: str
    audit: dict[str, Json]
    subject_salt: str
    subject: dict[str, Json]
    batch: BatchPlace | None = None


def journal(reader: Reader) -> tuple[JournalEntry, ...]:
    """Every entry about this person, oldest first. Raises ``Tampered``."""
    return tuple(_entry(line) for line in reader.lines(JOURNAL))


def verify_in_batch(leaf: bytes, place: BatchPlace) -> None:
    """Whether the batch that ``leaf`` commits to has this record at this place. Raises ``ProofInvalid``."""
    said = msgspec.json.decode(leaf)
    digest = merkle.leaf_hash(place.record)
    merkle.verify_inclusion(digest, place.position, said["count"], place.path, bytes.fromhex(said["root"]))


def _entry(line: dict[str, Any]) -> JournalEntry:
    return JournalEntry(
        number=int(line["uid"]),
        log=LogName(line["log"]),
        index=line["index"],
        at=line["at"],
        type=line["type"],
        leaf=base64.b64decode(line["leaf"]),
        audit_salt=line["audit"]["salt"],
        audit=line["audit"]["part"],
        subject_salt=line["subject"]["salt"],
        subject=line["subject"]["part"],
        batch=_batch(line["batch"]) if "batch" in line else None,
    )


def _batch(line: dict[str, Any]) -> BatchPlace:
    path = base64.b64decode(line["path"])
    hashes = tuple(path[at : at + HASH_BYTES] for at in range(0, len(path), HASH_BYTES))
    return BatchPlace(line["position"], base64.b64decode(line["record"]), hashes)
