"""A leaf of the log: a type, a minute, and commitments; nothing personal. Or a batch: many records under one root."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cockpit.domain.record import Json
from cockpit.sealing.canonical import canonical

MOST_IN_BATCH = 1024
"""The most records that one leaf commits to."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry. ``at`` is a UTC minute; ``policy``, ``audit`` and ``subject`` are 64 hexadecimal digits.

    ``tag`` is 32 hexadecimal digits, or empty for an event about no person.
    """

    type: str
    at: str
    policy: str
    audit: str
    subject: str
    tag: str

    def to_bytes(self) -> bytes:
        """The canonical bytes that are hashed into the tree."""
        return canonical(
            {
                "v": 1,
                "type": self.type,
                "at": self.at,
                "policy": self.policy,
                "audit": self.audit,
                "subject": self.subject,
                "tag": self.tag,
            }
        )


@dataclass(frozen=True, slots=True)
class BatchLeaf:
    """One entry for ``count`` records (1 to 1,024), leaves of a tree of their own with this root (64 hex digits)."""

    type: str
    at: str
    policy: str
    count: int
    root: str

    def to_bytes(self) -> bytes:
        """The canonical bytes that are hashed into the log's tree."""
        return canonical(
            {
                "v": 1,
                "type": self.type,
                "at": self.at,
                "policy": self.policy,
                "count": self.count,
                "root": self.root,
            }
        )


def batch_record(event: str, audit: str, subject: str, mark: str) -> bytes:
    """The canonical bytes of one record of a batch: what a leaf says, but for the minute and policies of its batch."""
    # Written out, since a batch makes a thousand: digits and the name of a type need no escaping (RFC 8785 3.2.2.2).
    return f'{{"audit":"{audit}","subject":"{subject}","tag":"{mark}","type":"{event}","v":1}}'.encode()


def commit(salt: bytes, part: dict[str, Json]) -> str:
    """A commitment to one part: HMAC-SHA-256 under its salt (32 bytes) of its canonical bytes."""
    return hmac.digest(salt, canonical(part), "sha256").hex()


def tag(tag_key: bytes, number: int) -> str:
    """The mark of a person's entry ``number``: with the key, the person finds 0, 1, 2… and misses none."""
    message = b"mesinfos-cockpit tag\n" + number.to_bytes(8, "big")
    return hmac.digest(tag_key, message, "sha256")[:16].hex()
