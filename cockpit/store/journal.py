"""The person's own journal: every entry of the log that is about them, opened with their key."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cockpit.domain.record import Json
from cockpit.store.space import JOURNAL, Reader


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry and its two openings. ``number`` runs 0, 1, 2… without a hole for each person."""

    number: int
    index: int
    at: str
    type: str
    leaf: bytes
    audit_salt: str
    audit: dict[str, Json]
    subject_salt: str
    subject: dict[str, Json]


def journal(reader: Reader) -> tuple[JournalEntry, ...]:
    """Every entry about this person, oldest first. Raises ``Tampered``."""
    return tuple(
        JournalEntry(
            number=int(line["uid"]),
            index=line["index"],
            at=line["at"],
            type=line["type"],
            leaf=base64.b64decode(line["leaf"]),
            audit_salt=line["audit"]["salt"],
            audit=line["audit"]["part"],
            subject_salt=line["subject"]["salt"],
            subject=line["subject"]["part"],
        )
        for line in reader.lines(JOURNAL)
    )
