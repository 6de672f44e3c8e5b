"""The person's own journal: every entry of the logs that is about them, opened with their key."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from cockpit.domain.record import Json
from cockpit.store.space import JOURNAL, Reader
from cockpit.tlog import merkle
from cockpit.tlog.leaf import batch_record, commit
from cockpit.tlog.logs import LogName
from cockpit.tlog.merkle import HASH_BYTES


class Opening(msgspec.Struct, frozen=True, gc=False):
    """A salt (64 hexadecimal digits) and the part that it opens."""

    salt: str
    part: dict[str, Json]


class JournalLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An entry as it is kept: ``leaf`` in base64; of one in a batch its position, tag, and path in base64 too."""

    uid: str
    at: str
    type: str
    log: str
    index: int
    leaf: str
    audit: Opening
    subject: Opening
    position: int | None = None
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


def verify_in_batch(leaf: bytes, place: BatchPlace) -> None:
    """Whether the batch that ``leaf`` commits to has this record at this place. Raises ``ProofInvalid``."""
    said = msgspec.json.decode(leaf)
    digest = merkle.leaf_hash(place.record)
    merkle.verify_inclusion(digest, place.position, said["count"], place.path, bytes.fromhex(said["root"]))


def _entry(raw: dict[str, Any]) -> JournalEntry:
    line = msgspec.convert(raw, JournalLine)
    return JournalEntry(
        number=int(line.uid),
        log=LogName(line.log),
        index=line.index,
        at=line.at,
        type=line.type,
        leaf=base64.b64decode(line.leaf),
        audit_salt=line.audit.salt,
        audit=line.audit.part,
        subject_salt=line.subject.salt,
        subject=line.subject.part,
        batch=_place(line, line.position) if line.position is not None else None,
    )


def _place(line: JournalLine, position: int) -> BatchPlace:
    path = base64.b64decode(line.path)
    hashes = tuple(path[at : at + HASH_BYTES] for at in range(0, len(path), HASH_BYTES))
    # The record is made again from what it commits to: so it is never kept beside openings of something else.
    audit, subject = (commit(bytes.fromhex(one.salt), one.part) for one in (line.audit, line.subject))
    return BatchPlace(position, batch_record(line.type, audit, subject, line.tag), hashes)
