"""The segments of a collection as they are stored: appended to the inbox, read back from the inbox and the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from cockpit.domain.errors import Tampered
from cockpit.domain.ids import Collection, PersonId
from cockpit.sealing.envelope import (
    FIRST_PREVIOUS,
    EnvelopeKind,
    Place,
    envelope_hash,
    open_under_key,
    open_with,
    seal_to,
    seal_under_key,
)
from cockpit.sealing.keyring import AnyKeyring, CollectionKeys, collection_private
from cockpit.store import heads, manifest, tables
from cockpit.store.heads import Head
from cockpit.store.manifest import EMPTY, Manifest, Piece

INBOX, VAULT = "inbox", "vault"
BATCH = 64
"""How many vault segments are fetched at a time: what a long read holds in memory."""

_SEGMENT = tables.segment
_TAIL = (
    select(_SEGMENT.c.seq, _SEGMENT.c.epoch, _SEGMENT.c.records, _SEGMENT.c.envelope)
    .where(
        _SEGMENT.c.person_id == bindparam("person"),
        _SEGMENT.c.collection == bindparam("stream"),
        _SEGMENT.c.stream == INBOX,
        _SEGMENT.c.seq > bindparam("after"),
    )
    .order_by(_SEGMENT.c.seq)
)
_PIECES = select(_SEGMENT.c.seq, _SEGMENT.c.epoch, _SEGMENT.c.envelope).where(
    _SEGMENT.c.person_id == bindparam("person"),
    _SEGMENT.c.collection == bindparam("stream"),
    _SEGMENT.c.stream == VAULT,
    _SEGMENT.c.seq.in_(bindparam("seqs", expanding=True)),
)
_INSERT = insert(_SEGMENT)

Body = tuple[bytes, int]
"""JSON Lines, and how many there are."""


def append(
    connection: Connection, mac_key: bytes, person: PersonId, collection: Collection, bodies: Iterable[Body]
) -> int:
    """Seal each body as the next inbox segment and return the last sequence number (from 1).

    Raises ``NotFound`` for a collection without keys, ``Moved`` when another writer came first, ``Tampered``.
    """
    was = to = heads.verify(heads.find(connection, person, collection), mac_key)
    rows: list[dict[str, Any]] = []
    for body, count in bodies:
        place = Place(person, collection, EnvelopeKind.INBOX, was.epoch, to.seq + 1, to.hash, count)
        envelope = seal_to(was.keys.public, body, place)
        rows.append(_row(place, collection, INBOX, envelope))
        to = replace(to, seq=place.seq, hash=envelope_hash(envelope))
        if len(rows) == BATCH:
            connection.execute(_INSERT, rows)
            rows.clear()
    if rows:
        connection.execute(_INSERT, rows)
    heads.move(connection, mac_key, was, to)
    return to.seq


@dataclass(slots=True)
class Opened:
    """A collection as a keyring opens it: its head, its manifest, and the keys of the epochs met on the way."""

    connection: Connection = field(repr=False)
    keyring: AnyKeyring = field(repr=False)
    mac_key: Callable[[], bytes] = field(repr=False)
    head: Head
    manifest: Manifest = EMPTY
    _keys: dict[int, bytes] = field(default_factory=dict, repr=False)
    _stored: dict[int, CollectionKeys] = field(default_factory=dict, repr=False)

    @property
    def person(self) -> PersonId:
        """Whose collection this is."""
        return self.head.person

    @property
    def collection(self) -> Collection:
        """Which collection this is."""
        return self.head.collection

    def key(self, epoch: int) -> bytes:
        """The collection key of an epoch. Raises ``Tampered`` when the keyring does not open it."""
        if epoch not in self._keys:
            self._keys[epoch] = self.keyring.collection_key(self.collection, self.stored_keys(epoch))
        return self._keys[epoch]

    def stored_keys(self, epoch: int) -> CollectionKeys:
        """The sealed keys of an epoch. Raises ``Tampered`` for an epoch that has none."""
        if epoch == self.head.epoch:
            return self.head.keys
        if epoch not in self._stored:
            self._stored = heads.keys_of(self.connection, self.person, self.collection)
        if epoch not in self._stored:
            raise Tampered("the keys of an epoch are missing")
        return self._stored[epoch]

    def tail(self) -> Iterator[tuple[int, bytes]]:
        """The inbox segments that no compaction took in: sequence number and body, each checked against the chain.

        Raises ``Tampered`` for an edited, swapped, missing, reordered or truncated segment.
        """
        previous, expected, last = self.manifest.base_hash, self.manifest.base_seq + 1, self.head.seq
        if last == self.manifest.base_seq and previous == self.head.hash and self.head.fence:
            # Nothing came since the compaction, and the manifest, which only the keys could seal, says so.
            return
        heads.verify(self.head, self.mac_key())
        where = {"person": self.person, "stream": self.collection, "after": self.manifest.base_seq}
        for row in self.connection.execute(_TAIL, where):
            if row.seq != expected:
                raise Tampered("a segment is missing from a stream")
            place = Place(self.person, self.collection, EnvelopeKind.INBOX, row.epoch, row.seq, previous, row.records)
            yield row.seq, open_with(self.private(row.epoch), row.envelope, place)
            previous, expected = envelope_hash(row.envelope), expected + 1
        if expected != last + 1 or previous != self.head.hash:
            raise Tampered("a stream was cut short")

    def pieces(self, pieces: Sequence[Piece]) -> Iterator[bytes]:
        """The bodies of vault segments, in the order asked for. Raises ``Tampered``."""
        start, size = 0, 1
        while start < len(pieces):
            # The first batches are small: who wants the newest few does not pay for sixteen.
            batch = pieces[start : start + size]
            start, size = start + size, min(2 * size, BATCH)
            seqs = {"person": self.person, "stream": self.collection, "seqs": [piece.seq for piece in batch]}
            rows = {row.seq: row for row in self.connection.execute(_PIECES, seqs)}
            for piece in batch:
                row = rows.get(piece.seq)
                if row is None:
                    raise Tampered("a segment is missing from the vault")
                yield open_under_key(self.key(row.epoch), row.envelope, self.place(piece, row.epoch))

    def seal_piece(self, body: bytes, piece: Piece) -> dict[str, Any]:
        """The row of a new vault segment, under the key of the current epoch."""
        place = self.place(piece, self.head.epoch)
        return _row(place, self.collection, VAULT, seal_under_key(self.key(self.head.epoch), body, place))

    def place(self, piece: Piece, epoch: int) -> Place:
        """Where a vault segment stands. A sequence number is used once, so no other can stand there."""
        stream = f"{self.collection}/vault"
        return Place(self.person, stream, EnvelopeKind.VAULT, epoch, piece.seq, FIRST_PREVIOUS, piece.records)

    def private(self, epoch: int) -> bytes:
        """The private key of an epoch: what was sealed to its public one opens with it. Raises ``Tampered``."""
        return collection_private(self.key(epoch), self.stored_keys(epoch), self.person, self.collection)


def open_collection(
    connection: Connection,
    mac_key: Callable[[], bytes],
    keyring: AnyKeyring,
    collection: Collection,
    known: Opened | None = None,
) -> Opened:
    """The collection as it stands now; ``known`` when nothing moved since. Raises ``NotFound``, ``Tampered``."""
    head = heads.find(connection, PersonId(keyring.person), collection)
    if known is not None and known.head == head:
        return known
    found = Opened(connection, keyring, mac_key, head)
    sealed = manifest.load(connection, found.person, collection, head.fence)
    if sealed is not None:
        found.manifest = manifest.opened(found.key(sealed[0]), sealed, found.person, collection, head.fence)
    return found


def _row(place: Place, collection: Collection, stream: str, envelope: bytes) -> dict[str, Any]:
    return {
        "person_id": place.person,
        "collection": collection,
        "stream": stream,
        "seq": place.seq,
        "epoch": place.epoch,
        "records": place.count,
        "envelope": envelope,
    }
