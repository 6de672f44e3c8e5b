"""A leaf of the log: a type, a minute, and commitments; nothing personal."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, dataclass

from cockpit.domain.record import Json
from cockpit.sealing.canonical import canonical


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
        return canonical({"v": 1, **asdict(self)})


def commit(salt: bytes, part: dict[str, Json]) -> str:
    """A commitment to one part: HMAC-SHA-256 under its salt (32 bytes) of its canonical bytes."""
    return hmac.new(salt, canonical(part), hashlib.sha256).hexdigest()


def tag(tag_key: bytes, number: int) -> str:
    """The mark of a person's entry ``number``: with the key, the person finds 0, 1, 2… and misses none."""
    message = b"mesinfos-cockpit tag\n" + number.to_bytes(8, "big")
    return hmac.new(tag_key, message, hashlib.sha256).digest()[:16].hex()
