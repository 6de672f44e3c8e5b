"""Check what a space keeps without opening it: heads, inboxes, vaults, manifests, keys, journal, sources' memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Connection, func, select

from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.ids import ConnectorId, PersonId
from cockpit.sealing.envelope import FIRST_PREVIOUS, EnvelopeKind, Place, Suite, envelope_hash
from cockpit.store import heads, tables, walks
from cockpit.store.findings import Finding
from cockpit.store.heads import Head
from cockpit.store.log_tags import Tags
from cockpit.store.source_state import load_state
from cockpit.store.space import JOURNAL
from cockpit.store.streams import INBOX, VAULT
from cockpit.tlog.leaf import tag

HEADER_BYTES = 38
PREVIOUS = slice(18, 34)
PAGE = 64


def check_space(
    connection: Connection, person: PersonId, source_key: bytes, tag_key: bytes, tags: Tags
) -> Iterator[Finding]:
    """Everything of one space that the server can check while it is locked."""
    mac_key = heads.mac_key(source_key)
    for collection in sorted(heads.collections_of(connection, person)):
        where = f"space {person}, {collection}"
        try:
            head = heads.verify(heads.find(connection, person, collection), mac_key)
        except Tampered:
            yield Finding("head_forged", where, "The head of a collection was written by somebody else.")
            continue
        except NotFound:
            yield Finding("key_missing", where, "The keys of a collection's epoch are missing.")
            continue
        yield from _check_inbox(connection, head, where)
        yield from _check_vault(connection, head, where)
        yield from _check_epochs(connection, head, where)
        if collection == JOURNAL:
            yield from _check_journal(connection, head, tag_key, tags, where)
    yield from _check_sources(connection, person, source_key)


def _check_inbox(connection: Connection, head: Head, where: str) -> Iterator[Finding]:
    table = tables.segment
    statement = (
        select(table.c.seq, table.c.epoch, table.c.records, table.c.envelope)
        .where(table.c.person_id == head.person, table.c.collection == head.collection, table.c.stream == INBOX)
        .order_by(table.c.seq)
        .limit(PAGE)
    )
    # After a compaction only the sealed manifest says where the chain goes on: the first one left is taken at its word.
    previous: bytes | None = None if head.fence else FIRST_PREVIOUS
    seq = 0
    while rows := connection.execute(statement.where(table.c.seq > seq)).all():
        for row in rows:
            if row.seq != seq + 1 and (seq or previous is not None):
                yield Finding("inbox_hole", f"{where}, inbox {seq + 1}", "A segment is missing from an inbox.")
                return
            seq, before = row.seq, row.envelope[PREVIOUS] if previous is None else previous
            place = Place(head.person, head.collection, EnvelopeKind.INBOX, row.epoch, seq, before, row.records)
            if row.envelope[:HEADER_BYTES] != place.header(Suite.X25519):
                yield Finding("inbox_chain", f"{where}, inbox {seq}", "A segment is not the one that belongs there.")
                return
            previous = envelope_hash(row.envelope)
    if previous is not None and (seq != head.seq or previous != head.hash):
        yield Finding("inbox_cut", where, "An inbox ends elsewhere than its head says.")


def _check_vault(connection: Connection, head: Head, where: str) -> Iterator[Finding]:
    table = tables.segment
    start = func.substr(table.c.envelope, 1, HEADER_BYTES).label("start")
    statement = (
        select(table.c.seq, table.c.epoch, table.c.records, start)
        .where(table.c.person_id == head.person, table.c.collection == head.collection, table.c.stream == VAULT)
        .order_by(table.c.seq)
        .limit(16 * PAGE)
    )
    seq = count = 0
    place = Place(head.person, f"{head.collection}/vault", EnvelopeKind.VAULT, 0, 0, FIRST_PREVIOUS, 0)
    while rows := connection.execute(statement.where(table.c.seq > seq)).all():
        for row in rows:
            seq, count = row.seq, count + 1
            expected = replace(place, epoch=row.epoch, seq=seq, count=row.records)
            if row.start != expected.header(Suite.SECRET):
                yield Finding("vault_row", f"{where}, vault {seq}", "A segment is not the one that belongs there.")
    yield from _check_manifest(connection, head, where, count)


def _check_manifest(connection: Connection, head: Head, where: str, pieces: int) -> Iterator[Finding]:
    table = tables.manifest
    row = connection.execute(
        select(table).where(table.c.person_id == head.person, table.c.collection == head.collection)
    ).one_or_none()
    if row is None:
        if head.fence or pieces:
            yield Finding("manifest_missing", where, "The manifest of a collection is missing.")
        return
    stream = f"{head.collection}/manifest"
    place = Place(head.person, stream, EnvelopeKind.MANIFEST, row.epoch, head.fence, FIRST_PREVIOUS, row.entries)
    if not head.fence or row.envelope[:HEADER_BYTES] != place.header(Suite.SECRET):
        yield Finding("manifest_fence", where, "The manifest is of another moment than its head says.")
    elif row.entries != pieces:
        yield Finding("vault_count", where, f"The manifest lists {row.entries} segments; there are {pieces}.")


def _check_epochs(connection: Connection, head: Head, where: str) -> Iterator[Finding]:
    used = {head.epoch}
    for table in (tables.segment, tables.manifest):
        used |= set(
            connection.execute(
                select(table.c.epoch)
                .where(table.c.person_id == head.person, table.c.collection == head.collection)
                .distinct()
            ).scalars()
        )
    if head.collection == "files":
        used |= set(
            connection.execute(
                select(tables.blob.c.epoch).where(tables.blob.c.person_id == head.person).distinct()
            ).scalars()
        )
    for epoch in sorted(used - heads.keys_of(connection, head.person, head.collection).keys()):
        yield Finding(
            "key_missing", f"{where}, epoch {epoch}", "Something is sealed in an epoch whose keys are missing."
        )


def _check_journal(connection: Connection, head: Head, tag_key: bytes, tags: Tags, where: str) -> Iterator[Finding]:
    """The tags 0, 1, 2… of the person are in the logs, as many as their journal has lines, and no more."""
    entries, last = walks.entries(connection, head.person), ""
    missing: list[int] = []
    for number in range(entries):
        at = tags.claim(tag(tag_key, number))
        if at is None:
            missing.append(number)
        else:
            yield from _check_missing(missing, tags, (last, at), where)
            missing, last = [], at
    yield from _check_missing(missing, tags, (last, "9"), where)
    if tags.claim(tag(tag_key, entries)) is not None or _lines(connection, head) != entries:
        yield Finding(
            "journal_rolled_back", where, "The log has later entries of this person: the space was put back in time."
        )


def _check_missing(numbers: list[int], tags: Tags, between: tuple[str, str], where: str) -> Iterator[Finding]:
    """Entries are in the order of time: those missing are of a month between their neighbours', or were removed."""
    if numbers and not tags.expired_between(*between):
        for number in numbers:
            yield Finding("log_entry_missing", f"{where} {number}", "An entry of the journal is not in the log.")


def _lines(connection: Connection, head: Head) -> int:
    table = tables.segment
    statement = select(func.coalesce(func.sum(table.c.records), 0)).where(
        table.c.person_id == head.person, table.c.collection == head.collection
    )
    return int(connection.execute(statement).scalar_one())


def _check_sources(connection: Connection, person: PersonId, source_key: bytes) -> Iterator[Finding]:
    table = tables.seen_record
    sources = connection.execute(select(table.c.source_id).where(table.c.person_id == person).distinct()).scalars()
    for source in sources.all():
        try:
            load_state(connection, source_key, person, ConnectorId(source), 0)
        except Tampered:
            where = f"space {person}, source {source}"
            yield Finding("source_state", where, "What is remembered of a source does not open.")
