"""What a log sends to a witness and what is answered, as bytes (C2SP tlog-witness, ``add-checkpoint``)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from cockpit.tlog.merkle import HASH_BYTES

MAX_BYTES = 128 * 1024
"""The largest request read: 63 hashes and a note with sixteen signatures of the largest kind fit."""
MAX_HASHES = 63
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(rb"old (0|[1-9][0-9]{0,18})")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A new checkpoint (a signed note), and the proof that it is consistent with the one of size ``old``."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, body, media type."""

    status: int
    body: bytes
    media_type: str = "text/plain; charset=utf-8"


class Malformed(ValueError):
    """The bytes are no such request, or no such answer."""


def print_request(request: AddCheckpoint) -> bytes:
    """The body to post."""
    lines = [f"old {request.old}", *(base64.b64encode(digest).decode() for digest in request.proof)]
    return "\n".join(lines).encode() + b"\n\n" + request.note


def parse_request(body: bytes) -> AddCheckpoint:
    """The inverse of ``print_request``; the note itself is not looked into. Raises ``Malformed``."""
    head, separator, note = body.partition(b"\n\n")
    old, *hashes = head.split(b"\n")
    size = _OLD.fullmatch(old)
    if len(body) > MAX_BYTES or not separator or not size or len(hashes) > MAX_HASHES:
        raise Malformed("want: an old size line, at most 63 hashes, an empty line, a checkpoint")
    return AddCheckpoint(int(size[1]), tuple(map(_hash, hashes)), note)


def size_answer(size: int) -> Answer:
    """The conflict that tells a log which size the witness knows."""
    return Answer(409, f"{size}\n".encode(), SIZE_TYPE)


def parse_size(body: bytes) -> int:
    """The size in such an answer. Raises ``Malformed``."""
    size = _SIZE.fullmatch(body)
    if not size:
        raise Malformed("no size")
    return int(size[1])


def _hash(line: bytes) -> bytes:
    try:
        digest = base64.b64decode(line, validate=True)
    except ValueError as error:
        raise Malformed("a hash is not base64") from error
    if len(digest) != HASH_BYTES or base64.b64encode(digest) != line:
        raise Malformed("a hash is not 32 bytes of base64")
    return digest
