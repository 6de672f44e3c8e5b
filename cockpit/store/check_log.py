"""Check the log: the tree from its leaves, the signed checkpoint, the audit parts; and a receipt against it."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, Row, func, select

from cockpit.consent.receipt import RECEIPT_CONTEXT
from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.box import open_under
from cockpit.sealing.canonical import canonical
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import tables
from cockpit.store.findings import Finding
from cockpit.store.ledger import read_nodes
from cockpit.tlog import merkle
from cockpit.tlog.checkpoint import parse_checkpoint
from cockpit.tlog.leaf import commit

PAGE = 256


@dataclass(frozen=True, slots=True)
class Tags:
    """The marks of all leaves, on disk: a log is longer than memory."""

    kept: sqlite3.Connection = field(repr=False)

    def add(self, found: Sequence[str]) -> None:
        """Note the marks of a page of leaves; leaves about no person have none."""
        self.kept.executemany("INSERT OR IGNORE INTO tag VALUES (?)", [(bytes.fromhex(tag),) for tag in found if tag])

    def __contains__(self, tag: str) -> bool:
        return self.kept.execute("SELECT 1 FROM tag WHERE tag = ?", (bytes.fromhex(tag),)).fetchone() is not None


@contextmanager
def empty_tags() -> Iterator[Tags]:
    """No marks yet; what is noted is gone at the end. SQLite removes the file of an unnamed database by itself."""
    kept = sqlite3.connect("")
    try:
        kept.execute("CREATE TABLE tag (tag BLOB PRIMARY KEY) WITHOUT ROWID")
        yield Tags(kept)
    finally:
        kept.close()


def check_log(connection: Connection, operator: OperatorKeys, origin: str, tags: Tags) -> Iterator[Finding]:
    """Every leaf, node and audit part, and the checkpoint over them. Notes the leaves' marks in ``tags``."""
    pending: dict[int, bytes] = {}
    size, key = 0, operator.duty("audit")

    def read(nodes: Sequence[merkle.Node]) -> list[bytes]:
        return [pending[node.level] for node in nodes]

    for page in _pages(connection):
        made: dict[merkle.Node, bytes] = {}
        marks = []
        for row in page:
            where = f"log entry {size}"
            if row.position != size:
                yield Finding("log_hole", where, "An entry is missing from the log: the log was edited.")
                return
            nodes = merkle.appended(read, size, merkle.leaf_hash(row.leaf))
            pending.update({node.level: digest for node, digest in nodes})
            made.update(nodes)
            try:
                leaf = msgspec.json.decode(row.leaf)
                marks.append(leaf["tag"])
                opening = msgspec.json.decode(open_under(key, row.sealed_audit, f"audit {size}"))
                honest = commit(bytes.fromhex(opening["salt"]), opening["part"]) == leaf["audit"]
            except (Tampered, msgspec.MsgspecError, KeyError, TypeError, ValueError):
                honest = False
            if not honest:
                yield Finding("log_audit", where, "The audit part of an entry does not open, or is another entry's.")
            size += 1
        tags.add(marks)
        if not _stored_as(connection, made):
            where = f"log entries {page[0].position} to {size - 1}"
            yield Finding("log_nodes", where, "Stored hashes of the log's tree are not those of its entries.")
    yield from _check_size(connection, operator, origin, size, merkle.root(read, size))


def check_receipt(connection: Connection, operator: OperatorKeys, origin: str, content: bytes) -> Iterator[Finding]:
    """Whether what a person kept is still in the log: a receipt (JSON), or an archive's checkpoint.

    Finds a whole database put back to an earlier day. Raises ``OperatorMustAct`` for a file that is neither, or that
    this deployment did not sign.
    """
    if content.lstrip().startswith(b"{"):
        index, digest = _receipt_place(operator, origin, content)
        leaf = connection.execute(
            select(tables.log_leaf.c.leaf).where(tables.log_leaf.c.position == index)
        ).scalar_one_or_none()
        if leaf is None or hashlib.sha256(leaf).hexdigest() != digest:
            yield Finding("rolled_back", f"log entry {index}", "The entry of this receipt is not in the log any more.")
        return
    try:
        kept = parse_checkpoint(content, operator.log.verify_key(), origin)
    except Tampered as error:
        raise OperatorMustAct("this is neither a receipt nor a checkpoint of this log", code="receipt") from error
    size = int(connection.execute(select(func.count()).select_from(tables.log_leaf)).scalar_one())
    if kept.size > size:
        yield Finding("rolled_back", f"log of {size}", f"The log once had {kept.size} entries: it was put back.")
        return
    try:
        same = merkle.root(lambda nodes: read_nodes(connection, nodes), kept.size) == kept.root
    except KeyError:
        same = False
    if not same:
        yield Finding("rolled_back", f"log of {kept.size}", "The log says otherwise now than when this was signed.")


def _receipt_place(operator: OperatorKeys, origin: str, content: bytes) -> tuple[int, str]:
    try:
        whole = msgspec.json.decode(content)
        receipt, value = whole["receipt"], base64.b64decode(whole["signature"]["value"], validate=True)
        operator.receipts.verify_key().verify(RECEIPT_CONTEXT, canonical(receipt), value)
        place = receipt["log"]
        if place["origin"] != origin:
            raise OperatorMustAct("this receipt is of another deployment", code="receipt")
        return int(place["index"]), str(place["leaf_sha256"])
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, Tampered) as error:
        raise OperatorMustAct("this is not a receipt that this deployment signed", code="receipt") from error


def _pages(connection: Connection) -> Iterator[Sequence[Row[tuple[int, bytes, bytes]]]]:
    table, after = tables.log_leaf, -1
    statement = select(table.c.position, table.c.leaf, table.c.sealed_audit).order_by(table.c.position).limit(PAGE)
    while rows := connection.execute(statement.where(table.c.position > after)).all():
        yield rows
        after = rows[-1].position


def _stored_as(connection: Connection, made: dict[merkle.Node, bytes]) -> bool:
    table = tables.log_node
    for level in {node.level for node in made}:
        wanted = {node.index: digest for node, digest in made.items() if node.level == level}
        rows = connection.execute(
            select(table.c.position, table.c.hash).where(
                table.c.level == level, table.c.position.between(min(wanted), max(wanted))
            )
        )
        if {row.position: bytes(row.hash) for row in rows} != wanted:
            return False
    return True


def _check_size(
    connection: Connection, operator: OperatorKeys, origin: str, size: int, root: bytes
) -> Iterator[Finding]:
    nodes = connection.execute(select(func.count()).select_from(tables.log_node)).scalar_one()
    if nodes != 2 * size - size.bit_count():
        yield Finding("log_nodes", "log", "The log's tree has more or fewer hashes than its entries make.")
    heads = connection.execute(select(tables.log_head)).all()
    for head in heads:
        if head.origin != origin:
            yield Finding("log_origin", head.origin, f"There is a log of another origin than {origin}.")
            continue
        try:
            signed = parse_checkpoint(head.checkpoint, operator.log.verify_key(), origin)
        except Tampered:
            yield Finding("log_signature", "log", "The newest checkpoint is not signed by this deployment's key.")
            continue
        if (head.size, signed.size, signed.root) != (size, size, root):
            yield Finding("log_root", "log", "The signed checkpoint is not that of the entries there are.")
    if size and not heads:
        yield Finding("log_head", "log", "The log has entries and no checkpoint.")
