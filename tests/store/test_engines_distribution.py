"""Spreading over Citus: the statements are right for the tables, and refused where there is no Citus.

Citus itself is not packaged for the machines that run these tests: what it does with the statements is not tested.
"""

from __future__ import annotations

import re

import pytest

from cockpit.domain.errors import OperatorMustAct
from cockpit.store import tables
from cockpit.store.directories import DIRECTORIES, person_tables
from cockpit.store.distribution import COPIED, KEPT, SPREAD, distribution, has_citus
from cockpit.store.migrations import State
from cockpit.store.upkeep import database_at, spread, upgrade
from cockpit.store.walls import EVERYONE
from tests.postgresql import OWNER, Cluster

STATEMENTS = distribution(tables.metadata)


def test_every_table_has_exactly_one_place() -> None:
    placed = [name for statement in STATEMENTS for name in re.findall(r"(?:table|metadata)\('(\w+)'", statement)]
    assert sorted(placed) == sorted(tables.metadata.tables)
    assert {*SPREAD, *COPIED, *KEPT} == set(DIRECTORIES)


def test_a_persons_tables_are_together_by_person() -> None:
    spread_by_person = [statement for statement in STATEMENTS if "'person_id'" in statement]
    first = re.findall(r"'(\w+)'", spread_by_person[0])[0]
    assert len(spread_by_person) == len(person_tables(tables.metadata))
    assert spread_by_person[0].endswith("colocate_with => 'none')")
    assert all(statement.endswith(f"colocate_with => '{first}')") for statement in spread_by_person[1:])


def test_a_directory_is_spread_by_its_whole_key() -> None:
    # Citus holds a key unique only where it holds the column by which the table is spread.
    for name, column in SPREAD.items():
        assert [key.name for key in tables.metadata.tables[name].primary_key] == [column]


def test_the_person_reaches_the_machines_before_any_table_does() -> None:
    settings = [number for number, statement in enumerate(STATEMENTS) if "propagate_set_commands" in statement]
    first = next(number for number, statement in enumerate(STATEMENTS) if "create_distributed_table" in statement)
    assert settings
    assert max(settings) < first


def test_without_citus_it_is_refused_and_nothing_changes(postgresql: Cluster) -> None:
    with postgresql.database() as name, database_at(postgresql.address(name, OWNER)) as database:
        with pytest.raises(OperatorMustAct, match="CREATE EXTENSION citus"):
            spread(database)
        with database.read(EVERYONE) as connection:
            assert not has_citus(connection)


def test_a_database_that_is_not_ready_is_not_spread(postgresql: Cluster) -> None:
    with database_at(postgresql.address(postgresql.empty(), OWNER)) as database:
        with pytest.raises(OperatorMustAct, match="cockpit db upgrade"):
            spread(database)
        assert database.state() is State.EMPTY


def test_sqlite_is_not_spread() -> None:
    with database_at("sqlite://") as database:
        upgrade(database)
        with pytest.raises(OperatorMustAct, match="only a PostgreSQL"):
            spread(database)


def test_what_is_plain_postgresql_among_the_statements_runs(postgresql: Cluster) -> None:
    """Those that are not Citus's own functions: a database setting, and taking the walls down and up again."""
    plain = [statement for statement in STATEMENTS if not statement.startswith("SELECT ")]
    assert len(plain) == 3 + 2 * len(person_tables(tables.metadata))
    with postgresql.database() as name:
        # Citus lets the owner set its settings; without it only a superuser may set what nobody defined.
        with postgresql.superuser(name) as connection, connection.transaction():
            for statement in plain:
                connection.execute(statement)
        with postgresql.superuser(name) as connection:
            setting = connection.execute("SHOW citus.propagate_set_commands").fetchone()
            held = connection.execute("SELECT count(*) FROM pg_class WHERE relforcerowsecurity").fetchone()
        assert setting == ("local",)
        assert held == (len(person_tables(tables.metadata)),)
