"""All that the audit API asks of the ledger, in one place: heads, pages, proofs, and one person's entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import msgspec
from sqlalchemy import Connection

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import PersonId
from cockpit.domain.record import Json
from cockpit.store import walks
from cockpit.store.ledger import AuditedLeaf, Ledger
from cockpit.tlog.leaf import tag
from cockpit.tlog.logs import LogName, origin_of

MOST_RECORDS = 4096
"""A page ends with the entry that fills it: a leaf may stand for a thousand records."""


@dataclass(frozen=True, slots=True)
class Head:
    """A log's name, its origin line, its size and its newest signed checkpoint."""

    log: str
    origin: str
    size: int
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """What is committed to, and its opening: the bytes of a leaf, or of one record of a batch."""

    content: bytes
    salt: str = field(repr=False)
    part: dict[str, Json]

    @property
    def fields(self) -> dict[str, Json]:
        """What the bytes say: a type and a tag among others."""
        found: dict[str, Json] = msgspec.json.decode(self.content)
        return found


@dataclass(frozen=True, slots=True)
class Audited:
    """One entry with its audit opening. A batch has ``records`` in its place, and no opening of its own."""

    index: int
    leaf: bytes
    said: Said | None
    records: tuple[Said, ...] = ()

    @property
    def sayings(self) -> tuple[Said, ...]:
        """What the entry says, one thing or each of a batch, in order."""
        return (self.said,) if self.said else self.records


@dataclass(frozen=True, slots=True)
class Stands:
    """Where an entry stands: its log, its index, and its place in a batch (0 outside one)."""

    log: str
    index: int
    nth: int


def heads(ledger: Ledger, connection: Connection) -> list[Head]:
    """Every log there is, the consent log first."""
    return [
        Head(log, origin_of(ledger.origin, log), *ledger.checkpoint(connection, log)) for log in ledger.logs(connection)
    ]


def head(ledger: Ledger, connection: Connection, log: str) -> Head:
    """One log. Raises ``NotFound``."""
    for found in heads(ledger, connection):
        if found.log == log:
            return found
    raise NotFound("there is no such log here")


def page(ledger: Ledger, connection: Connection, log: str, first: int, count: int) -> list[Audited]:
    """At most ``count`` entries from ``first`` on, fewer when they are large batches; none beyond the end.

    Raises ``NotFound`` for a log that is not.
    """
    found = head(ledger, connection, log)
    return list(filled(islice(_entries(ledger, connection, LogName(found.log), first), count)))


def filled(entries: Iterable[Audited]) -> Iterator[Audited]:
    """The entries up to the one that fills a page."""
    records = 0
    for entry in entries:
        yield entry
        records += len(entry.sayings)
        if records >= MOST_RECORDS:
            return


def consistency(ledger: Ledger, connection: Connection, log: str, old: int, new: int) -> list[bytes]:
    """The RFC 9162 proof that ``new`` leaves continue ``old``. Raises ``NotFound`` for sizes the log never had."""
    if not 0 < old <= new <= head(ledger, connection, log).size:
        raise NotFound("the log never had these sizes")
    return ledger.consistency_proof(connection, old, new, LogName(log))


def inclusion(ledger: Ledger, connection: Connection, log: str, index: int, size: int) -> list[bytes]:
    """The RFC 9162 proof of one leaf. Raises ``NotFound`` for one that the log of this size has not."""
    if not 0 <= index < size <= head(ledger, connection, log).size:
        raise NotFound("the log has no such entry")
    return ledger.inclusion_proof(connection, index, size, LogName(log))


def entries_of(ledger: Ledger, connection: Connection, person: PersonId) -> Iterator[tuple[Stands, Said]]:
    """The entries about one person, by their tags. For a case that two auditors agreed on, and nothing else."""
    count = walks.entries(connection, person)
    key = ledger.keyrings.tag_key(person)
    tags = {tag(key, number) for number in range(count)}
    for found in heads(ledger, connection):
        for entry in _entries(ledger, connection, LogName(found.log)):
            for nth, said in enumerate(entry.sayings):
                if said.fields["tag"] in tags:
                    yield Stands(found.log, entry.index, nth), said


def _entries(ledger: Ledger, connection: Connection, log: LogName, first: int = 0) -> Iterator[Audited]:
    return map(_audited, ledger.leaves(connection, log, first))


def _audited(leaf: AuditedLeaf) -> Audited:
    if leaf.records:
        records = tuple(Said(one.record, one.salt, one.part) for one in leaf.records)
        return Audited(leaf.index, leaf.leaf, None, records)
    return Audited(leaf.index, leaf.leaf, Said(leaf.leaf, leaf.salt, leaf.part))
