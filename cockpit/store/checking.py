"""Check a whole deployment's store, from one snapshot of its database, without opening any space."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.ids import PersonId
from cockpit.domain.moment import instant
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import people, tables
from cockpit.store.check_documents import check_documents, check_objects, check_strays
from cockpit.store.check_log import TellCovered, check_covers, check_logs
from cockpit.store.check_streams import check_space
from cockpit.store.engine import Database
from cockpit.store.files import Files
from cockpit.store.findings import Finding
from cockpit.store.keyrings import Keyrings
from cockpit.store.log_tags import Tags, empty_tags
from cockpit.store.sweep import YOUNG
from cockpit.store.walls import EVERYONE

PAGE = 256


@dataclass(frozen=True, slots=True)
class Store:
    """What is checked together. ``origin`` begins the logs' own."""

    database: Database
    keyrings: Keyrings = field(repr=False)
    files: Files
    operator: OperatorKeys = field(repr=False)
    origin: str

    @property
    def clock(self) -> Callable[[], datetime]:
        """The present."""
        return self.files.clock


def check(
    store: Store,
    now: datetime,
    walked: Callable[[int], None] = lambda _: None,
    tell_covered: TellCovered = lambda *_: None,
) -> Iterator[Finding]:
    """Everything that is not as it must be. ``walked`` is told how many spaces were looked at so far.

    ``tell_covered`` is told, once all were, which entries of the consent log cover how many erased openings.

    Holds a page of rows in memory, whatever the size of the store. Raises ``OperatorMustAct`` when the database or the
    object store does not answer.
    """
    with store.database.read(EVERYONE) as connection, empty_tags() as tags:
        yield from check_logs(connection, store.operator, store.origin, tags)
        for number, person in enumerate(_persons(connection), start=1):
            yield from _check_person(store, connection, person, tags)
            walked(number)
        yield from check_covers(tags, tell_covered)
        yield from check_strays(connection)
        yield from check_documents(connection, store.database, store.files)
    yield from check_objects(store.database, store.files, now)
    yield from _check_keyring(store, now)


def _check_person(store: Store, connection: Connection, person: PersonId, tags: Tags) -> Iterator[Finding]:
    try:
        secrets = store.keyrings.source_key(person), store.keyrings.tag_key(person)
        store.keyrings.pepper(person)
    except NotFound:
        with store.database.read(EVERYONE) as present:
            erased = not people.existing(present, [person])
        if not erased:
            yield Finding(
                "keyring_missing",
                f"space {person}",
                "The keyring has no row for this space: it opens for ever no more.",
            )
        return
    except Tampered:
        yield Finding("keyring_row", f"space {person}", "The row of the keyring does not open with the master key.")
        return
    yield from check_space(connection, person, *secrets, tags)


def _check_keyring(store: Store, now: datetime) -> Iterator[Finding]:
    for persons in store.keyrings.persons(instant(now - YOUNG)):
        with store.database.read(EVERYONE) as connection:
            for person in sorted(set(persons) - people.existing(connection, persons)):
                yield Finding("keyring_unknown", f"keyring {person}", "A row of the keyring belongs to no space.")


def _persons(connection: Connection) -> Iterator[PersonId]:
    table, after = tables.person, ""
    statement = select(table.c.person_id).order_by(table.c.person_id).limit(PAGE)
    while found := connection.execute(statement.where(table.c.person_id > after)).scalars().all():
        yield from map(PersonId, found)
        after = found[-1]
