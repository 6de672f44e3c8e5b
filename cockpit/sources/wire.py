"""What the parent and its reading child say to each other: length-prefixed MessagePack frames over two pipes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.record import Json, Provenance, Record
from cockpit.sources.port import Checkpoint, Fault, Outcome, PullContext

LENGTH = struct.Struct(">I")
"""Each frame is preceded by its length in bytes, unsigned, big-endian, on four bytes."""

MAX_DEPTH = 32
"""How deeply a record's data may nest."""


class Reader(msgspec.Struct, frozen=True):
    """One connector the child may use. ``named``: the file's name matches its globs, so it is asked first."""

    connector: ConnectorId
    package: str
    named: bool


class Job(msgspec.Struct, frozen=True, tag="read"):
    """Parent to child, once: the file, and who may read it. ``pull`` False asks only who recognises it."""

    readers: tuple[Reader, ...]
    name: str
    content: bytes
    size: int
    context: PullContext
    pull: bool


class Depict(msgspec.Struct, frozen=True, tag="depict"):
    """Parent to child, once, instead of a ``Job``: the file to draw small."""

    content: bytes
    media_type: str


class Asking(msgspec.Struct, frozen=True, tag="asking"):
    """About to import this connector and ask whether the file is its own; names the culprit of a crash."""

    connector: ConnectorId


class Ranked(msgspec.Struct, frozen=True, tag="ranked"):
    """Who recognises the file, best first; the answer to a job with ``pull`` False."""

    connectors: tuple[ConnectorId, ...]


class Chosen(msgspec.Struct, frozen=True, tag="chosen"):
    """Every outcome that follows comes from this connector."""

    connector: ConnectorId


class Found(msgspec.Struct, frozen=True, tag="record"):
    """A record, field by field."""

    kind: Kind
    source_key: str
    day: str
    data: dict[str, Any]
    provenance: Provenance
    until: str | None


class Missed(msgspec.Struct, frozen=True, tag="fault"):
    """A fault."""

    fault: Fault


class Reached(msgspec.Struct, frozen=True, tag="checkpoint"):
    """A checkpoint."""

    checkpoint: Checkpoint


class Nobody(msgspec.Struct, frozen=True, tag="nobody"):
    """No connector recognised the file, or each found nothing of its own inside."""


class Depicted(msgspec.Struct, frozen=True, tag="depicted"):
    """The picture a ``Depict`` asked for."""

    content: bytes


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The stream is complete; a child that ends without it crashed."""


Frame: TypeAlias = Asking | Ranked | Chosen | Found | Missed | Reached | Nobody | Depicted | Done

_encoder = msgspec.msgpack.Encoder()
_frames: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)
_jobs: msgspec.msgpack.Decoder[Job | Depict] = msgspec.msgpack.Decoder(Job | Depict)


def pack(message: Frame | Job | Depict) -> bytes:
    """One frame, with its length."""
    body = _encoder.encode(message)
    return LENGTH.pack(len(body)) + body


def unpack(body: bytes | bytearray) -> Frame:
    """What the child said. Raises ``msgspec.DecodeError`` (or ``RecursionError``) on anything else."""
    return _frames.decode(body)


def read_job(read: Callable[[int], bytes]) -> Job | Depict:
    """The one job of a child's life, from its standard input. Raises ``EOFError`` when the parent went away."""
    head = read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    body = read(length)
    if len(body) < length:
        raise EOFError
    return _jobs.decode(body)


def frame_of(outcome: Outcome) -> Frame:
    """An outcome as it crosses the pipe."""
    match outcome:
        case Record(kind, source_key, day, data, provenance, until):
            return Found(kind, source_key, day, dict(data), provenance, until)
        case Fault():
            return Missed(outcome)
        case Checkpoint():
            return Reached(outcome)


def outcome_of(frame: Found | Missed | Reached) -> Outcome:
    """The outcome a frame carries. Raises ``ValueError`` when a record holds what no record may hold.

    The child has read a hostile file, so what it says is checked as if it were the file's own word.
    """
    match frame:
        case Missed(fault):
            return fault
        case Reached(checkpoint):
            return checkpoint
        case Found(kind, source_key, day, data, provenance, until):
            if not source_key or not _is_json(data, MAX_DEPTH):
                raise ValueError("a record without a key, or with a value that is not exact JSON")
            return Record(kind, source_key, day, _as_json(data), provenance, until)


def _as_json(data: dict[str, Any]) -> dict[str, Json]:
    return data


def _is_json(value: Any, depth: int) -> bool:
    """True for null, booleans, integers, text, and lists and text-keyed mappings of these: never a float."""
    if value is None or isinstance(value, bool | int | str):
        return True
    if depth == 0:
        return False
    if isinstance(value, list):
        return all(_is_json(item, depth - 1) for item in value)
    return isinstance(value, dict) and all(
        isinstance(key, str) and _is_json(item, depth - 1) for key, item in value.items()
    )
