"""What the cockpit remembers of a source without being able to read the space: which records it already brought.

Keyed hashes sealed under the person's source key, which the operator's key wraps: a locked space can receive without
repeating itself, and a copy of the database alone says nothing. They are kept in buckets by the first bits of the
record's identity, so that a small refresh of a large source rewrites little.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import ConnectorId, PersonId
from cockpit.sealing.box import open_under, seal_under
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import tables

DIGEST_BYTES = 8
BUCKET_RECORDS = 1024
"""How many records a bucket holds on average before the buckets are split."""

_SEEN = tables.seen_record
_BUCKET = select(_SEEN.c.sealed).where(
    _SEEN.c.person_id == bindparam("person"),
    _SEEN.c.source_id == bindparam("source"),
    _SEEN.c.bucket == bindparam("number"),
)
_read = msgspec.msgpack.Decoder(dict[bytes, bytes]).decode
_write = msgspec.msgpack.encode


def source_key(connection: Connection, operator: OperatorKeys, person: PersonId) -> bytes:
    """The person's source key, unwrapped. Raises ``NotFound``."""
    table = tables.keyring
    wrapped = connection.execute(
        select(table.c.wrapped_source_key).where(table.c.person_id == person)
    ).scalar_one_or_none()
    if wrapped is None:
        raise NotFound("there is no such space")
    return operator.unwrap(wrapped, "source key", person)


class Size(msgspec.Struct):
    """How many records are remembered, in 2**``bits`` buckets."""

    bits: int = 0
    records: int = 0


@dataclass(slots=True)
class SourceState:
    """The digests of the versions seen of each record, by the record's identity of 16 bytes."""

    connection: Connection = field(repr=False)
    key: bytes = field(repr=False)
    person: PersonId
    connector: ConnectorId
    size: Size
    buckets: dict[int, dict[bytes, bytes]] = field(default_factory=dict, repr=False)
    changed: set[int] = field(default_factory=set, repr=False)

    def reconcile(self, uid: bytes, digest: bytes, *, keep_all: bool) -> Literal["new", "changed"] | None:
        """Whether the record is new, changed or (None) already here; remembers it.

        With ``keep_all`` a version seen at any time adds nothing: for kinds whose versions are merged.
        """
        number = _bucket_of(uid, self.size.bits)
        bucket = self.buckets.get(number)
        if bucket is None:
            bucket = self._load(number)
        known = bucket.get(uid)
        if known is None:
            bucket[uid] = digest
            self.changed.add(number)
            self.size.records += 1
            return "new"
        if any(known.startswith(digest, start) for start in range(0, len(known), DIGEST_BYTES)):
            return None
        bucket[uid] = known + digest if keep_all else digest
        self.changed.add(number)
        return "changed"

    def save(self) -> None:
        """Seal and keep what changed."""
        if not self.changed:
            return
        if self.size.records > BUCKET_RECORDS << self.size.bits:
            self._split()
        for number in self.changed:
            where = (_SEEN.c.person_id == self.person, _SEEN.c.source_id == self.connector, _SEEN.c.bucket == number)
            self.connection.execute(delete(_SEEN).where(*where))
        self.connection.execute(insert(_SEEN), [self._row(number) for number in sorted(self.changed)])
        table = tables.source
        sealed = seal_under(self.key, _write(self.size), f"source state {self.person} {self.connector}")
        where_source = (table.c.person_id == self.person, table.c.source_id == self.connector)
        self.connection.execute(delete(table).where(*where_source))
        self.connection.execute(
            insert(table).values(person_id=self.person, source_id=self.connector, sealed_state=sealed)
        )

    def _load(self, number: int) -> dict[bytes, bytes]:
        where = {"person": self.person, "source": self.connector, "number": number}
        sealed = self.connection.execute(_BUCKET, where).scalar_one_or_none()
        plain = open_under(self.key, sealed, self._context(number, self.size.bits)) if sealed is not None else None
        bucket = _read(plain) if plain is not None else {}
        self.buckets[number] = bucket
        return bucket

    def _split(self) -> None:
        """More, smaller buckets: every one is read, and written anew."""
        for number in range(1 << self.size.bits):
            if number not in self.buckets:
                self._load(number)
        self.connection.execute(
            delete(_SEEN).where(_SEEN.c.person_id == self.person, _SEEN.c.source_id == self.connector)
        )
        while self.size.records > (BUCKET_RECORDS // 2) << self.size.bits:
            self.size.bits += 1
        spread: dict[int, dict[bytes, bytes]] = {}
        for bucket in self.buckets.values():
            for uid, digests in bucket.items():
                spread.setdefault(_bucket_of(uid, self.size.bits), {})[uid] = digests
        self.buckets, self.changed = spread, set(spread)

    def _row(self, number: int) -> dict[str, Any]:
        sealed = seal_under(self.key, _write(self.buckets[number]), self._context(number, self.size.bits))
        return {"person_id": self.person, "source_id": self.connector, "bucket": number, "sealed": sealed}

    def _context(self, number: int, bits: int) -> str:
        return f"seen records {self.person} {self.connector} {bits} {number}"


def load_state(connection: Connection, key: bytes, person: PersonId, connector: ConnectorId) -> SourceState:
    """The state of one source, empty on its first run. Raises ``Tampered``."""
    table = tables.source
    sealed = connection.execute(
        select(table.c.sealed_state).where(table.c.person_id == person, table.c.source_id == connector)
    ).scalar_one_or_none()
    if sealed is None:
        return SourceState(connection, key, person, connector, Size())
    plain = open_under(key, sealed, f"source state {person} {connector}")
    return SourceState(connection, key, person, connector, msgspec.msgpack.decode(plain, type=Size))


def _bucket_of(uid: bytes, bits: int) -> int:
    return int.from_bytes(uid[:4], "big") >> (32 - bits)
