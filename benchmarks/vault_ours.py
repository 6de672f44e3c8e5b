"""Ours, behind the same door as its peers: a whole deployment, one person, everything sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import msgspec
import psycopg

from benchmarks.vault_limits import Line
from benchmarks.vault_rows import disk_bytes
from benchmarks.vault_stores import AT, BANK, KINDS
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.ids import collection_of
from cockpit.domain.record import Record
from cockpit.sealing.keyring import Keyring
from cockpit.sealing.slots import KdfCost, stretch
from cockpit.search.query import Query
from cockpit.settings import Settings
from cockpit.store import search
from cockpit.store.compaction import compact
from cockpit.store.refreshing import refresh_index
from cockpit.store.search import Snapshot
from cockpit.store.space import Reader
from cockpit.store.streams import append

HANDLE, PASSPHRASE = "camille", "quatre mots faciles à retenir"
SEGMENT = 800
"""Lines of a segment: those of this text come to 512 KiB, as in a deposit."""
encode_lines = msgspec.json.Encoder().encode_lines
COST = KdfCost(memory_kib=64)
"""The least Argon2id takes: what stands beside the derivation is measured, and the derivation is taken off."""


def now() -> datetime:
    """A clock that stands still."""
    return datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def deployment(folder: Path, address: str | None = None) -> Cockpit:
    """A deployment in ``folder``, on SQLite or at a PostgreSQL address."""
    settings = Settings(data=folder, argon2_memory_kib=COST.memory_kib)
    return build(replace(settings, database=address) if address else settings, now)


Superuser = Callable[[], psycopg.Connection]
"""Connects to a database past every wall; each statement is its own transaction."""


class Ours:
    """A space of the cockpit."""

    def __init__(self, folder: Path, address: str | None = None) -> None:
        self.folder, self.cockpit = folder, deployment(folder, address)
        opened = open_space(self.cockpit, HANDLE, PASSPHRASE, "Camille", "fr")
        self.person, self._open = opened.person, ExitStack()
        visit = recognise(self.cockpit, opened.cookie)
        assert visit is not None and isinstance(visit.keyring, Keyring)
        self.keyring: Keyring = visit.keyring
        self._reader: Reader | None = None
        self._snapshot: Snapshot | None = None

    def ingest(self, batch: Sequence[Record]) -> None:
        with self.cockpit.spaces.write(self.person) as writer:
            writer.deposit(batch[0].provenance.connector, batch, AT)

    def append(self, lines: Sequence[Line]) -> None:
        """Seal lines known to be new, in one transaction: the store's own cost, beside telling new from known."""
        bodies = (lines[start : start + SEGMENT] for start in range(0, len(lines), SEGMENT))
        sealed = ((encode_lines(some), len(some)) for some in bodies)
        with self.cockpit.spaces.write(self.person) as writer:
            key = self.cockpit.spaces.mac_key(self.person)
            append(writer.connection, key, self.person, collection_of(lines[0].record.kind), sealed)

    def settle(self) -> None:
        self._leave()
        for kind in KINDS:
            while compact(self.cockpit.spaces, self.keyring, collection_of(kind)):
                pass
        self.checkpoint()

    def checkpoint(self) -> None:
        """Empty the write-ahead log."""
        self._pragma("wal_checkpoint(TRUNCATE)")

    def disk_bytes(self) -> int:
        return disk_bytes(self.cockpit.settings.database_file)

    def free_bytes(self) -> int:
        """Pages of the file that hold nothing: compaction left them, and what comes next takes them."""
        return self._pragma("freelist_count") * self._pragma("page_size")

    def index(self) -> None:
        """Index every record for search, from nothing, and seal the index."""
        self._leave()
        self._snapshot = refresh_index(self.cockpit.spaces, self.keyring, KINDS)
        self.checkpoint()

    def newest(self, count: int) -> int:
        return len(self.reader.newest(BANK, count))

    def newest_afresh(self, count: int) -> int:
        """The same by a reader made for it, as a page does: head and manifest opened again."""
        with self.cockpit.spaces.read(self.keyring) as reader:
            return len(reader.newest(BANK, count))

    def month(self, since: str, until: str) -> int:
        return len(self.reader.records(BANK, since, until))

    def export(self) -> Iterator[bytes]:
        for kind in KINDS:
            yield from self.reader.export(kind)

    def search(self, word: str) -> int:
        assert self._snapshot is not None
        return self._snapshot.index.search(Query(word, limit=50)).total

    def unlock_ms(self, *, with_index: bool) -> float:
        """From the passphrase to the opened manifests, or further to the index; without the passphrase's stretching."""
        begun = perf_counter()
        cookie = sign_in(self.cockpit, HANDLE, PASSPHRASE)
        visit = recognise(self.cockpit, cookie)
        assert visit is not None and isinstance(visit.keyring, Keyring)
        with self.cockpit.spaces.read(visit.keyring) as reader:
            for kind in KINDS:
                reader.opened(collection_of(kind))
            if with_index and search.load(reader.connection, visit.keyring.vault_key, self.person) is None:
                raise RuntimeError("there is no index to open")
        unlocked = perf_counter()
        stretch(PASSPHRASE, bytes(16), COST)
        return (unlocked - begun - (perf_counter() - unlocked)) * 1000

    @property
    def reader(self) -> Reader:
        """One reader for many reads, as the peers keep one connection."""
        if self._reader is None:
            self._reader = self._open.enter_context(self.cockpit.spaces.read(self.keyring))
        return self._reader

    def close(self) -> None:
        self._leave()
        self.cockpit.database.engine.dispose()

    def _leave(self) -> None:
        self._open.close()
        self._reader = None

    def _pragma(self, text: str) -> int:
        with self.cockpit.database.engine.connect() as connection:
            return int(connection.exec_driver_sql(f"PRAGMA {text}").scalar_one())


class OursOnPostgresql(Ours):
    """The same, on PostgreSQL; ``superuser`` looks after the database as autovacuum would in time."""

    def __init__(self, folder: Path, address: str, superuser: Superuser) -> None:
        super().__init__(folder, address)
        self._superuser = superuser

    def checkpoint(self) -> None:
        with self._superuser() as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def disk_bytes(self) -> int:
        with self._superuser() as connection:
            size = "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables"
            row = connection.execute(size).fetchone()
            assert row is not None
            return int(row[0])

    def free_bytes(self) -> int:
        with self._superuser() as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_freespacemap")
            tables = "pg_class, pg_freespace(pg_class.oid) WHERE relkind IN ('r', 't') AND pg_class.oid >= 16384"
            row = connection.execute(f"SELECT coalesce(sum(avail), 0) FROM {tables}").fetchone()
            assert row is not None
            return int(row[0])
