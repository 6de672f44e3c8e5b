"""What checking remembers of the logs, on disk: whose mark stands where, what is closed, expired, erased."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cockpit.domain.event import EventType
from cockpit.domain.record import Json
from cockpit.tlog import logs
from cockpit.tlog.covering import Cover
from cockpit.tlog.logs import LogName

_TABLE = "CREATE TABLE tag (tag BLOB PRIMARY KEY, at TEXT NOT NULL, owned INTEGER NOT NULL) WITHOUT ROWID"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the consent log says of a log that was closed."""

    log: LogName
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Tags:
    """The marks of all leaves and records, with their minutes: a log is longer than memory."""

    kept: sqlite3.Connection = field(repr=False)
    anchors: dict[LogName, Anchor] = field(default_factory=dict)
    expired: set[LogName] = field(default_factory=set)
    covers: list[Cover] = field(default_factory=list)

    def add(self, found: Iterable[tuple[str, str]]) -> None:
        """Note some marks, each with its minute."""
        rows = [(bytes.fromhex(tag), at) for tag, at in found]
        self.kept.executemany("INSERT OR IGNORE INTO tag VALUES (?, ?, 0)", rows)

    def claim(self, tag: str) -> str | None:
        """The minute of the entry with this mark, which is somebody's from now on; None when there is none."""
        mark = bytes.fromhex(tag)
        found = self.kept.execute("SELECT at FROM tag WHERE tag = ?", (mark,)).fetchone()
        if found is None:
            return None
        self.kept.execute("UPDATE tag SET owned = 1 WHERE tag = ?", (mark,))
        return str(found[0])

    def note(self, event: str, index: int, at: str, part: dict[str, Json]) -> None:
        """Note what an entry of the consent log says of logs and of erased spaces. Raises ``ValueError``."""
        if event in {EventType.SHARD_CLOSED, EventType.SHARD_EXPIRED}:
            log = logs.parse_name(str(part["log"]))
            if event == EventType.SHARD_EXPIRED:
                self.expired.add(log)
            else:
                self.anchors[log] = Anchor(log, int(str(part["size"])), str(part["root"]))
        if event == EventType.SPACE_ERASED:
            self.covers.append(Cover(index, at, int(str(part["entries"]))))

    def of_nobody(self) -> Iterator[str]:
        """The minutes of entries that no space claimed, newest first."""
        for row in self.kept.execute("SELECT at FROM tag WHERE NOT owned ORDER BY at DESC"):
            yield str(row[0])

    def expired_between(self, first: str, last: str) -> bool:
        """Whether leaves expired that may be of this range of minutes, ends included.

        An entry of a month that was closed already stands in the next one.
        """
        months = ((logs.month_of(log), logs.month_of(logs.previous_shard(log))) for log in self.expired)
        return any(first[:7] <= month and before <= last[:7] for month, before in months)


@contextmanager
def empty_tags() -> Iterator[Tags]:
    """No marks yet; what is noted is gone at the end. SQLite removes the file of an unnamed database by itself."""
    kept = sqlite3.connect("")
    try:
        kept.execute(_TABLE)
        kept.execute("CREATE INDEX tag_at ON tag (at)")
        yield Tags(kept)
    finally:
        kept.close()
