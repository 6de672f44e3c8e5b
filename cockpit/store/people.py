"""The rows that make a space: person, login, operator-wrapped secrets, collection keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select, update

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import Collection, PersonId
from cockpit.sealing.box import keyed_tag
from cockpit.sealing.keyring import CollectionKeys
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import tables


@dataclass(frozen=True, slots=True)
class OperatorSecrets:
    """A person's secrets that the operator's key wraps: the server may use them while the space is locked."""

    pepper: bytes = field(repr=False)
    tag_key: bytes = field(repr=False)
    source_key: bytes = field(repr=False)


def handle_tag(operator: OperatorKeys, handle: str) -> str:
    """The stored form of a sign-in name: keyed, so that a copy of the database names nobody."""
    return keyed_tag(operator.duty("login"), handle.encode())


def insert_person(
    connection: Connection,
    operator: OperatorKeys,
    person: PersonId,
    tag: str,
    sealed_profile: bytes,
    secrets: OperatorSecrets,
    at: str,
) -> None:
    """Write the rows of a new space."""
    connection.execute(insert(tables.person).values(person_id=person, created_at=at, sealed_profile=sealed_profile))
    connection.execute(insert(tables.login).values(handle_tag=tag, person_id=person))
    connection.execute(
        insert(tables.keyring).values(
            person_id=person,
            wrapped_pepper=operator.wrap(secrets.pepper, "pepper", person),
            wrapped_tag_key=operator.wrap(secrets.tag_key, "tag key", person),
            wrapped_source_key=operator.wrap(secrets.source_key, "source key", person),
        )
    )


def find_person(connection: Connection, tag: str) -> PersonId | None:
    """Whose sign-in name this is, or None."""
    table = tables.login
    found = connection.execute(select(table.c.person_id).where(table.c.handle_tag == tag)).scalar_one_or_none()
    return PersonId(found) if found else None


def sealed_profile(connection: Connection, person: PersonId) -> bytes:
    """The profile, sealed under the vault key. Raises ``NotFound``."""
    table = tables.person
    found = connection.execute(select(table.c.sealed_profile).where(table.c.person_id == person)).scalar_one_or_none()
    if found is None:
        raise NotFound("there is no such space")
    return bytes(found)


def set_sealed_profile(connection: Connection, person: PersonId, sealed_profile: bytes) -> None:
    """Replace the profile, sealed anew."""
    table = tables.person
    connection.execute(update(table).where(table.c.person_id == person).values(sealed_profile=sealed_profile))


def pepper(connection: Connection, operator: OperatorKeys, person: PersonId) -> bytes:
    """The operator's share of every slot key of this person."""
    table = tables.keyring
    wrapped = connection.execute(select(table.c.wrapped_pepper).where(table.c.person_id == person)).scalar_one()
    return operator.unwrap(wrapped, "pepper", person)


def collections_of(connection: Connection, person: PersonId) -> frozenset[Collection]:
    """The collections this space has keys for."""
    table = tables.collection
    rows = connection.execute(select(table.c.collection).where(table.c.person_id == person))
    return frozenset(Collection(row.collection) for row in rows)


def put_collection(connection: Connection, person: PersonId, collection: Collection, keys: CollectionKeys) -> None:
    """Keep a new, empty collection's keys."""
    connection.execute(
        insert(tables.collection).values(
            person_id=person,
            collection=collection,
            epoch=keys.epoch,
            public=keys.public,
            sealed_key=keys.sealed_key,
            sealed_private=keys.sealed_private,
            head_seq=0,
            head_hash=bytes(16),
        )
    )
