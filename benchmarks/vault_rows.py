"""The peers: one row a record, as a careful programmer would write it, in clear or with each body sealed.

What is the same for every record of a source is kept once, beside the rows; a person is a small number; the body says
only what no column says. So a peer stores less than our lines do before they are compressed.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
)

from benchmarks.vault_stores import AT, BANK
from cockpit.domain.record import Record

PERSON = 1
EXPORT_ROWS = 1000
_SOURCES = ("intl.ofx", "eu.facturx", "fr.enedis.csv")
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY")
"""What the cockpit's own engine sets."""

_encode = msgspec.json.encode
_decode = msgspec.json.Decoder().decode

metadata = MetaData()
record_table = Table(
    "record",
    metadata,
    Column("person", Integer, primary_key=True, autoincrement=False),
    Column("uid", LargeBinary, primary_key=True),
    Column("kind", String, nullable=False),
    Column("day", String, nullable=False),
    Column("source", Integer, nullable=False),
    Column("amount", Integer),
    Column("at", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("record_day", "person", "kind", "day"),
)

Row = tuple[int, bytes, str, str, int, int | None, str, bytes]


class Clear:
    """Bodies as they are."""

    columns = True

    def seal(self, uid: bytes, body: bytes) -> bytes:
        return body

    def open(self, uid: bytes, sealed: bytes) -> bytes:
        return sealed


class Sealed:
    """Bodies under AES-256-GCM, each with a random nonce, bound to its record; the amount is in the body alone."""

    columns = False

    def __init__(self) -> None:
        self._cipher = AESGCM(os.urandom(32))

    def seal(self, uid: bytes, body: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, body, uid)

    def open(self, uid: bytes, sealed: bytes) -> bytes:
        return self._cipher.decrypt(sealed[:12], sealed[12:], uid)


Seal = Clear | Sealed


def rows(batch: Sequence[Record], seal: Seal) -> Iterator[Row]:
    """The rows of a batch. The uid, 16 bytes, is what makes a second import of a file change nothing."""
    source = _SOURCES.index(batch[0].provenance.connector)
    for record in batch:
        uid = hashlib.blake2b(record.source_key.encode(), digest_size=16).digest()
        body = seal.seal(uid, _encode({"source_key": record.source_key, "data": record.data}))
        amount = record.data.get("amount")
        cents = round(float(amount) * 100) if seal.columns and isinstance(amount, str) else None
        yield PERSON, uid, record.kind, record.day, source, cents, AT, body


def exported(found: Iterable[tuple[bytes, str, str, bytes]], seal: Seal) -> Iterator[bytes]:
    """Rows as JSON Lines, in blocks. Bodies are JSON already: they are spliced in, not read."""
    line = b'{"uid":"%s","kind":"%s","day":"%s","record":%s}\n'
    opened, clear = seal.open, seal.columns
    waiting = iter(found)
    while block := list(islice(waiting, EXPORT_ROWS)):
        yield b"".join(
            [
                line % (uid.hex().encode(), kind.encode(), day.encode(), body if clear else opened(uid, body))
                for uid, kind, day, body in block
            ]
        )


class CoreRows:
    """Rows on SQLite or PostgreSQL, through SQLAlchemy Core, as the cockpit itself speaks to its database."""

    def __init__(
        self, address: str, file: Path | None, seal: Seal, module: ModuleType | None = None, key: str = ""
    ) -> None:
        self.engine, self.file, self.seal = create_engine(address, module=module), file, seal
        if file is not None:
            event.listen(self.engine, "connect", partial(_configure, key))
        metadata.create_all(self.engine)
        self.connection = self.engine.connect()
        self._insert = insert(record_table)
        cells = record_table.c
        word = bindparam("word", type_=LargeBinary)
        # Neither is the other's: SQLite's LIKE finds nothing in bytes, and PostgreSQL has no instr.
        self._says = func.instr(cells.body, word) > 0 if file else func.position(word.op("IN")(cells.body)) > 0
        mine = (cells.person == PERSON, cells.kind == BANK)
        self._newest = select(cells.uid, cells.body).where(*mine).order_by(cells.day.desc()).limit(bindparam("count"))
        self._month = select(cells.uid, cells.body).where(*mine, cells.day.between(bindparam("a"), bindparam("b")))
        self._all = select(cells.uid, cells.kind, cells.day, cells.body).where(cells.person == PERSON)

    def ingest(self, batch: Sequence[Record]) -> None:
        with self.connection.begin():
            self.keep(batch)

    def keep(self, batch: Sequence[Record]) -> None:
        """Write a batch inside its transaction."""
        names = record_table.c.keys()
        self.connection.execute(self._insert, [dict(zip(names, row, strict=True)) for row in rows(batch, self.seal)])

    def settle(self) -> None:
        with self.connection.begin():
            self.connection.exec_driver_sql("ANALYZE")
        self.connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.rollback()

    @property
    def disk_file(self) -> Path:
        """The database's file, on SQLite."""
        assert self.file is not None
        return self.file

    def disk_bytes(self) -> int:
        return disk_bytes(self.disk_file)

    def newest(self, count: int) -> int:
        return self._read(self._newest, {"count": count})

    def month(self, since: str, until: str) -> int:
        return self._read(self._month, {"a": since, "b": until})

    def export(self) -> Iterator[bytes]:
        with self.connection.begin():
            found = self.connection.execution_options(yield_per=EXPORT_ROWS).execute(self._all)
            yield from exported(found, self.seal)  # type: ignore[arg-type]

    def search(self, word: str) -> int:
        with self.connection.begin():
            if self.seal.columns:
                found = select(record_table.c.uid).where(record_table.c.person == PERSON, self._says)
                return len(self.connection.execute(found, {"word": word.encode()}).all())
            wanted = word.encode()
            return sum(wanted in self.seal.open(uid, body) for uid, _, _, body in self.connection.execute(self._all))

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()

    def _read(self, statement: Any, values: dict[str, Any]) -> int:
        with self.connection.begin():
            found = self.connection.execute(statement, values).all()
        return len([_decode(self.seal.open(uid, body)) for uid, body in found])


class DriverRows:
    """Rows in clear on the standard library's own SQLite driver, with a large cache: the fastest plain way we know."""

    def __init__(self, file: Path, connect: Callable[..., Any] = sqlite3.connect, key: bytes | None = None) -> None:
        self.file, self.connection = file, connect(str(file), isolation_level=None)
        if key is not None:
            self.connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        for pragma in (*PRAGMAS, "cache_size=-65536"):
            self.connection.execute(f"PRAGMA {pragma}").fetchall()
        self.connection.execute(
            "CREATE TABLE record (person INTEGER, uid BLOB, kind TEXT, day TEXT, source INTEGER, amount INTEGER,"
            " at TEXT, body BLOB, PRIMARY KEY (person, uid))"
        )
        self.connection.execute("CREATE INDEX record_day ON record (person, kind, day)")

    def ingest(self, batch: Sequence[Record]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.keep(batch)
        self.connection.execute("COMMIT")

    def keep(self, batch: Sequence[Record]) -> None:
        """Write a batch inside its transaction."""
        self.connection.executemany("INSERT INTO record VALUES (?,?,?,?,?,?,?,?)", rows(batch, Clear()))

    def settle(self) -> None:
        self.connection.execute("ANALYZE")
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def disk_bytes(self) -> int:
        return disk_bytes(self.file)

    def newest(self, count: int) -> int:
        query = "SELECT body FROM record WHERE person = ? AND kind = ? ORDER BY day DESC LIMIT ?"
        return len([_decode(body) for (body,) in self.connection.execute(query, (PERSON, BANK, count))])

    def month(self, since: str, until: str) -> int:
        query = "SELECT body FROM record WHERE person = ? AND kind = ? AND day BETWEEN ? AND ?"
        return len([_decode(body) for (body,) in self.connection.execute(query, (PERSON, BANK, since, until))])

    def export(self) -> Iterator[bytes]:
        query = "SELECT uid, kind, day, body FROM record WHERE person = ?"
        return exported(self.connection.execute(query, (PERSON,)), Clear())

    def search(self, word: str) -> int:
        query = "SELECT uid FROM record WHERE person = ? AND instr(body, ?) > 0"
        return len(self.connection.execute(query, (PERSON, word.encode())).fetchall())

    def close(self) -> None:
        self.connection.close()


def disk_bytes(file: Path) -> int:
    """A database file with its journals."""
    return sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*") if not part.name.endswith("-shm"))


def _configure(key: str, connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    if key:
        cursor.execute(key)
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
