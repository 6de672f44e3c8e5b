"""Nobody reaches another person's rows by mistake: our statements are guarded, and PostgreSQL guards them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import (
    Connection,
    delete,
    exists,
    func,
    insert,
    literal,
    make_url,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.exc import ProgrammingError

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.bootstrap import build
from cockpit.domain.errors import OperatorMustAct, WeMustFix
from cockpit.domain.ids import PersonId
from cockpit.store import people, slots, tables
from cockpit.store.directories import person_tables
from cockpit.store.engine import open_database
from cockpit.store.walls import EVERYONE, name_person, set_person
from tests.postgresql import OWNER, Cluster

PERSON, SLOT, SOURCE = tables.person, tables.key_slot, tables.seen_record
ME = PersonId("a" * 32)
OTHER = SLOT.alias("other")


@pytest.fixture
def odile(cockpit: Cockpit) -> PersonId:
    return open_space(cockpit, "odile", "une autre longue phrase", "Odile", "fr").person


REACHING_BEYOND = {
    "no where": select(PERSON),
    "counting": select(func.count()).select_from(PERSON),
    "another column": select(SLOT).where(SLOT.c.type == "kit"),
    "an alternative": select(PERSON).where(or_(PERSON.c.person_id == ME, PERSON.c.created_at > "")),
    "several persons": select(PERSON).where(PERSON.c.person_id.in_([ME])),
    "nobody": select(PERSON).where(PERSON.c.person_id.is_(None)),
    "not this person": select(PERSON).where(PERSON.c.person_id != ME),
    "itself": select(PERSON).where(PERSON.c.person_id == PERSON.c.person_id),
    "a second table": select(PERSON, SLOT).where(PERSON.c.person_id == ME, SLOT.c.type == PERSON.c.created_at),
    "an alias": select(SLOT, OTHER).where(SLOT.c.person_id == ME, OTHER.c.type == SLOT.c.type),
    "a join": select(PERSON).join(SLOT, SLOT.c.type == "kit").where(PERSON.c.person_id == ME),
    "an outer join": select(PERSON).outerjoin(SLOT, SLOT.c.person_id == ME).where(PERSON.c.person_id == ME),
    "a join of joins": select(PERSON)
    .select_from(PERSON.join(SLOT.join(SOURCE, SOURCE.c.source_id == SLOT.c.type), SLOT.c.person_id == ME))
    .where(PERSON.c.person_id == ME),
    "a subquery": select(PERSON).where(PERSON.c.person_id == ME, exists().where(SLOT.c.type == "kit")),
    "a selected subquery": select(select(func.count()).select_from(PERSON).scalar_subquery()),
    "a common table": select(select(PERSON).cte("everybody")),
    "a union": union_all(select(PERSON).where(PERSON.c.person_id == ME), select(PERSON)),
    "an update": update(SLOT).where(SLOT.c.type == "kit").values(memory_kib=1),
    "an update from a table": update(SLOT)
    .where(SLOT.c.person_id == ME, SOURCE.c.source_id == SLOT.c.type)
    .values(lanes=1),
    "a deletion": delete(SLOT),
    "a copy": insert(SOURCE).from_select(["person_id", "source_id"], select(SLOT.c.person_id, SLOT.c.type)),
    "text": text("SELECT 1"),
}


def test_a_statement_that_reaches_beyond_one_person_is_refused(cockpit: Cockpit) -> None:
    for name, statement in REACHING_BEYOND.items():
        with pytest.raises(WeMustFix) as refusal, cockpit.database.write(ME) as connection:
            connection.execute(statement)
        assert refusal.value.reason == "person", name


def test_maintenance_says_so_and_walks_over_everybody(cockpit: Cockpit) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        for name, statement in REACHING_BEYOND.items():
            if name != "a copy":
                connection.execute(statement)


HELD = {
    "one person": select(PERSON).where(PERSON.c.person_id == ME),
    "the other way round": select(PERSON).where(literal(ME) == PERSON.c.person_id),
    "an alias": select(OTHER).where(OTHER.c.person_id == ME, OTHER.c.type == "kit"),
    "a join": select(PERSON).join(SLOT, SLOT.c.person_id == ME).where(PERSON.c.person_id == ME),
    "a subquery": select(PERSON).where(PERSON.c.person_id == ME, exists().where(SLOT.c.person_id == ME)),
    "an update": update(SLOT).where(SLOT.c.person_id == ME).values(memory_kib=1),
    "a deletion": delete(SLOT).where(SLOT.c.person_id == ME, or_(SLOT.c.type == "kit", SLOT.c.type == "x")),
    "an insertion": insert(SOURCE).values(person_id=ME, source_id="x", run=1, entries=0, sealed=b""),
    "an insertion of several": insert(SOURCE).values(
        [{"person_id": ME, "source_id": name, "run": 1, "entries": 0, "sealed": b""} for name in "xy"]
    ),
}


def test_a_statement_is_for_the_person_of_its_transaction_alone(cockpit: Cockpit) -> None:
    # Twice, so that the second time the statements come from the cache.
    for name, statement in [*HELD.items(), *HELD.items()]:
        with cockpit.database.write(ME) as connection:
            connection.execute(statement)
            connection.rollback()
        for person, words in ((None, "names nobody"), (PersonId("b" * 32), "another person")):
            with pytest.raises(WeMustFix) as refusal, cockpit.database.write(person) as connection:
                connection.execute(statement)
            assert words in str(refusal.value), name


def test_a_row_is_not_given_to_another_person(cockpit: Cockpit) -> None:
    moving = update(SOURCE).where(SOURCE.c.person_id == ME).values(person_id="b" * 32)
    with pytest.raises(WeMustFix, match="another person"), cockpit.database.write(ME) as connection:
        connection.execute(moving)


def test_one_wrong_row_of_many_is_refused(cockpit: Cockpit) -> None:
    seen = {"source_id": "x", "entries": 0, "sealed": b""}
    rows = [seen | {"person_id": person, "run": 1} for person in (ME, ME, PersonId("b" * 32))]
    with pytest.raises(WeMustFix, match="another person"), cockpit.database.write(ME) as connection:
        connection.execute(insert(SOURCE), rows)


def test_a_directory_needs_nobody(cockpit: Cockpit) -> None:
    with cockpit.database.write() as connection:
        assert connection.execute(select(tables.login)).all() == []
        # A directory may say whose a row is: that leads to a person, and shows nothing of them.
        connection.execute(delete(tables.session).where(tables.session.c.person_id == ME))


def test_the_person_is_named_once_they_are_known(cockpit: Cockpit, visit: Visit, odile: PersonId) -> None:
    with cockpit.database.read() as connection:
        tag = people.handle_tag(cockpit.operator, "camille")
        person = people.find_person(connection, tag)
        assert person == visit.person
        name_person(connection, person)
        name_person(connection, person)
        assert people.sealed_profile(connection, person)
        with pytest.raises(WeMustFix, match="one person"):
            name_person(connection, odile)
    # The next transaction on the same connection starts with nobody.
    with pytest.raises(WeMustFix, match="names nobody"), cockpit.database.read() as connection:
        people.sealed_profile(connection, visit.person)


@pytest.mark.parametrize("person", ["", "x'; SELECT 1 --", "a b", "é", "a" * 65, "*a", "a\n"])
def test_only_an_id_is_named_to_postgresql(person: str) -> None:
    with pytest.raises(WeMustFix):
        set_person(PersonId(person))


@pytest.mark.postgresql
class TestTheSecondWall:
    """PostgreSQL itself, asked by plain SQL with the server's role and the owner's: no statement of ours between."""

    @pytest.fixture(params=["cockpit_server", OWNER])
    def plain(self, request: pytest.FixtureRequest, postgresql: Cluster) -> Callable[[str], psycopg.Connection]:
        def connected(address: str) -> psycopg.Connection:
            name = make_url(address).database
            return psycopg.connect(f"host={postgresql.folder} user={request.param} dbname={name}")

        return connected

    def test_hides_every_row_of_others(
        self, cockpit: Cockpit, visit: Visit, odile: PersonId, plain: Callable[[str], psycopg.Connection]
    ) -> None:
        with plain(cockpit.settings.database) as connection:
            for table in (table.name for table in person_tables(tables.metadata)):

                def seen(table: str = table) -> set[str]:
                    return {row[0] for row in connection.execute(f"SELECT DISTINCT person_id FROM {table}")}

                assert seen() == set()
                connection.execute(f"SET LOCAL cockpit.person = '{odile}'")
                mine = seen()
                assert mine <= {odile}
                rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                assert rows == (connection.execute(f"UPDATE {table} SET person_id = person_id").rowcount,)
                assert connection.execute(f"DELETE FROM {table} WHERE person_id = %s", [visit.person]).rowcount == 0
                connection.rollback()
                # After the transaction the person is forgotten.
                assert seen() == set()
                connection.execute("SET LOCAL cockpit.person = '*'")
                assert seen() == ({odile, visit.person} if mine else set())
                connection.rollback()

    def test_takes_no_row_for_others(
        self, cockpit: Cockpit, visit: Visit, odile: PersonId, plain: Callable[[str], psycopg.Connection]
    ) -> None:
        with plain(cockpit.settings.database) as connection:
            adding = "INSERT INTO seen_record VALUES (%s, 'x', 1, 0, '')"
            moving = "UPDATE key_slot SET person_id = %s WHERE person_id = %s"
            for name, statement, values in (
                ("", adding, [odile]),
                (odile, adding, [visit.person]),
                (odile, moving, [visit.person, odile]),
            ):
                connection.execute(f"SET LOCAL cockpit.person = '{name}'")
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                    connection.execute(statement, values)
                connection.rollback()
            connection.execute(f"SET LOCAL cockpit.person = '{odile}'")
            connection.execute(adding, [odile])

    def test_stands_behind_the_guard(self, cockpit: Cockpit, visit: Visit, odile: PersonId) -> None:
        """The guard is walked around, as a flaw in it would: the database still shows nothing."""
        with cockpit.database.read(visit.person) as connection:
            found = connection.exec_driver_sql("SELECT person_id FROM person").scalars().all()
            assert found == [visit.person]
        with pytest.raises(ProgrammingError, match="row-level security"), cockpit.database.write(odile) as connection:
            connection.exec_driver_sql("INSERT INTO seen_record VALUES (%s, 'x', 1, 0, '')", (visit.person,))

    def test_the_server_cannot_take_it_down(self, cockpit: Cockpit, postgresql: Cluster) -> None:
        with pytest.raises(ProgrammingError, match="owner"), cockpit.database.write(EVERYONE) as connection:
            connection.exec_driver_sql("ALTER TABLE person DISABLE ROW LEVEL SECURITY")

    def test_the_cockpit_does_not_start_without_it(self, cockpit: Cockpit, postgresql: Cluster) -> None:
        name = cockpit.database.engine.url.database
        assert name
        with pytest.raises(OperatorMustAct, match="SUPERUSER"):
            open_database(postgresql.address(name, "postgres"))
        for fallen in (
            "ALTER TABLE segment NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE segment FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE segment ENABLE ROW LEVEL SECURITY; CREATE POLICY hole ON segment USING (true)",
        ):
            with postgresql.superuser(name) as connection:
                connection.execute(fallen)
            with pytest.raises(OperatorMustAct, match="cockpit db upgrade"):
                build(cockpit.settings)


def test_a_read_cannot_write(cockpit: Cockpit, visit: Visit, engine_name: str) -> None:
    def attempt(connection: Connection) -> None:
        connection.execute(delete(SLOT).where(SLOT.c.person_id == visit.person))

    if engine_name == "postgresql":
        with pytest.raises(OperatorMustAct), cockpit.database.read(visit.person) as connection:
            attempt(connection)
    else:
        with cockpit.database.read(visit.person) as connection:
            attempt(connection)
    with cockpit.database.read(visit.person) as connection:
        assert len(slots.all_of(connection, visit.person)) == 2


@pytest.mark.postgresql
def test_a_keyring_on_postgresql_has_its_walls_too(cockpit: Cockpit, postgresql: Cluster, tmp_path: Path) -> None:
    address = postgresql.address(postgresql.empty(), OWNER)
    settings = replace(cockpit.settings, data=tmp_path / "elsewhere", keyring=address)
    build(settings).close()
    built = build(settings)
    mine = open_space(built, "odile", "une longue phrase ici", "Odile", "fr").person
    assert built.keyrings.pepper(mine)
    with built.keyrings.database.read(ME) as connection:
        assert connection.exec_driver_sql("SELECT person_id FROM keyring").all() == []
    built.close()
    with pytest.raises(OperatorMustAct, match="SUPERUSER"):
        build(replace(settings, keyring=address.replace(OWNER, "postgres")))
