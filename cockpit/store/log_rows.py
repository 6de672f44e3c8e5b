"""The rows of the logs as they are read: heads, tiles, leaves, and the records of batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, and_, bindparam, delete, or_, select, update

from cockpit.domain.record import Json
from cockpit.store import tables
from cockpit.tlog.logs import LogName
from cockpit.tlog.merkle import Edge, ReadHashes
from cockpit.tlog.tiles import WIDTH, Tile, hashes_from

PAGE = WIDTH

_HEAD, _LEAF, _TILE, _BATCH = tables.log_head, tables.log_leaf, tables.log_tile, tables.log_batch


class LogState(StrEnum):
    """What may still happen to a log: it grows; it is over; its leaves and openings are gone, its tree is not."""

    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where a log stands: how many leaves, the tree's right edge (``merkle.Edge``), and the checkpoint signed last."""

    log: LogName
    size: int
    edge: bytes
    checkpoint: bytes
    state: LogState

    def anchor(self) -> dict[str, Json]:
        """What the consent log says of a shard's end: enough to check any proof of it for ever."""
        root = Edge.from_bytes(self.size, self.edge).root()
        return {"log": self.log, "size": self.size, "root": root.hex()}


# Built once: the hot path compiles no statement.
_FIND = select(_HEAD).where(_HEAD.c.log == bindparam("name"))
_LEAVES = (
    select(_LEAF.c.position, _LEAF.c.leaf, _LEAF.c.sealed_audit, _BATCH.c.records)
    .outerjoin(_BATCH, and_(_BATCH.c.log == _LEAF.c.log, _BATCH.c.position == _LEAF.c.position))
    .where(_LEAF.c.log == bindparam("name"), _LEAF.c.position >= bindparam("first"))
    .order_by(_LEAF.c.position)
    .limit(PAGE)
)


def find_head(connection: Connection, log: LogName) -> LogHead | None:
    """The head of a log, or None for one that nothing was written to."""
    row = connection.execute(_FIND, {"name": log}).one_or_none()
    return _head(row) if row is not None else None


def heads(connection: Connection) -> list[LogHead]:
    """Every log there is, the consent log last, shards in the order of their months."""
    return [_head(row) for row in connection.execute(select(_HEAD).order_by(_HEAD.c.log))]


def set_state(connection: Connection, log: LogName, state: LogState) -> None:
    """Say what may still happen to a log."""
    connection.execute(update(_HEAD).where(_HEAD.c.log == log).values(state=state))


def forget_leaves(connection: Connection, log: LogName) -> None:
    """Remove a log's leaves, audit openings and records; its tree and head stay."""
    for table in (_LEAF, _BATCH):
        connection.execute(delete(table).where(table.c.log == log))


def read_hashes(connection: Connection, log: LogName) -> ReadHashes:
    """Reads nodes of a log's tree: a proof costs one question, for few tiles."""
    return hashes_from(lambda wanted: find_tiles(connection, log, wanted))


def find_tiles(connection: Connection, log: LogName, wanted: Sequence[Tile]) -> Mapping[Tile, bytes]:
    """The stored hashes of those tiles that are there."""
    if not wanted:
        return {}
    places = or_(*(and_(_TILE.c.level == tile.level, _TILE.c.position == tile.index) for tile in wanted))
    rows = connection.execute(select(_TILE).where(_TILE.c.log == log, places))
    return {Tile(row.level, row.position): bytes(row.hashes) for row in rows}


def tiles_of_level(connection: Connection, log: LogName, level: int) -> Iterator[Row[tuple[int, bytes]]]:
    """Position and hashes of every tile of a level, in pages."""
    statement = (
        select(_TILE.c.position, _TILE.c.hashes)
        .where(_TILE.c.log == log, _TILE.c.level == level)
        .order_by(_TILE.c.position)
        .limit(PAGE)
    )
    after = -1
    while rows := connection.execute(statement.where(_TILE.c.position > after)).all():
        yield from rows
        after = rows[-1].position


def leaf_pages(
    connection: Connection, log: LogName, first: int = 0
) -> Iterator[Sequence[Row[tuple[int, bytes, bytes, bytes]]]]:
    """Pages of leaves from ``first`` on: position, leaf, sealed audit openings, and records when it is a batch."""
    while rows := connection.execute(_LEAVES, {"name": log, "first": first}).all():
        yield rows
        first = rows[-1].position + 1


def bundled(connection: Connection, log: LogName, first: int, count: int) -> list[bytes]:
    """``count`` leaves from ``first`` on: fewer when they are not there."""
    statement = (
        select(_LEAF.c.leaf)
        .where(_LEAF.c.log == log, _LEAF.c.position >= first, _LEAF.c.position < first + count)
        .order_by(_LEAF.c.position)
    )
    return [bytes(leaf) for leaf in connection.execute(statement).scalars()]


def batch_records(connection: Connection, log: LogName, index: int) -> bytes | None:
    """The records of the batch at ``index``, an entry bundle; None where there is no batch, or it expired."""
    statement = select(_BATCH.c.records).where(_BATCH.c.log == log, _BATCH.c.position == index)
    found = connection.execute(statement).scalar_one_or_none()
    return bytes(found) if found is not None else None


def _head(row: Row[tuple[str, int, bytes, bytes, str]]) -> LogHead:
    return LogHead(LogName(row.log), row.size, bytes(row.edge), bytes(row.checkpoint), LogState(row.state))
