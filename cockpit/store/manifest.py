"""The manifest of a collection: which vault segments hold which kind and which days, sealed under its key.

A run is the segments of one kind in order of their records' days; a history is the earlier versions of a kind, in
order of arrival. So a month, or the newest fifty, opens only the segments it needs.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from cockpit.domain.errors import Tampered
from cockpit.domain.ids import Collection, PersonId
from cockpit.sealing.box import derive
from cockpit.sealing.envelope import FIRST_PREVIOUS, EnvelopeKind, Place, open_under_key, seal_under_key
from cockpit.store import tables

_TABLE = tables.manifest
_FIND = select(_TABLE.c.epoch, _TABLE.c.entries, _TABLE.c.envelope).where(
    _TABLE.c.person_id == bindparam("person"), _TABLE.c.collection == bindparam("stream")
)
_COLUMNS = 5
_WORD = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """One vault segment. Days are numbers YYYYMMDD; ``until`` is the latest last day of a record in it."""

    seq: int
    first: int
    last: int
    until: int
    records: int


@dataclass(frozen=True, slots=True)
class Run:
    """Pieces in order, kept as columns: a list of a million records' pieces opens in microseconds."""

    columns: tuple[array[int], ...] = field(default_factory=lambda: tuple(array("I") for _ in range(_COLUMNS)))

    @classmethod
    def of(cls, pieces: Iterable[Piece]) -> Run:
        """The run of these pieces."""
        rows = [(piece.seq, piece.first, piece.last, piece.until, piece.records) for piece in pieces]
        return cls(tuple(array("I", column) for column in zip(*rows, strict=True)) if rows else cls().columns)

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, index: int) -> Piece:
        return Piece(*(column[index] for column in self.columns))

    def __iter__(self) -> Iterator[Piece]:
        return (Piece(*row) for row in zip(*self.columns, strict=True))

    @property
    def records(self) -> int:
        """How many records the pieces hold together."""
        return sum(self.columns[4])

    def around(self, day: int) -> tuple[int, int]:
        """The pieces, from and up to, that hold ``day``, or else the one before it; all pieces that share that day."""
        _, firsts, lasts, *_ = self.columns
        return max(min(bisect_left(lasts, day), bisect_right(firsts, day) - 1), 0), max(bisect_right(firsts, day), 1)

    def within(self, since: int, until: int) -> list[int]:
        """The pieces that may hold a record of the days ``since`` to ``until``, both included."""
        end = bisect_right(self.columns[1], until)
        lasts = self.columns[3]
        return [index for index in range(end) if lasts[index] >= since]

    def to_bytes(self) -> bytes:
        """The columns one after another, each of unsigned 32-bit numbers, little-endian."""
        return b"".join(_little(column).tobytes() for column in self.columns)

    @classmethod
    def from_bytes(cls, packed: bytes) -> Run:
        """Undo ``to_bytes``."""
        size = len(packed) // _COLUMNS
        columns = []
        for start in range(0, size * _COLUMNS, size) if size else [0] * _COLUMNS:
            column = array("I")
            column.frombytes(packed[start : start + size])
            columns.append(_little(column))
        return cls(tuple(columns))


@dataclass(frozen=True, slots=True)
class Manifest:
    """``base_seq`` and ``base_hash``: the last inbox segment taken in; ``next_seq`` was never used by a piece."""

    base_seq: int = 0
    base_hash: bytes = FIRST_PREVIOUS
    next_seq: int = 1
    runs: Mapping[str, Run] = field(default_factory=dict)
    histories: Mapping[str, Run] = field(default_factory=dict)

    @property
    def pieces(self) -> int:
        """How many vault segments it lists."""
        return sum(map(len, self.runs.values())) + sum(map(len, self.histories.values()))


EMPTY = Manifest()


def load(connection: Connection, person: PersonId, collection: Collection, fence: int) -> tuple[int, int, bytes] | None:
    """The sealed manifest: epoch, number of pieces, envelope; None before the first compaction. Raises ``Tampered``."""
    if fence == 0:
        return None
    row = connection.execute(_FIND, {"person": person, "stream": collection}).one_or_none()
    if row is None:
        raise Tampered("the manifest of a collection is missing")
    return row.epoch, row.entries, row.envelope


def opened(key: bytes, sealed: tuple[int, int, bytes], person: str, collection: str, fence: int) -> Manifest:
    """The manifest as it stood at ``fence``, with the collection key of its epoch. Raises ``Tampered``."""
    epoch, entries, envelope = sealed
    body = open_under_key(_manifest_key(key), envelope, _place(person, collection, epoch, fence, entries))
    base_seq, base_hash, next_seq, runs, histories = msgspec.msgpack.decode(body)
    return Manifest(base_seq, base_hash, next_seq, _unpacked(runs), _unpacked(histories))


def save(
    connection: Connection,
    key: bytes,
    manifest: Manifest,
    person: PersonId,
    collection: Collection,
    epoch: int,
    fence: int,
) -> None:
    """Seal and keep the manifest of ``fence`` in the place of the one before."""
    parts = (manifest.base_seq, manifest.base_hash, manifest.next_seq, _packed(manifest.runs))
    body = msgspec.msgpack.encode((*parts, _packed(manifest.histories)))
    place = _place(person, collection, epoch, fence, manifest.pieces)
    connection.execute(delete(_TABLE).where(_TABLE.c.person_id == person, _TABLE.c.collection == collection))
    connection.execute(
        insert(_TABLE).values(
            person_id=person,
            collection=collection,
            epoch=epoch,
            entries=manifest.pieces,
            envelope=seal_under_key(_manifest_key(key), body, place),
        )
    )


def _manifest_key(collection_key: bytes) -> bytes:
    return derive(collection_key, "manifest")


def _place(person: str, collection: str, epoch: int, fence: int, entries: int) -> Place:
    # The fence is the position: an older manifest, even a genuine one, does not stand where the head says.
    return Place(person, f"{collection}/manifest", EnvelopeKind.MANIFEST, epoch, fence, FIRST_PREVIOUS, entries)


def _packed(runs: Mapping[str, Run]) -> dict[str, bytes]:
    return {kind: run.to_bytes() for kind, run in runs.items() if len(run)}


def _unpacked(runs: Mapping[str, bytes]) -> dict[str, Run]:
    return {kind: Run.from_bytes(packed) for kind, packed in runs.items()}


def _little(column: array[int]) -> array[int]:
    assert column.itemsize == _WORD
    if sys.byteorder == "big":
        column = array("I", column)
        column.byteswap()
    return column
