"""The tables keep the rules that let one set of them run on SQLite, PostgreSQL and Citus; revisions make the same."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, UniqueConstraint, inspect, select, text

from cockpit.acts.cockpit import Cockpit
from cockpit.bootstrap import build
from cockpit.domain.errors import OperatorMustAct
from cockpit.store import migrations, tables
from cockpit.store.directories import DIRECTORIES, person_tables
from cockpit.store.engine import Database, open_database
from cockpit.store.upkeep import database_at, upgrade
from cockpit.store.walls import EVERYONE
from tests.postgresql import OWNER, Cluster

METADATA: MetaData = tables.metadata


@pytest.mark.parametrize("table", person_tables(METADATA), ids=str)
def test_every_key_of_a_persons_table_starts_with_the_person(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "person_id"
    unique = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    for key in (*unique, *table.indexes, *table.foreign_key_constraints):
        assert next(iter(key.columns)).name == "person_id", f"{key} of {table.name}"
    for foreign in table.foreign_key_constraints:
        assert foreign.referred_table in person_tables(METADATA)


def test_every_directory_is_a_table_and_has_its_reason() -> None:
    assert set(DIRECTORIES) <= set(METADATA.tables)
    assert all(DIRECTORIES.values())
    # A table whose key starts with a person belongs behind the walls.
    assert not [name for name in DIRECTORIES if next(iter(METADATA.tables[name].primary_key)).name == "person_id"]


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=str)
def test_nothing_counts_or_reacts_in_the_database(table: Table) -> None:
    """No sequence and no default of the database's own; a directory points at no table."""
    assert len(table.primary_key.columns) > 0
    assert table.autoincrement_column is None
    for column in table.columns:
        assert column.default is None, column
        assert column.server_default is None, column
        assert column.identity is None, column
    if table.name in DIRECTORIES:
        assert not table.foreign_key_constraints


def test_the_newest_revision_is_the_one_the_code_expects() -> None:
    assert ScriptDirectory.from_config(migrations.configuration()).get_heads() == [migrations.HEAD]


