"""The person's own journal: every entry of the logs that is about them, opened with their key."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
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
    audit_salt: str
    audit: dict[str, Json]
    subject_salt: str
    subject: dict[str, Json]
    line: JournalLine = field(repr=False)

    @property
    def batch(self) -> BatchPlace | None:
        """Its place in a batch, made again from the openings: so it is never that of something else they say."""
        line = self.line
        if not line.count:
            return None
        path = base64.b64decode(line.path)
        hashes = tuple(path[at : at + HASH_BYTES] for at in range(0, len(path), HASH_BYTES))
        audit, subject = (commit(bytes.fromhex(one.salt), one.part) for one in (line.audit, line.subject))
        return BatchPlace(line.position, batch_record(self.type, audit, subject, line.tag), hashes)

    @property
    def leaf(self) -> bytes:
        """The leaf's bytes; of an entry in a batch, those that its path leads to. Raises ``Tampered``.

        Whether the leaf is in the log, only a proof says.
        """
        place, line = self.batch, self.line
        if place is None:
            return base64.b64decode(line.leaf)
        try:
            root = merkle.root_of_proof(merkle.leaf_hash(place.record), place.position, line.count, place.path)
        except merkle.ProofInvalid as error:
            raise Tampered("an entry of the journal is not in its batch") from error
        minute = line.at[:16] + "Z"
        return BatchLeaf(EventType.ACCESS_BATCH.value, minute, line.policy, line.count, root.hex()).to_bytes()


def journal(reader: Reader) -> tuple[JournalEntry, ...]:
    """Every entry about this person, oldest first. Raises ``Tampered``."""
    return tuple(_entry(line) for line in reader.lines(JOURNAL))


def _entry(raw: dict[str, Any]) -> JournalEntry:
    line = msgspec.convert(raw, JournalLine)
    return JournalEntry(
        number=int(line.uid),
        log=LogName(line.log),
        index=line.index,
        at=line.at,
        type=line.type,
        audit_salt=line.audit.salt,
        audit=line.audit.part,
        subject_salt=line.subject.salt,
        subject=line.subject.part,
        line=line,
    )
