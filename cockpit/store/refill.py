"""Fill an empty deployment with the rows of a dump: whole or not at all, and without who has no keys any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.store import dump, migrations
from cockpit.store.dump import Chunk
from cockpit.store.engine import Database
from cockpit.store.keyrings import Keyrings, keyring
from cockpit.store.upkeep import owning
from cockpit.store.walls import EVERYONE


@dataclass(frozen=True, slots=True)
class Rows:
    """What to fill with: the tables' revision, how many rows each should have, and the chunks of one table."""

    revision: str
    counts: Mapping[str, int]
    chunks: Callable[[str], Iterable[Chunk]]


def fill_keyring(keyrings: Keyrings, chunks: Iterable[Chunk]) -> frozenset[str]:
    """Put the keyring's rows back; gives everybody who has keys. Who has none was erased."""
    persons: set[str] = set()
    with keyrings.database.write(EVERYONE) as connection:
        for chunk in chunks:
            dump.load(connection, chunk)
            if chunk.table == keyring.name:
                place = chunk.columns.index("person_id")
                persons.update(row[place] for row in chunk.rows)
    return frozenset(persons)


def fill(database: Database, rows: Rows, persons: frozenset[str]) -> dict[str, int]:
    """Make the tables where there are none, fill them in one transaction, bring them to this version.

    Rows of who is not among ``persons`` are left out; gives how many rows each table has got. Raises ``Tampered`` for
    chunks that are not those counted, ``OperatorMustAct`` for a database that is not empty, or of another version.
    """
    with owning(database) as connection:
        made = _prepare(connection, rows.revision)
        kept = {table: _fill_table(connection, rows, table, persons) for table in rows.counts}
        if made:
            migrations.upgrade(connection)
    return kept


def _prepare(connection: Connection, revision: str) -> bool:
    """Whether the tables were made here: with the rights to make them, they can be brought to another version too."""
    if migrations.state(connection) is migrations.State.EMPTY:
        migrations.prepare(connection, revision)
        return True
    migrations.refuse_unless_current(connection)
    if revision != migrations.HEAD:
        raise OperatorMustAct(
            "this backup is of another version: restore it into a database without tables", code="restore_target"
        )
    dump.refuse_inhabited(connection)
    return False


def _fill_table(connection: Connection, rows: Rows, table: str, persons: frozenset[str]) -> int:
    seen = kept = 0
    for chunk in rows.chunks(table):
        if chunk.table != table:
            raise Tampered("a chunk of this backup is of another table")
        seen += len(chunk.rows)
        kept += dump.load(connection, chunk.without(lambda person: person not in persons))
    if seen != rows.counts[table]:
        raise Tampered(f"this backup should hold {rows.counts[table]} rows of {table}, and holds {seen}")
    return kept
