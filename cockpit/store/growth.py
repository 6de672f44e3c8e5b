"""What one transaction adds to the logs: gathered as it goes, written and signed once at its end.

A head moves by compare-and-swap: a second writer that read the same head keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from cockpit.domain.errors import Tampered, WeMustFix
from cockpit.store import log_rows, tables
from cockpit.store.log_rows import LogHead, LogState
from cockpit.tlog.logs import LogName
from cockpit.tlog.merkle import HASH_BYTES, Edge, leaf_hash
from cockpit.tlog.tiles import WIDTH, Tile, placed

SignCheckpoint = Callable[[LogName, int, bytes], bytes]
"""Signs the size and root of a log."""

_HEAD, _TILE = tables.log_head, tables.log_tile
_INSERT_LEAVES, _INSERT_BATCHES = insert(tables.log_leaf), insert(tables.log_batch)
_INSERT_TILES, _INSERT_HEAD = insert(_TILE), insert(_HEAD)
_UPDATE_TILES = (
    update(_TILE)
    .where(
        _TILE.c.log == bindparam("of"),
        _TILE.c.level == bindparam("at_level"),
        _TILE.c.position == bindparam("at_position"),
    )
    .values(hashes=bindparam("longer"))
)
_MOVE = (
    update(_HEAD)
    .where(_HEAD.c.log == bindparam("of"), _HEAD.c.size == bindparam("was"), _HEAD.c.state == LogState.OPEN)
    .values(
        size=bindparam("to_size"),
        edge=bindparam("to_edge"),
        checkpoint=bindparam("to_checkpoint"),
    )
)


class LogMoved(WeMustFix):
    """A log moved under its writer: another writer came first; nothing was kept."""

    code = "log_moved"


@dataclass(slots=True)
class Growth:
    """What is to be added to one log. ``was`` is its head as it was read, None when nothing was written yet."""

    log: LogName
    was: LogHead | None
    edge: Edge
    leaves: list[dict[str, Any]] = field(default_factory=list)
    batches: list[dict[str, Any]] = field(default_factory=list)
    hashes: dict[Tile, list[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection, log: LogName) -> Growth:
        """Nothing added yet. Raises ``Tampered`` for a head that is none."""
        head = log_rows.find_head(connection, log)
        try:
            edge = Edge.from_bytes(head.size, head.edge) if head else Edge()
        except ValueError as error:
            raise Tampered("the head of a log is damaged") from error
        return cls(log, head, edge)

    @property
    def open(self) -> bool:
        """Whether the log still takes leaves."""
        return self.was is None or self.was.state is LogState.OPEN

    def add(self, leaf: bytes, sealed_audit: Callable[[int], bytes], records: bytes | None = None) -> int:
        """Add a leaf, whose index is given; ``records`` when it stands for a batch."""
        index = self.edge.size
        for tile, digest in placed(index, self.edge.append(leaf_hash(leaf))):
            self.hashes.setdefault(tile, []).append(digest)
        row = {"log": self.log, "position": index, "leaf": leaf, "sealed_audit": sealed_audit(index)}
        self.leaves.append(row)
        if records is not None:
            self.batches.append({"log": self.log, "position": index, "records": records})
        return index

    def settle(self, connection: Connection, sign: SignCheckpoint) -> None:
        """Write and sign what was added since the last time. Raises ``LogMoved``."""
        if not self.leaves:
            return
        signed = sign(self.log, self.edge.size, self.edge.root())
        head = LogHead(self.log, self.edge.size, self.edge.to_bytes(), signed, LogState.OPEN)
        # The head first: who came second finds out before anything else is written.
        self._move(connection, head)
        self._write_tiles(connection)
        for statement, rows in ((_INSERT_LEAVES, self.leaves), (_INSERT_BATCHES, self.batches)):
            if rows:
                connection.execute(statement, rows)
        self.was, self.leaves, self.batches, self.hashes = head, [], [], {}

    def _move(self, connection: Connection, to: LogHead) -> None:
        if self.was is None:
            values = {"log": to.log, "size": to.size, "edge": to.edge, "checkpoint": to.checkpoint, "state": to.state}
            connection.execute(_INSERT_HEAD, values)
            return
        moved = connection.execute(
            _MOVE,
            {
                "of": self.log,
                "was": self.was.size,
                "to_size": to.size,
                "to_edge": to.edge,
                "to_checkpoint": to.checkpoint,
            },
        )
        if moved.rowcount != 1:
            raise LogMoved("a log moved under its writer; nothing was kept")

    def _write_tiles(self, connection: Connection) -> None:
        before = self.was.size if self.was else 0
        new, longer = [], []
        begun = [tile for tile in self.hashes if _held(before, tile)]
        stored = log_rows.find_tiles(connection, self.log, begun)
        for tile, hashes in self.hashes.items():
            added, held = b"".join(hashes), _held(before, tile)
            if not held:
                new.append({"log": self.log, "level": tile.level, "position": tile.index, "hashes": added})
                continue
            if len(stored.get(tile, b"")) != held * HASH_BYTES:
                raise Tampered("a tile of a log is missing or of another width")
            place = {"of": self.log, "at_level": tile.level, "at_position": tile.index}
            longer.append(place | {"longer": stored[tile] + added})
        if new:
            connection.execute(_INSERT_TILES, new)
        if longer:
            connection.execute(_UPDATE_TILES, longer)


@dataclass(slots=True)
class Growths:
    """What one transaction adds to all logs, settled with it."""

    sign: SignCheckpoint
    of: dict[LogName, Growth] = field(default_factory=dict)

    def log(self, connection: Connection, log: LogName) -> Growth:
        """What it adds to one of them."""
        if log not in self.of:
            self.of[log] = Growth.of(connection, log)
        return self.of[log]

    def settle(self, connection: Connection) -> None:
        """Write and sign them all, in one order for every writer."""
        for log in sorted(self.of):
            self.of[log].settle(connection, self.sign)


def _held(size: int, tile: Tile) -> int:
    """How many hashes of a tile a log of ``size`` leaves has."""
    return min(max((size >> 8 * tile.level) - tile.index * WIDTH, 0), WIDTH)
