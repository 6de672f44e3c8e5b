"""The rows of a database as chunks that mean the same on every engine: read from one snapshot, put into another.

A chunk's borders depend on the keys of its rows alone, so that what did not change gives the same chunks again, and a
backup that has them keeps nothing new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, LargeBinary, Table, and_, column, func, insert, literal, select, table, tuple_
from sqlalchemy.sql import Select

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.domain.ids import PersonId
from cockpit.sealing.chunks import sealed_size
from cockpit.store import tables
from cockpit.store.files import object_key

NOT_SAVED: Final = frozenset({"session", "seen_assertion", "par"})
"""Tables of minutes and hours: who is signed in, and what services asked a moment ago."""

CHUNK_BYTES: Final = 1024 * 1024
ONE_IN: Final = 64
"""A chunk begins at one row in so many, chosen by its key, or when the one before is of ``CHUNK_BYTES``."""

PAGE: Final = 256
FETCH_BYTES: Final = 4 * 1024 * 1024
"""Rows fetched by one statement: at most so many, of so many bytes together unless one is larger."""

Row = list[Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of one table, in the order of its key. ``rows`` are lists of text, numbers, bytes and None."""

    table: str
    columns: tuple[str, ...]
    rows: list[Row] = field(repr=False)

    def to_bytes(self) -> bytes:
        """MessagePack of the table's name, its columns' names, and the rows."""
        return msgspec.msgpack.encode((self.table, self.columns, self.rows))

    @classmethod
    def from_bytes(cls, content: bytes) -> Chunk:
        """Undo ``to_bytes``. Raises ``Tampered``."""
        try:
            name, columns, rows = msgspec.msgpack.decode(content, type=tuple[str, tuple[str, ...], list[Row]])
        except msgspec.MsgspecError as error:
            raise Tampered("a chunk of a backup is not what it should be") from error
        return cls(name, columns, rows)

    def without(self, gone: Callable[[str], bool]) -> Chunk:
        """The chunk without rows of persons who are ``gone``; itself when its rows name no person."""
        if "person_id" not in self.columns:
            return self
        place = self.columns.index("person_id")
        return Chunk(self.table, self.columns, [row for row in self.rows if not gone(row[place])])


def saved_tables() -> tuple[Table, ...]:
    """The tables that a backup holds, by name."""
    return tuple(one for name, one in sorted(tables.metadata.tables.items()) if name not in NOT_SAVED)


def dump(connection: Connection, source: Table) -> Iterator[Chunk]:
    """Every row of a table, in chunks. Holds about ``FETCH_BYTES`` in memory."""
    name, names = str(source.name), tuple(map(str, source.c.keys()))
    keys = [names.index(key.name) for key in source.primary_key]
    rows: list[Row] = []
    size = 0
    for row in _rows(connection, source):
        if rows and (size >= CHUNK_BYTES or _begins(name, [row[place] for place in keys])):
            yield Chunk(name, names, rows)
            rows, size = [], 0
        rows.append(row)
        size += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
    if rows:
        yield Chunk(name, names, rows)


def load(connection: Connection, chunk: Chunk) -> int:
    """Insert a chunk's rows into the table of the same name; gives how many. The columns are the chunk's own, so
    that rows of an older version go into tables of that version."""
    if chunk.rows:
        target = table(chunk.table, *(column(name) for name in chunk.columns))
        connection.execute(insert(target), [dict(zip(chunk.columns, row, strict=True)) for row in chunk.rows])
    return len(chunk.rows)


def documents_in(chunk: Chunk) -> Iterator[tuple[str, int]]:
    """Where the sealed documents of a chunk of table ``blob`` stand in the object store, and their sizes in bytes."""
    person, name, stored = (chunk.columns.index(one) for one in ("person_id", "object_id", "stored"))
    for row in chunk.rows:
        yield object_key(PersonId(row[person]), row[name]), sealed_size(row[stored])


def has_document(connection: Connection, person: str, name: str) -> bool:
    """Whether a row leads to the object ``name`` of a person."""
    blob = tables.blob
    here = select(literal(1)).where(blob.c.person_id == person, blob.c.object_id == name)
    return connection.execute(here.limit(1)).first() is not None


def refuse_inhabited(connection: Connection) -> None:
    """Raises ``OperatorMustAct`` when any table holds a row: a restoring never mixes with what is there."""
    for name, one in sorted(tables.metadata.tables.items()):
        if connection.execute(select(literal(1)).select_from(one).limit(1)).first():
            raise OperatorMustAct(f"the target is not empty: it has rows in {name}", code="restore_target")


def _rows(connection: Connection, source: Table) -> Iterator[Row]:
    key = tuple_(*source.primary_key)
    for first, last in _spans(connection, source):
        within = select(source).where(and_(key >= tuple_(*first), key <= tuple_(*last)))
        for row in connection.execute(within.order_by(*source.primary_key)):
            yield [bytes(value) if isinstance(value, memoryview) else value for value in row]


def _spans(connection: Connection, source: Table) -> Iterator[tuple[Row, Row]]:
    """First and last keys of rows that may be held in memory together: keys and sizes are read before contents."""
    heavy = [one for one in source.c if isinstance(one.type, LargeBinary)]
    size = sum((func.coalesce(func.length(one), 0) for one in heavy), start=literal(64))
    page: Select[Any] = select(*source.primary_key, size).order_by(*source.primary_key).limit(PAGE)
    key, width = tuple_(*source.primary_key), len(source.primary_key)
    rows = connection.execute(page).all()
    while rows:
        yield from _packed((list(row[:width]), row[width]) for row in rows)
        rows = connection.execute(page.where(key > tuple_(*rows[-1][:width]))).all()


def _packed(sizes: Iterable[tuple[Row, int]]) -> Iterator[tuple[Row, Row]]:
    first: Row | None = None
    last: Row = []
    total = 0
    for key, size in sizes:
        if first is not None and total + size > FETCH_BYTES:
            yield first, last
            first, total = None, 0
        first, last, total = first or key, key, total + size
    if first is not None:
        yield first, last


def _begins(name: str, key: Row) -> bool:
    digest = hashlib.blake2b(msgspec.msgpack.encode((name, key)), digest_size=8).digest()
    return int.from_bytes(digest, "big") % ONE_IN == 0
