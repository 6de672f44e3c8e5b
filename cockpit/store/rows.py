"""How a space's rows are sealed and read back: bodies, segments, and the fold of versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.ids import Collection, PersonId
from cockpit.sealing.envelope import EnvelopeKind, Place, envelope_hash, open_with, seal_to
from cockpit.sealing.keyring import CollectionKeys, GrantedKeyring, Keyring, collection_private
from cockpit.store import tables

Line = dict[str, Any]
"""One line of a segment: a JSON object."""

_encode = msgspec.json.Encoder(order="deterministic").encode_lines
_decode = msgspec.json.Decoder().decode_lines


def stored_keys(connection: Connection, person: PersonId, collection: Collection) -> CollectionKeys:
    """The keys of a collection as stored. Raises ``NotFound`` when the space has no such collection yet."""
    table = tables.collection
    row = connection.execute(
        select(table).where(table.c.person_id == person, table.c.collection == collection)
    ).one_or_none()
    if row is None:
        raise NotFound("this space has no such collection")
    return CollectionKeys(row.epoch, row.public, row.sealed_key, row.sealed_private)


def append(connection: Connection, person: PersonId, collection: Collection, lines: list[Line]) -> int:
    """Seal ``lines`` as the next segment of a stream and return its sequence number (from 1).

    The head is moved by compare-and-swap: a second writer that read the same head changes no row and raises.
    """
    table = tables.collection
    where = (table.c.person_id == person, table.c.collection == collection)
    head = connection.execute(select(table).where(*where)).one_or_none()
    if head is None:
        raise NotFound("this space has no such collection")
    place = Place(person, collection, EnvelopeKind.INBOX, head.epoch, head.head_seq + 1, head.head_hash, len(lines))
    envelope = seal_to(head.public, _encode(lines), place)
    moved = connection.execute(
        update(table)
        .where(*where, table.c.head_seq == head.head_seq)
        .values(head_seq=place.seq, head_hash=envelope_hash(envelope))
    )
    if moved.rowcount != 1:
        raise Tampered("a stream moved under its writer")
    connection.execute(
        insert(tables.segment).values(
            person_id=person,
            collection=collection,
            seq=place.seq,
            epoch=place.epoch,
            records=place.count,
            envelope=envelope,
        )
    )
    return place.seq


def read_lines(
    connection: Connection, person: PersonId, collection: Collection, keyring: Keyring | GrantedKeyring
) -> Iterator[Line]:
    """Every line of a stream, oldest first, each segment checked against the chain.

    Raises ``Tampered`` for an edited, swapped, missing, reordered or truncated segment.
    """
    keys = stored_keys(connection, person, collection)
    private = collection_private(keyring.collection_key(collection, keys), keys, person, collection)
    head = connection.execute(
        select(tables.collection.c.head_seq, tables.collection.c.head_hash).where(
            tables.collection.c.person_id == person, tables.collection.c.collection == collection
        )
    ).one()
    previous, expected = bytes(16), 1
    rows = connection.execute(
        select(tables.segment)
        .where(tables.segment.c.person_id == person, tables.segment.c.collection == collection)
        .order_by(tables.segment.c.seq)
    )
    for row in rows:
        if row.seq != expected:
            raise Tampered("a segment is missing from a stream")
        place = Place(person, collection, EnvelopeKind.INBOX, row.epoch, row.seq, previous, row.records)
        yield from _decode(open_with(private, row.envelope, place))
        previous, expected = envelope_hash(row.envelope), expected + 1
    if expected != head.head_seq + 1 or previous != head.head_hash:
        raise Tampered("a stream was cut short")


def newest(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Group a stream's lines by ``uid``, in order of first arrival, each group oldest version first."""
    versions: dict[str, list[Line]] = {}
    for line in lines:
        versions.setdefault(line["uid"], []).append(line)
    return versions
