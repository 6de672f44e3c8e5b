"""A deposit: records become sealed lines, and those already brought add nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec
from sqlalchemy import Connection

from cockpit.domain.ids import BlobId, Collection, ConnectorId, Kind, PersonId, collection_of
from cockpit.domain.record import Provenance, Record
from cockpit.store import heads
from cockpit.store.source_state import DIGEST_BYTES, load_state
from cockpit.store.streams import Body, append

SEGMENT_LINES = 1000
SEGMENT_BYTES = 512 * 1024
"""An inbox segment is closed at whichever comes first."""

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Deposited:
    """What one deposit changed, counted."""

    new: int
    changed: int
    unchanged: int
    kinds: tuple[Kind, ...]


class _Sealed(msgspec.Struct):
    """A record on its way: its data was encoded once, for the digest and for the line."""

    day: str
    data: msgspec.Raw
    kind: str
    provenance: Provenance
    source_key: str
    until: str | None


class _Line(msgspec.Struct, omit_defaults=True):
    uid: str
    stored_at: str
    record: _Sealed
    blob: str | None = None
    file_name: str | None = None
    changed: bool = False


@dataclass(slots=True)
class _Bodies:
    """The lines of one collection, cut into bodies as they come."""

    full: list[Body] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, line: bytes) -> None:
        self.lines.append(line)
        self.size += len(line) + 1
        if len(self.lines) == SEGMENT_LINES or self.size >= SEGMENT_BYTES:
            self.close()

    def close(self) -> None:
        if self.lines:
            self.lines.append(b"")
            self.full.append((b"\n".join(self.lines), len(self.lines) - 1))
            self.lines, self.size = [], 0


def deposit(
    connection: Connection,
    source_key: bytes,
    person: PersonId,
    connector: ConnectorId,
    records: Sequence[Record],
    at: str,
    blob: BlobId | None,
    file_name: str | None,
    keep_all: frozenset[Kind],
) -> Deposited:
    """Seal what is new or changed. Of the kinds ``keep_all`` a version once brought is never brought again.

    Raises ``ValueError`` for a record whose day is no day, ``NotFound`` for a collection without keys.
    """
    state = load_state(connection, source_key, person, connector, len(records))
    bodies: dict[Collection, _Bodies] = {}
    of_kind: dict[Kind, tuple[_Bodies, bool]] = {}
    new = changed = 0
    for record, uid, digest, data in _identified(source_key, connector, records):
        kind = record.kind
        if kind not in of_kind:
            of_kind[kind] = bodies.setdefault(collection_of(kind), _Bodies()), kind in keep_all
        lines, keeps_all = of_kind[kind]
        verdict = state.reconcile(uid, digest, keep_all=keeps_all)
        if verdict is None:
            continue
        if verdict == "new":
            new += 1
        else:
            changed += 1
        sealed = _Sealed(record.day, data, kind, record.provenance, record.source_key, record.until)
        lines.add(_encode(_Line(uid.hex(), at, sealed, blob, file_name, verdict == "changed")))
    mac_key = heads.mac_key(source_key)
    for collection, gathered in bodies.items():
        gathered.close()
        if gathered.full:
            append(connection, mac_key, person, collection, gathered.full)
    state.save()
    return Deposited(new, changed, len(records) - new - changed, tuple(sorted(of_kind)))


def _identified(
    source_key: bytes, connector: ConnectorId, records: Sequence[Record]
) -> Iterator[tuple[Record, bytes, bytes, msgspec.Raw]]:
    """Each record with its identity (16 bytes), the digest of what it says, and its data encoded."""
    # A keyed hasher is copied, not made anew, for each record: the key's block is absorbed once.
    identity = hashlib.blake2b(connector.encode() + b"\x00", key=source_key, digest_size=16)
    meaning = hashlib.blake2b(key=source_key, digest_size=DIGEST_BYTES)
    days: set[str | None] = {None}
    for record in records:
        if record.day not in days or record.until not in days:
            days |= {_checked(record.day), _checked(record.until or record.day), record.until}
        data = _encode(record.data)
        name, digest = identity.copy(), meaning.copy()
        name.update(f"{record.kind}\x00{record.source_key}".encode())
        digest.update(f"{record.day}\x00{record.until or ''}\x00{record.provenance.verification}\x00".encode() + data)
        yield record, name.digest(), digest.digest(), msgspec.Raw(data)


def _checked(day: str) -> str:
    # ``fromisoformat`` also reads 20260101 and weeks: one form only, so that days sort as text.
    if date.fromisoformat(day).isoformat() != day:
        raise ValueError("a day is written YYYY-MM-DD")
    return day
