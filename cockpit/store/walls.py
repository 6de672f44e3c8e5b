"""The person a transaction is about, and the second wall on PostgreSQL: row-level security by that person.

The first wall is in our own statements (``cockpit.store.guard``). The second is the database's: each person's table
shows and takes only rows of the person named in the transaction, to its owner too.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import Connection, MetaData, Table, text

from cockpit.domain.errors import WeMustFix
from cockpit.domain.ids import PersonId
from cockpit.store.directories import person_tables

EVERYONE: Final = PersonId("*")
"""Named in the place of a person by maintenance that walks over all spaces; never by a page or a service's read."""

PERSON_OPTION: Final = "cockpit_person"
_POLICY: Final = "one_person"
_SETTING: Final = "cockpit.person"
_PERSON_ID = re.compile(r"[0-9A-Za-z_-]{1,64}\Z")


def name_person(connection: Connection, person: PersonId) -> None:
    """Say whom this transaction is about, once it is known: a token or a cookie has led to the person.

    Raises ``WeMustFix`` when the transaction is about somebody else already: one transaction, one person.
    """
    named = named_person(connection)
    if named == person:
        return
    if named is not None:
        raise WeMustFix("a transaction is about one person; it was about another already", code="person")
    connection.execution_options(**{PERSON_OPTION: person})
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(set_person(person))


def named_person(connection: Connection) -> PersonId | None:
    """The person this transaction is about, ``EVERYONE``, or None."""
    found: PersonId | None = connection.get_execution_options().get(PERSON_OPTION)
    return found


def set_person(person: PersonId) -> str:
    """The statement that names the person to PostgreSQL until the transaction's end.

    A plain ``SET LOCAL``: Citus hands that on to its workers, and not ``set_config()``. It takes no parameters, so
    the id is held to the letters an id may have. Raises ``WeMustFix`` for any other.
    """
    if person != EVERYONE and not _PERSON_ID.match(person):
        raise WeMustFix("this is not the id of a person", code="person")
    return f"SET LOCAL {_SETTING} = '{person}'"


def raise_walls(connection: Connection, metadata: MetaData) -> None:
    """Put row-level security on every person's table. Doing it again changes nothing. PostgreSQL only."""
    for table in person_tables(metadata):
        for statement in _wall(table):
            connection.execute(text(statement))


def fallen_walls(connection: Connection, metadata: MetaData) -> list[str]:
    """The names of persons' tables that stand without their wall; none when all is well. PostgreSQL only."""
    standing = connection.execute(
        text(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
            " WHERE c.relnamespace = current_schema()::regnamespace AND c.relrowsecurity AND c.relforcerowsecurity"
            " GROUP BY c.relname HAVING count(*) = 1 AND bool_and(p.polname = :policy)"
        ),
        {"policy": _POLICY},
    ).scalars()
    return sorted({table.name for table in person_tables(metadata)} - set(standing))


def walks_through_walls(connection: Connection) -> bool:
    """Whether this role is not held by row-level security: a superuser, or one with BYPASSRLS. PostgreSQL only."""
    found = connection.execute(text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"))
    return bool(found.scalar_one())


def _wall(table: Table) -> tuple[str, ...]:
    setting = f"current_setting('{_SETTING}', true)"
    mine = f"person_id = {setting} OR {setting} = '{EVERYONE}'"
    return (
        f'ALTER TABLE "{table.name}" ENABLE ROW LEVEL SECURITY',
        # FORCE holds the tables' owner too, so that a household may run with one role.
        f'ALTER TABLE "{table.name}" FORCE ROW LEVEL SECURITY',
        f'DROP POLICY IF EXISTS {_POLICY} ON "{table.name}"',
        f'CREATE POLICY {_POLICY} ON "{table.name}" USING ({mine}) WITH CHECK ({mine})',
    )
