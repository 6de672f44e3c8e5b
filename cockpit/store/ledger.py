"""The transparency log's rows: an event becomes a leaf, inside the transaction of the act that made it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, insert, or_, select

from cockpit.domain.event import Event
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant, minute
from cockpit.domain.record import Json
from cockpit.sealing.box import new_key, open_under, seal_under
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import heads, tables
from cockpit.store.keyrings import Keyrings
from cockpit.store.lines import encode_line
from cockpit.store.space import JOURNAL
from cockpit.store.streams import append
from cockpit.tlog import merkle
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.leaf import Leaf, commit, tag


@dataclass(frozen=True, slots=True)
class Logged:
    """Where an event stands in the log: what a receipt quotes."""

    origin: str
    index: int
    leaf_sha256: str


@dataclass(frozen=True, slots=True)
class AuditedLeaf:
    """A leaf and its audit opening: all that an auditor may see."""

    index: int
    leaf: bytes
    salt: str
    part: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The log of one deployment. ``policy`` is the hash of the policy set in force, in every leaf."""

    origin: str
    operator: OperatorKeys = field(repr=False)
    keyrings: Keyrings = field(repr=False)
    policy: str

    def append(self, connection: Connection, event: Event, at: datetime, person: PersonId | None = None) -> Logged:
        """Log one event; its opening is sealed to the person's journal, readable by that person alone."""
        audit_salt, subject_salt = new_key(), new_key()
        number = _next_number(connection, person) if person else 0
        leaf = Leaf(
            type=event.type,
            at=minute(at),
            policy=self.policy,
            audit=commit(audit_salt, event.audit),
            subject=commit(subject_salt, event.subject),
            tag=tag(self.keyrings.tag_key(person), number) if person else "",
        ).to_bytes()
        index = self._grow(connection, leaf, audit_salt, event.audit)
        if person:
            line = {
                "uid": str(number),
                "index": index,
                "at": instant(at),
                "type": event.type,
                "leaf": base64.b64encode(leaf).decode(),
                "audit": {"salt": audit_salt.hex(), "part": event.audit},
                "subject": {"salt": subject_salt.hex(), "part": event.subject},
            }
            mac_key = heads.mac_key(self.keyrings.source_key(person))
            append(connection, mac_key, person, JOURNAL, [(encode_line(line) + b"\n", 1)])
        return Logged(self.origin, index, hashlib.sha256(leaf).hexdigest())

    def checkpoint(self, connection: Connection) -> tuple[int, bytes]:
        """The log's size and its newest signed checkpoint; an empty log has size 0 and a signed empty root."""
        row = connection.execute(select(tables.log_head).where(tables.log_head.c.origin == self.origin)).one_or_none()
        if row is None:
            return 0, self._signed(0, hashlib.sha256(b"").digest())
        return row.size, row.checkpoint

    def inclusion_proof(self, connection: Connection, index: int, size: int) -> list[bytes]:
        """The RFC 9162 proof that the leaf at ``index`` is in the log of ``size`` leaves."""
        return merkle.inclusion_proof(lambda nodes: read_nodes(connection, nodes), index, size)

    def leaves(self, connection: Connection) -> list[AuditedLeaf]:
        """Every leaf with its audit opening, oldest first."""
        key = self.operator.duty("audit")
        found = []
        for row in connection.execute(select(tables.log_leaf).order_by(tables.log_leaf.c.position)):
            opening = msgspec.json.decode(open_under(key, row.sealed_audit, f"audit {row.position}"))
            found.append(AuditedLeaf(row.position, row.leaf, opening["salt"], opening["part"]))
        return found

    def _grow(self, connection: Connection, leaf: bytes, salt: bytes, part: dict[str, Json]) -> int:
        size, _ = self.checkpoint(connection)

        def read(nodes: Sequence[merkle.Node]) -> list[bytes]:
            return read_nodes(connection, nodes)

        sealed = seal_under(
            self.operator.duty("audit"), msgspec.json.encode({"salt": salt.hex(), "part": part}), f"audit {size}"
        )
        connection.execute(insert(tables.log_leaf).values(position=size, leaf=leaf, sealed_audit=sealed))
        nodes: list[dict[str, Any]] = [
            {"level": node.level, "position": node.index, "hash": digest}
            for node, digest in merkle.appended(read, size, merkle.leaf_hash(leaf))
        ]
        connection.execute(insert(tables.log_node), nodes)
        connection.execute(delete(tables.log_head).where(tables.log_head.c.origin == self.origin))
        checkpoint = self._signed(size + 1, merkle.root(read, size + 1))
        connection.execute(insert(tables.log_head).values(origin=self.origin, size=size + 1, checkpoint=checkpoint))
        return size

    def _signed(self, size: int, root: bytes) -> bytes:
        return sign_checkpoint(Checkpoint(self.origin, size, root), self.operator.log)


def _next_number(connection: Connection, person: PersonId) -> int:
    table = tables.collection
    return int(
        connection.execute(
            select(table.c.head_seq).where(table.c.person_id == person, table.c.collection == JOURNAL)
        ).scalar_one()
    )


def read_nodes(connection: Connection, nodes: Sequence[merkle.Node]) -> list[bytes]:
    """The stored hashes of nodes of the tree, in the order asked."""
    if not nodes:
        return []
    table = tables.log_node
    rows = connection.execute(
        select(table).where(or_(*(and_(table.c.level == n.level, table.c.position == n.index) for n in nodes)))
    )
    found = {(row.level, row.position): row.hash for row in rows}
    return [found[(node.level, node.index)] for node in nodes]
