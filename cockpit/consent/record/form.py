"""A record as canonical JSON, its hash, and its one strict reading."""

from __future__ import annotations

import hashlib

import msgspec

from cockpit.domain.consent_record import RECORD_SCHEMA, ConsentRecord
from cockpit.domain.errors import Tampered
from cockpit.domain.record import Json
from cockpit.sealing.canonical import canonical, parse_canonical


def record_to_json(record: ConsentRecord) -> dict[str, Json]:
    """The record as JSON values, ready to be made canonical."""
    built: dict[str, Json] = msgspec.to_builtins(record)
    return built


def record_bytes(record: ConsentRecord) -> bytes:
    """What is hashed and signed: RFC 8785 bytes."""
    return canonical(record_to_json(record))


def record_sha256(record: ConsentRecord) -> str:
    """SHA-256 of the record's canonical bytes, in hexadecimal: what the next version and the log name it by."""
    return hashlib.sha256(record_bytes(record)).hexdigest()


def record_from_json(value: object) -> ConsentRecord:
    """The record that ``record_to_json`` wrote, and nothing else: an unknown or missing field raises ``Tampered``."""
    try:
        record = msgspec.convert(value, ConsentRecord)
        same = canonical(value) == record_bytes(record)
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
        raise Tampered("not the record of a consent") from error
    if not same or record.schema != RECORD_SCHEMA:
        raise Tampered("not the record of a consent: a field is unknown or missing, or its schema is another")
    return record


def record_from_bytes(data: bytes) -> ConsentRecord:
    """The record of its canonical bytes. Raises ``Tampered``."""
    try:
        value = parse_canonical(data)
    except ValueError as error:
        raise Tampered("not the record of a consent: its bytes are not canonical") from error
    return record_from_json(value)
