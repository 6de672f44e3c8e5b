"""What a witness remembers: for each log the newest checkpoint it cosigned. It only moves forward.

One SQLite file; several processes may share it. A witness that forgets would cosign a second history: the file is as
precious as the key, and must never be put back from an older copy.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cockpit.domain.errors import OperatorMustAct

_WAIT_SECONDS = 10
_FORKS_KEPT = 100
# The triggers hold the law of this room where no line of ours can break it.
_TABLES = """
CREATE TABLE IF NOT EXISTS heads (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0), root BLOB NOT NULL CHECK (length(root) = 32),
    note BLOB NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS forks (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, known BLOB NOT NULL, other BLOB NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (origin, size, root)
) STRICT;
CREATE TRIGGER IF NOT EXISTS heads_only_grow BEFORE UPDATE ON heads
WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR NEW.at < OLD.at
    OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
BEGIN SELECT RAISE(ABORT, 'a witness only moves forward'); END;
CREATE TRIGGER IF NOT EXISTS heads_stay BEFORE DELETE ON heads
BEGIN SELECT RAISE(ABORT, 'a witness forgets no log'); END;
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest cosigned checkpoint of a log: its size, root (32 bytes), note, and when (POSIX seconds)."""

    size: int
    root: bytes
    note: bytes
    at: int


NOTHING_YET = Head(0, hashlib.sha256(b"").digest(), b"", 0)


class Memory:
    """The file of heads. Each call opens it anew: safe between threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with self._connected() as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_TABLES)
        except sqlite3.Error as error:
            raise OperatorMustAct(f"{path.name} cannot be opened: {error}", code="witness_memory") from error

    def head(self, origin: str) -> Head:
        """The newest cosigned checkpoint, or ``NOTHING_YET``."""
        with self._connected() as connection:
            return self._head(connection, origin)

    def heads(self) -> dict[str, Head]:
        """Every log's, by origin."""
        with self._connected() as connection:
            rows = connection.execute("SELECT origin, size, root, note, at FROM heads ORDER BY origin").fetchall()
        return {origin: Head(*rest) for origin, *rest in rows}

    def advance(self, origin: str, seen: Head, size: int, root: bytes, note: bytes, clock: Callable[[], int]) -> Head:
        """Replace the head ``seen`` by a new one, on disk before this returns; the head that stands afterwards.

        When the head is no longer ``seen``, nothing changes: the caller finds another size or root than its own.
        The time is read while others wait, and never goes back: later times stand on larger checkpoints.
        """
        with self._connected() as connection, _transaction(connection):
            current = self._head(connection, origin)
            if (current.size, current.root) != (seen.size, seen.root):
                return current
            head = Head(size, root, note, max(clock(), current.at))
            connection.execute(
                "INSERT INTO heads (origin, size, root, note, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin)"
                " DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note, at = excluded.at",
                (origin, head.size, head.root, head.note, head.at),
            )
        return head

    def keep_fork(self, origin: str, size: int, root: bytes, known: bytes, other: bytes, at: int) -> None:
        """Keep two notes of one size with different roots: the log's own signatures prove the fork."""
        with self._connected() as connection, _transaction(connection):
            (kept,) = connection.execute("SELECT count(*) FROM forks WHERE origin = ?", (origin,)).fetchone()
            # Only who holds the log's key can fill this; even so, it stays small.
            if kept < _FORKS_KEPT:
                connection.execute(
                    "INSERT OR IGNORE INTO forks VALUES (?, ?, ?, ?, ?, ?)", (origin, size, root, known, other, at)
                )

    def forks(self) -> list[tuple[str, int, bytes, bytes]]:
        """Each fork seen: origin, size, and both notes."""
        with self._connected() as connection:
            return connection.execute("SELECT origin, size, known, other FROM forks ORDER BY origin, size").fetchall()

    @staticmethod
    def _head(connection: sqlite3.Connection, origin: str) -> Head:
        row = connection.execute("SELECT size, root, note, at FROM heads WHERE origin = ?", (origin,)).fetchone()
        return Head(*row) if row else NOTHING_YET

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
            # In WAL only FULL flushes at each commit: a cosignature must never outlive the memory of it.
            connection.execute("PRAGMA synchronous = FULL")
            yield connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
