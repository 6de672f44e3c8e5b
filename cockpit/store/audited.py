"""All that the audit API asks of the ledger, in one place: heads, pages, proofs, and one person's entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec
from sqlalchemy import Connection, select

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import PersonId
from cockpit.store import tables
from cockpit.store.ledger import AuditedLeaf, Ledger, read_nodes
from cockpit.store.space import JOURNAL
from cockpit.tlog import merkle
from cockpit.tlog.leaf import tag

CONSENT = "consent"
"""The one log there is."""


@dataclass(frozen=True, slots=True)
class Head:
    """A log's name, its origin line, its size and its newest signed checkpoint."""

    log: str
    origin: str
    size: int
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Stands:
    """Where an entry stands: its log, its index, and its place in a batch (0 outside one)."""

    log: str
    index: int
    nth: int


def heads(ledger: Ledger, connection: Connection) -> list[Head]:
    """Every log there is, the consent log first."""
    size, note = ledger.checkpoint(connection)
    return [Head(CONSENT, ledger.origin, size, note)]


def head(ledger: Ledger, connection: Connection, log: str) -> Head:
    """One log. Raises ``NotFound``."""
    for found in heads(ledger, connection):
        if found.log == log:
            return found
    raise NotFound("there is no such log here")


def page(ledger: Ledger, connection: Connection, log: str, first: int, count: int) -> list[AuditedLeaf]:
    """At most ``count`` leaves from ``first`` on, with their audit openings; none beyond the end."""
    head(ledger, connection, log)
    return list(islice(ledger.leaves(connection), first, first + count))


def consistency(ledger: Ledger, connection: Connection, log: str, old: int, new: int) -> list[bytes]:
    """The RFC 9162 proof that ``new`` leaves continue ``old``. Raises ``NotFound`` for sizes the log never had."""
    if not 0 < old <= new <= head(ledger, connection, log).size:
        raise NotFound("the log never had these sizes")
    return merkle.consistency_proof(lambda nodes: read_nodes(connection, nodes), old, new)


def inclusion(ledger: Ledger, connection: Connection, log: str, index: int, size: int) -> list[bytes]:
    """The RFC 9162 proof of one leaf. Raises ``NotFound`` for one that the log of this size has not."""
    if not 0 <= index < size <= head(ledger, connection, log).size:
        raise NotFound("the log has no such entry")
    return ledger.inclusion_proof(connection, index, size)


def entries_of(ledger: Ledger, connection: Connection, person: PersonId) -> Iterator[tuple[Stands, AuditedLeaf]]:
    """The entries about one person, by their tags. For a case that two auditors agreed on, and nothing else."""
    table = tables.collection
    count = connection.execute(
        select(table.c.head_seq).where(table.c.person_id == person, table.c.collection == JOURNAL)
    ).scalar_one()
    key = ledger.keyrings.tag_key(person)
    tags = {tag(key, number) for number in range(int(count))}
    for found in heads(ledger, connection):
        for leaf in ledger.leaves(connection):
            if msgspec.json.decode(leaf.leaf).get("tag") in tags:
                yield Stands(found.log, leaf.index, 0), leaf
