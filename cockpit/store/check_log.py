"""Check the logs: each tree from its leaves, its checkpoint, audit openings, anchors; and a receipt against it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.receipts.receipt import check_receipt, receipt_from_bytes
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import log_rows, tables
from cockpit.store.findings import Finding
from cockpit.store.ledger import AuditedLeaf, opened_leaf
from cockpit.store.log_rows import LogHead, LogState
from cockpit.store.log_tags import Tags
from cockpit.tlog import logs, merkle
from cockpit.tlog.checkpoint import parse_checkpoint
from cockpit.tlog.covering import Cover, covered
from cockpit.tlog.leaf import commit
from cockpit.tlog.logs import CONSENT, LogName
from cockpit.tlog.merkle import HASH_BYTES, Edge
from cockpit.tlog.note import parse_note
from cockpit.tlog.tiles import HEIGHT, WIDTH, Tile, placed, unbundle

_LEAF = tables.log_leaf

TellCovered = Callable[[int, int], None]
"""Told the index of an entry of the consent log, and how many erased openings it covers."""


def check_logs(connection: Connection, operator: OperatorKeys, origin: str, tags: Tags) -> Iterator[Finding]:
    """Every leaf, tile and audit opening of every log, and the checkpoints over them. Notes the marks in ``tags``."""
    found = {head.log: head for head in log_rows.heads(connection)}
    names = {*found, *map(LogName, connection.execute(select(_LEAF.c.log).distinct()).scalars())}
    # The consent log first: it holds what the shards are held against.
    for log in sorted(names, key=logs.month_of):
        yield from _CheckedLog(connection, operator, origin, tags, log, found.get(log)).findings()
    yield from _missing(tags, list(found.values()))


def check_covers(tags: Tags, tell: TellCovered) -> Iterator[Finding]:
    """Once every space has claimed its entries: those that nobody can open must be covered by spaces erased.

    ``tell`` is told which entries cover how many.
    """
    found = Counter[Cover]()
    for at, cover in covered(tags.of_nobody(), tags.covers):
        if cover is None:
            yield Finding("log_uncovered", f"log, {at}", "An opening is missing, and no entry of the log covers that.")
            return
        found[cover] += 1
    for cover in sorted(found, key=lambda cover: cover.index):
        tell(cover.index, found[cover])
    # Entries of erased persons may have expired since; without that, a cover must find as many as it names.
    if not tags.expired and found.total() != sum(cover.count for cover in tags.covers):
        yield Finding("log_entry_missing", "log", "Entries of a person who was erased are not in the log any more.")


def _missing(tags: Tags, found: Sequence[LogHead]) -> Iterator[Finding]:
    """A shard that the consent log speaks of must be there, as it says."""
    states = {head.log: head.state for head in found}
    for anchor in tags.anchors.values():
        if anchor.log not in states:
            yield Finding("log_head", f"log {anchor.log}", "A log that was closed is not there any more.")
    for log, state in states.items():
        if (state is LogState.OPEN) is (log in tags.anchors):
            yield Finding("log_anchor", f"log {log}", "A log is closed, or open, and the consent log says otherwise.")
        if state is LogState.EXPIRED and log not in tags.expired:
            yield Finding("log_uncovered", f"log {log}", "Entries were removed, and no entry of the log covers that.")


@dataclass(slots=True)
class _CheckedLog:
    """One log while it is read from beginning to end."""

    connection: Connection = field(repr=False)
    operator: OperatorKeys = field(repr=False)
    origin: str
    tags: Tags
    log: LogName
    head: LogHead | None
    edge: Edge = field(default_factory=Edge)
    made: dict[Tile, list[bytes]] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        if self.head is not None and self.head.state is LogState.EXPIRED:
            yield from self._grow_from_tiles()
        else:
            for page in log_rows.leaf_pages(self.connection, self.log):
                for row in page:
                    if row.position != self.edge.size:
                        where = f"log {self.log} entry {self.edge.size}"
                        yield Finding("log_hole", where, "An entry is missing from the log: the log was edited.")
                        return
                    yield from self._check_leaf(row)
                    self._grow(merkle.leaf_hash(row.leaf))
                yield from self._check_tiles(whole=False)
        yield from self._check_tiles(whole=True)
        if self.head is None:
            yield Finding("log_head", f"log {self.log}", "The log has entries and no checkpoint.")
        else:
            yield from self._check_head(self.head)

    def _grow(self, digest: bytes) -> None:
        for tile, made in placed(self.edge.size, self.edge.append(digest)):
            self.made.setdefault(tile, []).append(made)

    def _grow_from_tiles(self) -> Iterator[Finding]:
        """A log whose leaves expired: its tree from the hashes of the lowest tiles."""
        for number, row in enumerate(log_rows.tiles_of_level(self.connection, self.log, 0)):
            if row.position != number:
                yield Finding("log_tiles", f"log {self.log} tile {number}", "A tile of the log is missing.")
                return
            hashes = bytes(row.hashes)
            for at in range(0, len(hashes), HASH_BYTES):
                self._grow(hashes[at : at + HASH_BYTES])
            yield from self._check_tiles(whole=False)

    def _check_leaf(self, row: Row[tuple[int, bytes, bytes, bytes]]) -> Iterator[Finding]:
        where = f"log {self.log} entry {row.position}"
        try:
            leaf = msgspec.json.decode(row.leaf)
            said = [leaf] if row.records is None else self._records(leaf, bytes(row.records))
            self.tags.add([(record["tag"], leaf["at"]) for record in said if record["tag"]])
            key = self.operator.duty("audit")
            opened = opened_leaf(key, self.log, row.position, row.leaf, row.sealed_audit, row.records)
            honest = self._honest(said, opened)
        except (Tampered, msgspec.MsgspecError, KeyError, TypeError, ValueError):
            honest = False
        if not honest:
            yield Finding("log_audit", where, "The audit part of an entry does not open, or is another entry's.")

    def _records(self, leaf: dict[str, Any], bundled: bytes) -> list[dict[str, Any]]:
        """What the records of a batch say, when they are those of its leaf. Raises ``ValueError``."""
        records = unbundle(bundled)
        root, _ = merkle.whole_tree([merkle.leaf_hash(record) for record in records])
        if (leaf["count"], leaf["root"]) != (len(records), root.hex()):
            raise ValueError("the records are not those of the batch")
        return [msgspec.json.decode(record) for record in records]

    def _honest(self, said: list[dict[str, Any]], opened: AuditedLeaf) -> bool:
        openings = [(one.salt, one.part) for one in opened.records] or [(opened.salt, opened.part)]
        if not opened.records and self.log == CONSENT:
            self.tags.note(said[0]["type"], opened.index, said[0]["at"], opened.part)
        pairs = zip(said, openings, strict=True)
        return all(commit(bytes.fromhex(salt), part) == one["audit"] for one, (salt, part) in pairs)

    def _check_tiles(self, *, whole: bool) -> Iterator[Finding]:
        """Compare the tiles made so far with those stored: the full ones, then at the end all the others."""
        ready = [tile for tile, hashes in self.made.items() if whole or len(hashes) == WIDTH]
        stored = log_rows.find_tiles(self.connection, self.log, ready)
        wrong = [tile for tile in ready if stored.get(tile) != b"".join(self.made.pop(tile))]
        if wrong:
            yield Finding("log_tiles", f"log {self.log}", "Stored hashes of a log's tree are not those of its entries.")

    def _check_head(self, head: LogHead) -> Iterator[Finding]:
        where, size, root = f"log {self.log}", self.edge.size, self.edge.root()
        if _count_tiles(self.connection, self.log) != _tiles_of(size):
            yield Finding("log_tiles", where, "The log's tree has more or fewer tiles than its entries make.")
        try:
            origin = logs.origin_of(self.origin, self.log)
            signed = parse_checkpoint(head.checkpoint, self.operator.log.verify_key(), origin)
        except Tampered:
            yield Finding("log_signature", where, "The newest checkpoint is not signed by this deployment's key.")
            return
        stored = (head.size, head.edge, signed.size, signed.root)
        if stored != (size, self.edge.to_bytes(), size, root):
            yield Finding("log_root", where, "The signed checkpoint is not that of the entries there are.")
        anchor = self.tags.anchors.get(self.log)
        if anchor is not None and (anchor.size, anchor.root) != (size, root.hex()):
            yield Finding("log_anchor", where, "A closed log is not the one that the consent log holds.")


def check_kept(connection: Connection, operator: OperatorKeys, origin: str, content: bytes) -> Iterator[Finding]:
    """Whether what a person kept is still in the log: a receipt (JSON), or an archive's checkpoint.

    Finds a whole database put back to an earlier day. Raises ``OperatorMustAct`` for a file that is neither, or that
    this deployment did not sign.
    """
    if content.lstrip().startswith(b"{"):
        log, index, digest = _receipt_place(operator, origin, content)
        if not _same_leaf(connection, log, index, digest):
            where = f"log {log} entry {index}"
            yield Finding("rolled_back", where, "The entry of this receipt is not in the log any more.")
        return
    log, kept_size, kept_root = _checkpoint_kept(operator, origin, content)
    head = log_rows.find_head(connection, log)
    size, where = head.size if head else 0, f"log {log}"
    if kept_size > size:
        yield Finding("rolled_back", where, f"The log once had {kept_size} entries, now {size}: it was put back.")
        return
    try:
        same = merkle.root(log_rows.read_hashes(connection, log), kept_size) == kept_root
    except KeyError:
        same = False
    if not same:
        yield Finding("rolled_back", where, "The log says otherwise now than when this was signed.")


def _same_leaf(connection: Connection, log: LogName, index: int, digest: str) -> bool:
    leaves = log_rows.bundled(connection, log, index, 1)
    return bool(leaves) and hashlib.sha256(leaves[0]).hexdigest() == digest


def _checkpoint_kept(operator: OperatorKeys, origin: str, content: bytes) -> tuple[LogName, int, bytes]:
    try:
        text, _ = parse_note(content)
        found, _, _ = text.partition("\n")
        log = logs.parse_name(found.removeprefix(f"{origin}/"))
        kept = parse_checkpoint(content, operator.log.verify_key(), logs.origin_of(origin, log))
    except (Tampered, ValueError) as error:
        raise OperatorMustAct("this is neither a receipt nor a checkpoint of this log", code="receipt") from error
    return log, kept.size, kept.root


def _receipt_place(operator: OperatorKeys, origin: str, content: bytes) -> tuple[LogName, int, str]:
    try:
        place = receipt_from_bytes(content.strip()).log
        base, _, log = place.origin.rpartition("/")
        if base != origin:
            raise OperatorMustAct("this receipt is of another deployment", code="receipt")
        check_receipt(content.strip(), operator.receipts.verify_key(), place.origin)
        return logs.parse_name(log), place.index, place.leaf_sha256
    except (ValueError, Tampered) as error:
        raise OperatorMustAct("this is not a receipt that this deployment signed", code="receipt") from error


def _count_tiles(connection: Connection, log: LogName) -> int:
    table = tables.log_tile
    return connection.execute(select(func.count()).select_from(table).where(table.c.log == log)).scalar_one()


def _tiles_of(size: int) -> int:
    """How many tiles a log of ``size`` leaves has."""
    count = 0
    while size:
        count += -(-size // WIDTH)
        size >>= HEIGHT
    return count
