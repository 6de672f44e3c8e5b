"""The head of each collection: how far its inbox goes, how often it was compacted, and a seal over both.

A head moves by compare-and-swap. Its MAC, under the person's source key, shows a head that somebody with the database
alone wrote: HPKE lets anybody add who has the public key, and does not say who did (RFC 9180 section 9.1.1).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from hmac import compare_digest

from sqlalchemy import Connection, bindparam, insert, select, update

from cockpit.domain.errors import NotFound, Tampered, WeMustFix
from cockpit.domain.ids import Collection, PersonId
from cockpit.sealing.box import derive, keyed_hash
from cockpit.sealing.envelope import FIRST_PREVIOUS
from cockpit.sealing.keyring import CollectionKeys
from cockpit.store import tables

_FACTS = struct.Struct(">IIBQ16s")
_HEAD, _KEYS = tables.collection, tables.collection_key

# Built once: the hot path compiles no statement.
_FIND = (
    select(_HEAD, _KEYS.c.public, _KEYS.c.sealed_key, _KEYS.c.sealed_private)
    .join(
        _KEYS,
        (_KEYS.c.person_id == _HEAD.c.person_id)
        & (_KEYS.c.collection == _HEAD.c.collection)
        & (_KEYS.c.epoch == _HEAD.c.epoch),
    )
    .where(_HEAD.c.person_id == bindparam("person"), _HEAD.c.collection == bindparam("stream"))
    .where(_KEYS.c.person_id == bindparam("person"))
)
_MOVE = (
    update(_HEAD)
    .where(
        _HEAD.c.person_id == bindparam("person"),
        _HEAD.c.collection == bindparam("stream"),
        _HEAD.c.head_seq == bindparam("was_seq"),
        _HEAD.c.fence == bindparam("was_fence"),
    )
    .values(
        epoch=bindparam("to_epoch"),
        fence=bindparam("to_fence"),
        rotation_due=bindparam("to_rotation_due"),
        head_seq=bindparam("to_seq"),
        head_hash=bindparam("to_hash"),
        head_mac=bindparam("to_mac"),
    )
)


class Moved(WeMustFix):
    """A stream moved under its writer: another writer, compaction or rotation came first; nothing was kept."""

    code = "stream_moved"


@dataclass(frozen=True, slots=True)
class Head:
    """Where a collection stands. ``fence`` counts compactions; ``seq`` and ``hash`` are of the last inbox segment."""

    person: PersonId
    collection: Collection
    epoch: int
    fence: int
    seq: int
    hash: bytes
    rotation_due: bool
    keys: CollectionKeys = field(repr=False)
    mac: bytes = field(default=b"", repr=False)


def find(connection: Connection, person: PersonId, collection: Collection) -> Head:
    """The head with the keys of its epoch, not verified. Raises ``NotFound`` for a collection without keys."""
    row = connection.execute(_FIND, {"person": person, "stream": collection}).one_or_none()
    if row is None:
        raise NotFound("this space has no such collection")
    return Head(
        person,
        collection,
        row.epoch,
        row.fence,
        row.head_seq,
        row.head_hash,
        bool(row.rotation_due),
        CollectionKeys(row.epoch, row.public, row.sealed_key, row.sealed_private),
        row.head_mac,
    )


def verify(head: Head, mac_key: bytes) -> Head:
    """The head, when one of us wrote it. Raises ``Tampered``."""
    if not compare_digest(_mac(mac_key, head), head.mac):
        raise Tampered("the head of a stream was written by somebody else")
    return head


def begin(
    connection: Connection, mac_key: bytes, person: PersonId, collection: Collection, keys: CollectionKeys
) -> None:
    """Keep the head and keys of a new, empty collection."""
    head = Head(person, collection, keys.epoch, 0, 0, FIRST_PREVIOUS, False, keys)
    connection.execute(
        insert(_HEAD).values(
            person_id=person,
            collection=collection,
            epoch=keys.epoch,
            fence=0,
            rotation_due=0,
            head_seq=0,
            head_hash=FIRST_PREVIOUS,
            head_mac=_mac(mac_key, head),
        )
    )
    put_keys(connection, person, collection, keys)


def move(connection: Connection, mac_key: bytes, was: Head, to: Head) -> None:
    """Move a head from what was read to what is meant. Raises ``Moved`` when somebody else moved it meanwhile."""
    moved = connection.execute(
        _MOVE,
        {
            "person": was.person,
            "stream": was.collection,
            "was_seq": was.seq,
            "was_fence": was.fence,
            "to_epoch": to.epoch,
            "to_fence": to.fence,
            "to_rotation_due": int(to.rotation_due),
            "to_seq": to.seq,
            "to_hash": to.hash,
            "to_mac": _mac(mac_key, to),
        },
    )
    if moved.rowcount != 1:
        raise Moved("a stream moved under its writer; nothing was kept")


def put_keys(connection: Connection, person: PersonId, collection: Collection, keys: CollectionKeys) -> None:
    """Keep the keys of an epoch."""
    connection.execute(
        insert(_KEYS).values(
            person_id=person,
            collection=collection,
            epoch=keys.epoch,
            public=keys.public,
            sealed_key=keys.sealed_key,
            sealed_private=keys.sealed_private,
        )
    )


def keys_of(connection: Connection, person: PersonId, collection: Collection) -> dict[int, CollectionKeys]:
    """The keys of every epoch of a collection that something is still sealed in."""
    rows = connection.execute(select(_KEYS).where(_KEYS.c.person_id == person, _KEYS.c.collection == collection))
    return {row.epoch: CollectionKeys(row.epoch, row.public, row.sealed_key, row.sealed_private) for row in rows}


def collections_of(connection: Connection, person: PersonId) -> frozenset[Collection]:
    """The collections this space has keys for."""
    rows = connection.execute(select(_HEAD.c.collection).where(_HEAD.c.person_id == person))
    return frozenset(Collection(row.collection) for row in rows)


def ask_rotation(connection: Connection, mac_key: bytes, person: PersonId, collection: Collection) -> None:
    """Note that a collection must move to a new epoch at the next unlock: somebody lost the right to its key."""
    head = verify(find(connection, person, collection), mac_key)
    move(connection, mac_key, head, replace(head, rotation_due=True))


def ask_rotation_of_all(connection: Connection, mac_key: bytes, person: PersonId) -> None:
    """Note that every collection of a space must move to a new epoch."""
    for collection in sorted(collections_of(connection, person)):
        ask_rotation(connection, mac_key, person, collection)


def enter_epoch(connection: Connection, mac_key: bytes, head: Head, keys: CollectionKeys) -> Head:
    """Move a collection to the epoch of ``keys``: what is written from now on is sealed to them. Raises ``Moved``."""
    put_keys(connection, head.person, head.collection, keys)
    to = replace(head, epoch=keys.epoch, rotation_due=False, keys=keys)
    move(connection, mac_key, head, to)
    return to


def mac_key(source_key: bytes) -> bytes:
    """The key of the MACs of a person's heads, from the person's source key."""
    return derive(source_key, "stream heads")


def _mac(key: bytes, head: Head) -> bytes:
    # The public key is among the facts: a head that pointed writers to a thief's key would be worse than a lost one.
    facts = _FACTS.pack(head.epoch, head.fence, head.rotation_due, head.seq, head.hash) + head.keys.public
    return keyed_hash(key, b"\x00".join((head.person.encode(), head.collection.encode(), facts)))
