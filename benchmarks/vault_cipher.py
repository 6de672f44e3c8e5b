"""The peers on SQLCipher: the file encrypted page by page, and a full-text table filled in the same transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from benchmarks.vault_rows import Clear, CoreRows, DriverRows
from benchmarks.vault_stores import text_of
from cockpit.domain.record import Record

FTS = "CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2')"
"""Contentless: the words point to the rows and are not kept a second time."""
_SAY = "INSERT INTO words (rowid, text) VALUES (?, ?)"
_FIND = "SELECT record.uid FROM words JOIN record ON record.rowid = words.rowid WHERE words MATCH ?"


class CipherFts(CoreRows):
    """SQLCipher, the whole file encrypted page by page, with a full-text table filled in the same transactions."""

    def __init__(self, file: Path, driver: ModuleType) -> None:
        # A raw key: no passphrase is stretched, neither here nor in what is measured of ours.
        key = f"PRAGMA key = \"x'{os.urandom(32).hex()}'\""
        super().__init__(f"sqlite:///{file}", file, Clear(), module=driver, key=key)
        with self.connection.begin():
            self.connection.exec_driver_sql(FTS)
        self._last = 0

    def keep(self, batch: Sequence[Record]) -> None:
        super().keep(batch)
        said = [(number, text_of(record)) for number, record in enumerate(batch, self._last + 1)]
        self.connection.exec_driver_sql(_SAY, said)
        self._last += len(batch)

    def settle(self) -> None:
        super().settle()
        refuse_clear(self.disk_file)

    def search(self, word: str) -> int:
        with self.connection.begin():
            return len(self.connection.exec_driver_sql(_FIND, (word,)).all())


class CipherFtsDriver(DriverRows):
    """The same on its own driver, with a large cache: the fastest such way we know."""

    def __init__(self, file: Path, driver: ModuleType) -> None:
        super().__init__(file, driver.connect, os.urandom(32))
        self.connection.execute(FTS)
        self._last = 0

    def keep(self, batch: Sequence[Record]) -> None:
        super().keep(batch)
        said = ((number, text_of(record)) for number, record in enumerate(batch, self._last + 1))
        self.connection.executemany(_SAY, said)
        self._last += len(batch)

    def settle(self) -> None:
        super().settle()
        refuse_clear(self.file)

    def search(self, word: str) -> int:
        return len(self.connection.execute(_FIND, (word,)).fetchall())


def refuse_clear(file: Path) -> None:
    """Raise when a file that should be encrypted opens as plain SQLite.

    A cipher build shadowed by the plain one writes clear data and says nothing.
    """
    plain = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        plain.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        return
    finally:
        plain.close()
    raise RuntimeError("the SQLCipher peer wrote a plain file: it is not what it says")
