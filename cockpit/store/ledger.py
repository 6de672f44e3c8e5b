"""The logs' writer: an event becomes a leaf, or many become one, inside the transaction of the act that made them."""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection

from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant, minute
from cockpit.domain.record import Json
from cockpit.sealing.box import KEY_BYTES, open_under, seal_under
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import batches, heads, log_rows, unsettled, walks
from cockpit.store.growth import Growth, Growths
from cockpit.store.journal import JournalLine, Opening, encode_lines
from cockpit.store.keyrings import Keyrings
from cockpit.store.log_rows import LogState
from cockpit.store.space import JOURNAL
from cockpit.store.streams import append
from cockpit.tlog import logs, merkle
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.leaf import MOST_IN_BATCH, BatchLeaf, Leaf, commit, tag
from cockpit.tlog.logs import CONSENT, LogName
from cockpit.tlog.tiles import bundle, unbundle


@dataclass(frozen=True, slots=True)
class Logged:
    """Where an event stands: what a receipt quotes. ``origin`` is that of its log."""

    origin: str
    index: int
    leaf_sha256: str


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
            type=event.type.value,
            at=minute(at),
            policy=self.policy,
            audit=commit(audit_salt, event.audit),
            subject=commit(subject_salt, event.subject),
            tag=tag(self.keyrings.tag_key(person), number) if person else "",
        ).to_bytes()
        growth = self._growing(connection, event.type, at)
        audit = Opening(audit_salt.hex(), event.audit)
        index = growth.add(leaf, lambda index: self._sealed(growth.log, index, [audit]))
        if person:
            line = JournalLine(
                uid=str(number),
                at=instant(at),
                type=event.type.value,
                log=growth.log,
                index=index,
                leaf=base64.b64encode(leaf).decode(),
                audit=audit,
                subject=Opening(subject_salt.hex(), event.subject),
            )
            self._tell(connection, person, [line])
        return Logged(logs.origin_of(self.origin, growth.log), index, hashlib.sha256(leaf).hexdigest())

    def append_batch(self, connection: Connection, events: Sequence[tuple[Event, PersonId]], at: datetime) -> Logged:
        """Log up to 1,024 accesses under one leaf; each one's position in the batch is its place in ``events``.

        For several persons the transaction must be about ``walls.EVERYONE``. Raises ``ValueError`` for none, more,
        or anything but accesses.
        """
        if not 0 < len(events) <= MOST_IN_BATCH or not all(logs.is_access(event.type) for event, _ in events):
            raise ValueError(f"a batch holds 1 to {MOST_IN_BATCH} accesses")
        batch = batches.committed(events, self._numbered(connection, [person for _, person in events]))
        root, paths = merkle.whole_tree([merkle.leaf_hash(record.content) for record in batch])
        leaf = BatchLeaf(EventType.ACCESS_BATCH.value, minute(at), self.policy, len(batch), root.hex()).to_bytes()
        growth = self._growing(connection, EventType.ACCESS_BATCH, at)
        index = growth.add(
            leaf,
            lambda index: self._sealed(growth.log, index, [record.audit for record in batch]),
            bundle(record.content for record in batch),
        )
        place = batches.Place(instant(at), growth.log, index, self.policy)
        for person, lines in batches.told(events, batch, paths, place).items():
            self._tell(connection, person, lines)
        return Logged(logs.origin_of(self.origin, growth.log), index, hashlib.sha256(leaf).hexdigest())

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
        counts = Counter(persons)
        following = {person: walks.take(connection, person, count) for person, count in counts.items()}
        keys = {person: self.keyrings.tag_key(person) for person in counts}
        numbered = []
        for person in persons:
            number = following[person]
            numbered.append((number, tag(keys[person], number)))
            following[person] = number + 1
        return numbered

    def _tell(self, connection: Connection, person: PersonId, lines: Sequence[JournalLine]) -> None:
        mac_key = heads.mac_key(self.keyrings.source_key(person))
        append(connection, mac_key, person, JOURNAL, [(encode_lines(lines), len(lines))])

    def _sealed(self, log: LogName, index: int, openings: Sequence[Opening]) -> bytes:
        return seal_under(self.operator.duty("audit"), msgspec.json.encode(openings), _context(log, index))


def opened_leaf(
    key: bytes, log: LogName, index: int, leaf: bytes, sealed_audit: bytes, records: bytes | None
) -> AuditedLeaf:
    """A stored leaf with its openings, under the operator's duty ``audit``. Raises ``Tampered``, ``MsgspecError``."""
    openings = msgspec.json.decode(open_under(key, sealed_audit, _context(log, index)), type=list[Opening])
    if records is None:
        only, *_ = openings
        return AuditedLeaf(index, leaf, only.salt, only.part)
    pairs = zip(unbundle(records), openings, strict=True)
    audited = tuple(AuditedRecord(record, opening.salt, opening.part) for record, opening in pairs)
    return AuditedLeaf(index, leaf, "", {}, audited)


def _context(log: LogName, index: int) -> str:
    return f"audit {log} {index}"
