"""The records of a batch while it is made, tightly: committed to, and told to each person."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from cockpit.domain.event import Event
from cockpit.domain.ids import PersonId
from cockpit.sealing.box import KEY_BYTES
from cockpit.store.journal import JournalLine, Opening
from cockpit.tlog.leaf import batch_record, commit
from cockpit.tlog.logs import LogName


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record: its bytes, whose number and tag they bear, and what opens it."""

    number: int
    tag: str
    content: bytes
    audit: Opening
    subject: Opening


@dataclass(frozen=True, slots=True)
class Place:
    """Where a batch stands: its instant, its log, its index there, and the policies in force."""

    at: str
    log: LogName
    index: int
    policy: str


def committed(events: Sequence[tuple[Event, PersonId]], numbered: Sequence[tuple[int, str]]) -> list[Record]:
    """What each event's parts are committed to, under fresh salts. ``numbered``: each one's number and tag."""
    # All the salts at once: to ask the system a thousand times takes as long as the commitments.
    salts = os.urandom(2 * KEY_BYTES * len(events))
    digits, batch, at = salts.hex(), list[Record](), 0
    for (event, _), (number, mark) in zip(events, numbered, strict=True):
        middle, end = at + KEY_BYTES, at + 2 * KEY_BYTES
        audit, subject = commit(salts[at:middle], event.audit), commit(salts[middle:end], event.subject)
        batch.append(
            Record(
                number,
                mark,
                batch_record(event.type.value, audit, subject, mark),
                Opening(digits[2 * at : 2 * middle], event.audit),
                Opening(digits[2 * middle : 2 * end], event.subject),
            )
        )
        at = end
    return batch


def told(
    events: Sequence[tuple[Event, PersonId]], batch: Sequence[Record], paths: Sequence[bytes], place: Place
) -> dict[PersonId, list[JournalLine]]:
    """The lines of each one's journal."""
    lines: dict[PersonId, list[JournalLine]] = {}
    for position, ((event, person), record, path) in enumerate(zip(events, batch, paths, strict=True)):
        line = JournalLine(
            uid=str(record.number),
            at=place.at,
            type=event.type.value,
            log=place.log,
            index=place.index,
            audit=record.audit,
            subject=record.subject,
            position=position,
            count=len(batch),
            policy=place.policy,
            tag=record.tag,
            path=base64.b64encode(path).decode(),
        )
        lines.setdefault(person, []).append(line)
    return lines
