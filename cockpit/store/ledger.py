"""The logs' writer: an event becomes a leaf, or many become one, inside the transaction of the act that made them."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant, minute
from cockpit.domain.record import Json
from cockpit.sealing.box import KEY_BYTES, open_under, seal_under
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import heads, log_rows, unsettled, walks
from cockpit.store.growth import Growth, Growths
from cockpit.store.keyrings import Keyrings
from cockpit.store.lines import encode_line
from cockpit.store.log_rows import LogState
from cockpit.store.space import JOURNAL
from cockpit.store.streams import append
from cockpit.tlog import logs, merkle
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.leaf import MOST_IN_BATCH, BatchLeaf, Leaf, batch_record, commit, tag
from cockpit.tlog.logs import CONSENT, LogName
from cockpit.tlog.tiles import bundle, unbundle

Opening = tuple[str, dict[str, Json]]
"""A salt in hexadecimal, and the part that it opens."""


@dataclass(frozen=True, slots=True)
class Logged:
    """Where an event stands: what a receipt quotes. ``position`` is its place in a batch, None for a leaf of its own.

    ``origin`` is that of its log.
    """

    origin: str
    index: int
    leaf_sha256: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class AuditedRecord:
    """One record of a batch and its audit opening."""

    record: bytes
    salt: str
    part: dict[str, Json]


@dataclass(frozen=True, slots=True)
class AuditedLeaf:
    """A leaf and its audit opening: all that an auditor may see. A batch has none itself; its ``records`` have."""

    index: int
    leaf: bytes
    salt: str
    part: dict[str, Json]
    records: tuple[AuditedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """The logs of one deployment. ``origin`` begins each log's own; ``policy`` is the hash of the policy set in force,
    in every leaf.
    """

    origin: str
    operator: OperatorKeys = field(repr=False)
    keyrings: Keyrings = field(repr=False)
    policy: str

    def append(self, connection: Connection, event: Event, at: datetime, person: PersonId | None = None) -> Logged:
        """Log one event; its opening is sealed to the person's journal, readable by that person alone.

        The index given is final once the transaction is kept.
        """
        audit_salt, subject_salt = os.urandom(KEY_BYTES), os.urandom(KEY_BYTES)
        number = walks.take(connection, person, 1) if person else 0
        leaf = Leaf(
            type=event.type,
            at=minute(at),
            policy=self.policy,
            audit=commit(audit_salt, event.audit),
            subject=commit(subject_salt, event.subject),
            tag=tag(self.keyrings.tag_key(person), number) if person else "",
        ).to_bytes()
        growth = self._growing(connection, event.type, at)
        audit = (audit_salt.hex(), event.audit)
        index = growth.add(leaf, lambda index: self._sealed(growth.log, index, [audit]))
        if person:
            place = {"log": growth.log, "index": index, "at": instant(at), "leaf": base64.b64encode(leaf).decode()}
            line = _line(number, event, place, audit, subject_salt.hex())
            self._tell(connection, person, [line])
        return Logged(logs.origin_of(self.origin, growth.log), index, hashlib.sha256(leaf).hexdigest())

    def append_batch(
        self, connection: Connection, events: Sequence[tuple[Event, PersonId]], at: datetime
    ) -> list[Logged]:
        """Log up to 1,024 accesses under one leaf, in the order given.

        For several persons the transaction must be about ``walls.EVERYONE``. Raises ``ValueError`` for none, or more.
        """
        if not 0 < len(events) <= MOST_IN_BATCH:
            raise ValueError(f"a batch holds 1 to {MOST_IN_BATCH} records")
        numbers = self._numbered(connection, [person for _, person in events])
        salts = os.urandom(2 * KEY_BYTES * len(events))
        records: list[bytes] = []
        audits: list[Opening] = []
        subject_salts: list[str] = []
        for place, (event, _) in enumerate(events):
            start = 2 * KEY_BYTES * place
            audit_salt, subject_salt = salts[start : start + KEY_BYTES], salts[start + KEY_BYTES :][:KEY_BYTES]
            committed = commit(audit_salt, event.audit), commit(subject_salt, event.subject)
            records.append(batch_record(event.type, *committed, numbers[place][1]))
            audits.append((audit_salt.hex(), event.audit))
            subject_salts.append(subject_salt.hex())
        root, paths = merkle.whole_tree([merkle.leaf_hash(record) for record in records])
        leaf = BatchLeaf(EventType.ACCESS_BATCH, minute(at), self.policy, len(records), root.hex()).to_bytes()
        growth = self._growing(connection, EventType.ACCESS_BATCH, at)
        index = growth.add(leaf, lambda index: self._sealed(growth.log, index, audits), bundle(records))
        whole = {"log": growth.log, "index": index, "at": instant(at), "leaf": base64.b64encode(leaf).decode()}
        told: dict[PersonId, list[dict[str, Any]]] = {}
        for place, (event, person) in enumerate(events):
            line = _line(numbers[place][0], event, whole, audits[place], subject_salts[place])
            line["batch"] = {
                "position": place,
                "record": base64.b64encode(records[place]).decode(),
                "path": base64.b64encode(b"".join(paths[place])).decode(),
            }
            told.setdefault(person, []).append(line)
        for person, lines in told.items():
            self._tell(connection, person, lines)
        origin, digest = logs.origin_of(self.origin, growth.log), hashlib.sha256(leaf).hexdigest()
        return [Logged(origin, index, digest, place) for place in range(len(events))]

    def close_shards(self, connection: Connection, at: datetime) -> list[LogName]:
        """Close the access logs whose month is over, and anchor each in the consent log; gives those closed.

        The first access of a month does it; where there is none, ``acts.tend_logs`` does.
        """
        unsettled.settle(connection)
        month = f"{at.astimezone(UTC):%Y-%m}"
        heads_open = [head for head in log_rows.heads(connection) if head.state is LogState.OPEN]
        over = [head for head in heads_open if "" < logs.month_of(head.log) < month]
        for head in over:
            log_rows.set_state(connection, head.log, LogState.CLOSED)
            self._growths(connection).of.pop(head.log, None)
            self.append(connection, Event(EventType.SHARD_CLOSED, head.anchor()), at)
        return [head.log for head in over]

    def logs(self, connection: Connection) -> list[LogName]:
        """Every log there is: the consent log, then shards in the order of their months."""
        unsettled.settle(connection)
        names = [head.log for head in log_rows.heads(connection)]
        return sorted(names, key=logs.month_of)

    def checkpoint(self, connection: Connection, log: LogName = CONSENT) -> tuple[int, bytes]:
        """A log's size and its newest signed checkpoint; an empty log has size 0 and a signed empty root."""
        unsettled.settle(connection)
        head = log_rows.find_head(connection, log)
        if head is None:
            return 0, self.signed(log, 0, merkle.Edge().root())
        return head.size, head.checkpoint

    def inclusion_proof(self, connection: Connection, index: int, size: int, log: LogName = CONSENT) -> list[bytes]:
        """The RFC 9162 proof that the leaf at ``index`` is in the log of ``size`` leaves."""
        unsettled.settle(connection)
        return merkle.inclusion_proof(log_rows.read_hashes(connection, log), index, size)

    def consistency_proof(self, connection: Connection, old: int, new: int, log: LogName = CONSENT) -> list[bytes]:
        """The RFC 9162 proof that the log of ``new`` leaves continues that of ``old``. Raises ``ValueError``."""
        unsettled.settle(connection)
        return merkle.consistency_proof(log_rows.read_hashes(connection, log), old, new)

    def leaves(self, connection: Connection, log: LogName = CONSENT, first: int = 0) -> Iterator[AuditedLeaf]:
        """Every leaf from ``first`` on with its audit openings, oldest first, a page in memory at a time.

        Raises ``Tampered`` for openings that do not open.
        """
        unsettled.settle(connection)
        key = self.operator.duty("audit")
        for page in log_rows.leaf_pages(connection, log, first):
            for row in page:
                yield opened_leaf(key, log, row.position, row.leaf, row.sealed_audit, row.records)

    def signed(self, log: LogName, size: int, root: bytes) -> bytes:
        """A checkpoint of a log, signed under its own origin."""
        return sign_checkpoint(Checkpoint(logs.origin_of(self.origin, log), size, root), self.operator.log)

    def _growing(self, connection: Connection, event: EventType, at: datetime) -> Growth:
        growths = self._growths(connection)
        growth = growths.log(connection, logs.log_of(event, at))
        # A month that is over takes nothing any more: what came late stands in the next one.
        while not growth.open:
            growth = growths.log(connection, logs.next_shard(growth.log))
        if not growth.edge.size and growth.log != CONSENT:
            self.close_shards(connection, at)
        return growth

    def _growths(self, connection: Connection) -> Growths:
        return unsettled.owed(connection, "logs", lambda: Growths(self.signed))

    def _numbered(self, connection: Connection, persons: Sequence[PersonId]) -> list[tuple[int, str]]:
        """Each one's next number and tag, for persons that may come several times."""
        counts: dict[PersonId, int] = {}
        for person in persons:
            counts[person] = counts.get(person, 0) + 1
        following = {person: walks.take(connection, person, count) for person, count in counts.items()}
        keys = {person: self.keyrings.tag_key(person) for person in counts}
        numbered = []
        for person in persons:
            numbered.append((following[person], tag(keys[person], following[person])))
            following[person] += 1
        return numbered

    def _tell(self, connection: Connection, person: PersonId, lines: Sequence[dict[str, Any]]) -> None:
        mac_key = heads.mac_key(self.keyrings.source_key(person))
        body = b"".join(encode_line(line) + b"\n" for line in lines)
        append(connection, mac_key, person, JOURNAL, [(body, len(lines))])

    def _sealed(self, log: LogName, index: int, openings: Sequence[Opening]) -> bytes:
        return seal_under(self.operator.duty("audit"), msgspec.json.encode(openings), _context(log, index))


def opened_leaf(
    key: bytes, log: LogName, index: int, leaf: bytes, sealed_audit: bytes, records: bytes | None
) -> AuditedLeaf:
    """A stored leaf with its openings, under the operator's duty ``audit``. Raises ``Tampered``, ``MsgspecError``."""
    openings = msgspec.json.decode(open_under(key, sealed_audit, _context(log, index)), type=list[Opening])
    if records is None:
        (salt, part), *_ = openings
        return AuditedLeaf(index, leaf, salt, part)
    audited = tuple(
        AuditedRecord(record, *opening) for record, opening in zip(unbundle(records), openings, strict=True)
    )
    return AuditedLeaf(index, leaf, "", {}, audited)


def _context(log: LogName, index: int) -> str:
    return f"audit {log} {index}"


def _line(number: int, event: Event, place: dict[str, Any], audit: Opening, subject_salt: str) -> dict[str, Any]:
    """One line of a journal: the entry, where it stands, and both its openings."""
    return {
        "uid": str(number),
        "type": event.type,
        **place,
        "audit": {"salt": audit[0], "part": audit[1]},
        "subject": {"salt": subject_salt, "part": event.subject},
    }
