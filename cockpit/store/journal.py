"""The person's own journal: every entry of the logs that is about them, opened with their key."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from cockpit.domain.errors import Tampered
from cockpit.domain.event import EventType
from cockpit.domain.record import Json
from cockpit.store.space import JOURNAL, Reader
from cockpit.tlog import merkle
from cockpit.tlog.leaf import BatchLeaf, batch_record, commit
from cockpit.tlog.logs import LogName
from cockpit.tlog.merkle import HASH_BYTES


class Opening(msgspec.Struct, frozen=True, gc=False):
    """A salt (64 hexadecimal digits) and the part that it opens."""

    salt: str
    part: dict[str, Json]


class JournalLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An entry as it is kept: ``leaf`` in base64.

    Of one in a batch there is, instead, what its leaf is made again from: its position, tag, and path (base64) in the
    batch, and the batch's count and policies.
    """

    uid: str
    at: str
    type: str
    log: str
    index: int
    audit: Opening
    subject: Opening
    leaf: str = ""
    position: int = 0
    count: int = 0
    policy: str = ""
    tag: str = ""
    path: str = ""


_encoder = msgspec.json.Encoder()


def encode_lines(lines: Sequence[JournalLine]) -> bytes:
    """The lines of a segment."""
    return _encoder.encode_lines(lines)


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


def _entry(raw: dict[str, Any]) -> JournalEntry:
    line = msgspec.convert(raw, JournalLine)
    place = _place(line) if line.count else None
    return JournalEntry(
        number=int(line.uid),
        log=LogName(line.log),
        index=line.index,
        at=line.at,
        type=line.type,
        leaf=_batch_leaf(line, place) if place else base64.b64decode(line.leaf),
        audit_salt=line.audit.salt,
        audit=line.audit.part,
        subject_salt=line.subject.salt,
        subject=line.subject.part,
        batch=place,
    )


def _place(line: JournalLine) -> BatchPlace:
    path = base64.b64decode(line.path)
    hashes = tuple(path[at : at + HASH_BYTES] for at in range(0, len(path), HASH_BYTES))
    # The record is made again from what it commits to: so it is never kept beside openings of something else.
    audit, subject = (commit(bytes.fromhex(one.salt), one.part) for one in (line.audit, line.subject))
    return BatchPlace(line.position, batch_record(line.type, audit, subject, line.tag), hashes)


def _batch_leaf(line: JournalLine, place: BatchPlace) -> bytes:
    """The leaf that this record's path leads to. Raises ``Tampered``; the log's own proof says whether it is there."""
    try:
        root = merkle.root_of_proof(merkle.leaf_hash(place.record), place.position, line.count, place.path)
    except merkle.ProofInvalid as error:
        raise Tampered("an entry of the journal is not in its batch") from error
    return BatchLeaf(EventType.ACCESS_BATCH.value, line.at[:16] + "Z", line.policy, line.count, root.hex()).to_bytes()