@pytest.fixture
def empty(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with nothing in it, opened by its owner."""
    if engine_name == "sqlite":
        with database_at(f"sqlite:///{tmp_path}/empty.sqlite") as database:
            yield database
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    with database_at(cluster.address(cluster.empty(), OWNER)) as database:
        yield database


def by_revisions(database: Database) -> None:
    """Take the long way, through every revision, on SQLite too."""
    with database.write(EVERYONE) as connection:
        migrations._run_revisions(connection)


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


def test_the_revisions_make_the_tables_of_the_code(empty: Database) -> None:
    by_revisions(empty)
    with empty.read(EVERYONE) as connection:
        assert differences(connection) == []
        assert migrations.state(connection) is migrations.State.CURRENT


def test_the_comparison_sees_a_difference(empty: Database) -> None:
    by_revisions(empty)
    with empty.write(EVERYONE) as connection:
        connection.execute(text("ALTER TABLE person ADD COLUMN extra INTEGER"))
        connection.execute(text("DROP TABLE session"))
    with empty.read(EVERYONE) as connection:
        assert {difference[0] for difference in differences(connection)} == {"remove_column", "add_table"}


def test_the_database_has_no_sequence_and_no_trigger(empty: Database) -> None:
    upgrade(empty)
    with empty.read(EVERYONE) as connection:
        if connection.dialect.name == "postgresql":
            assert inspect(connection).get_sequence_names() == []
            assert connection.execute(text("SELECT count(*) FROM pg_trigger")).scalar_one() == 0
        else:
            found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            assert found == []
            assert "sqlite_sequence" not in inspect(connection).get_table_names()


def test_an_upgrade_twice_is_an_upgrade(empty: Database) -> None:
    upgrade(empty)
    upgrade(empty)
    assert empty.state() is migrations.State.CURRENT


class TestAnOlderDatabase:
    """A revision that does not exist yet: the cockpit of tomorrow opens the database of today."""

    @pytest.fixture
    def tomorrow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        scripts = tmp_path / "scripts"
        shutil.copytree(migrations.HERE, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        following = f"{int(migrations.HEAD) + 1:04}"
        (scripts / "versions" / f"{following}_tomorrow.py").write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n"
            f"revision, down_revision = {following!r}, {migrations.HEAD!r}\n"
            "def upgrade():\n    with op.batch_alter_table('person') as batch:\n"
            "        batch.add_column(sa.Column('tomorrow', sa.String(8)))\n"
        )
        monkeypatch.setattr(migrations, "HERE", scripts)
        monkeypatch.setattr(migrations, "HEAD", following)

    @pytest.mark.usefixtures("opened")
    def test_is_upgraded_at_once_at_home_and_keeps_its_rows(
        self, cockpit: Cockpit, engine_name: str, request: pytest.FixtureRequest
    ) -> None:
        cockpit.database.close()
        request.getfixturevalue("tomorrow")
        if engine_name == "postgresql":
            with pytest.raises(OperatorMustAct, match="cockpit db upgrade"):
                build(cockpit.settings)
            address = cockpit.settings.database.replace("cockpit_server@", f"{OWNER}@")
            with database_at(address) as database:
                upgrade(database)
        again = build(cockpit.settings)
        with again.database.read(EVERYONE) as connection:
            assert connection.execute(select(tables.person.c.person_id)).scalars().all()
            assert "tomorrow" in {column["name"] for column in inspect(connection).get_columns("person")}
        again.database.close()

    def test_that_fails_to_upgrade_is_left_as_it_was(
        self, cockpit: Cockpit, engine_name: str, request: pytest.FixtureRequest
    ) -> None:
        cockpit.database.close()
        request.getfixturevalue("tomorrow")
        (broken,) = (migrations.HERE / "versions").glob("*_tomorrow.py")
        broken.write_text(f"{broken.read_text()}    raise RuntimeError('the power went')\n")
        role = "cockpit_server@" if engine_name == "postgresql" else ""
        address = cockpit.settings.database_url.replace(role, f"{OWNER}@") if role else cockpit.settings.database_url
        with database_at(address) as database:
            with pytest.raises(RuntimeError, match="power"):
                upgrade(database)
            assert database.state() is migrations.State.OLDER
            with database.read(EVERYONE) as connection:
                assert "tomorrow" not in {column["name"] for column in inspect(connection).get_columns("person")}


def test_a_database_of_a_newer_version_is_refused(cockpit: Cockpit, engine_name: str) -> None:
    with cockpit.database.read(EVERYONE) as connection:
        assert migrations.revision(connection) == migrations.HEAD
    address = cockpit.settings.database_url.replace("cockpit_server@", f"{OWNER}@")
    with database_at(address) as database, database.write(EVERYONE) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OperatorMustAct, match="newer version"):
        build(cockpit.settings)


def test_a_database_from_before_revisions_is_refused_and_left_alone(empty: Database) -> None:
    with empty.write(EVERYONE) as connection:
        connection.execute(text("CREATE TABLE person (person_id VARCHAR(32) PRIMARY KEY)"))
    with pytest.raises(OperatorMustAct, match="export the spaces"):
        upgrade(empty)
    with empty.read(EVERYONE) as connection:
        assert inspect(connection).get_table_names() == ["person"]


def test_an_empty_postgresql_is_not_filled_unasked(postgresql: Cluster) -> None:
    with pytest.raises(OperatorMustAct, match="cockpit db upgrade"):
        open_database(postgresql.address(postgresql.empty(), OWNER))


def test_only_the_owner_upgrades(postgresql: Cluster) -> None:
    with database_at(postgresql.address(postgresql.empty())) as database:
        with pytest.raises(OperatorMustAct, match="owner"):
            upgrade(database)
        assert database.state() is migrations.State.EMPTY


def test_a_database_that_a_test_spoiled_is_not_lent_to_the_next(postgresql: Cluster) -> None:
    with postgresql.database() as clean, postgresql.superuser(clean) as connection:
        connection.execute("INSERT INTO seen_assertion VALUES ('x', '')")
    with postgresql.database() as again, postgresql.superuser(again) as connection:
        assert again == clean
        assert connection.execute("SELECT count(*) FROM seen_assertion").fetchone() == (0,)
        connection.execute("ALTER TABLE segment DISABLE ROW LEVEL SECURITY")
    assert again not in postgresql.free


def test_a_database_that_is_up_to_date_is_opened_without_loading_alembic(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/cockpit.sqlite"
    open_database(address).close()
    program = "import sys; from cockpit.store.engine import open_database; open_database(sys.argv[1]).close()"
    loaded = [sys.executable, "-c", f"{program}; sys.exit('alembic' in sys.modules)", address]
    assert subprocess.run(loaded, check=False).returncode == 0
