"""``cockpit db``: what an operator does to a database, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.cli import main
from cockpit.domain.errors import OperatorMustAct
from cockpit.settings import checked_database, settings_from_environment
from cockpit.store import tables
from cockpit.store.distribution import distribution
from tests.postgresql import OWNER, SERVER, Cluster

Shell = Callable[..., Result]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    def run(*arguments: str, database: str = "", typed: str = "") -> Result:
        monkeypatch.setenv("COCKPIT_DATABASE", database)
        done = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], input=typed)
        assert not done.exception or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


def test_a_postgresql_database_is_made_and_served_from(shell: Shell, postgresql: Cluster) -> None:
    name = postgresql.empty()
    owner, server = postgresql.address(name, OWNER), postgresql.address(name, SERVER)
    empty = shell("db", "status", database=owner)
    assert (empty.exit_code, "tables: empty" in empty.output) == (1, True)
    refused = shell("doctor", database=server)
    assert refused.exit_code == 2
    assert "run: cockpit db upgrade" in refused.output
    upgraded = shell("db", "upgrade", "--server-role", SERVER, database=owner)
    assert (upgraded.exit_code, upgraded.output) == (0, "tables: up to date\n")
    assert shell("db", "status", database=server).exit_code == 0
    opened = shell("space", "open", "camille", "--passphrase-stdin", database=server, typed="une longue phrase\n")
    assert opened.exit_code == 0, opened.output
    assert "log: localhost:8000/log/consent, 1 entries" in shell("doctor", database=server).output


def test_a_role_that_does_not_exist_is_refused_and_nothing_is_made(shell: Shell, postgresql: Cluster) -> None:
    name = postgresql.empty()
    owner = postgresql.address(name, OWNER)
    done = shell("db", "upgrade", "--server-role", 'nobody"; DROP TABLE person; --', database=owner)
    assert done.exit_code == 2
    assert "roles that exist" in done.output
    assert "tables: empty" in shell("db", "status", database=owner).output


def test_a_household_needs_none_of_it(shell: Shell) -> None:
    assert shell("doctor").exit_code == 0
    status = shell("db", "status")
    assert (status.exit_code, "tables: up to date" in status.output) == (0, True)
    assert shell("db", "upgrade").exit_code == 0


def test_distribute_prints_its_statements_and_needs_no_database_for_that(shell: Shell) -> None:
    printed = shell("db", "distribute", "--dry-run", database="postgresql://nobody@/nowhere")
    assert printed.exit_code == 0
    assert printed.output.splitlines() == [f"{statement};" for statement in distribution(tables.metadata)]


def test_distribute_is_refused_without_citus(shell: Shell, postgresql: Cluster) -> None:
    with postgresql.database() as name:
        done = shell("db", "distribute", database=postgresql.address(name, OWNER))
        assert (done.exit_code, "CREATE EXTENSION citus" in done.output) == (2, True)
    assert shell("db", "distribute").exit_code == 2


def test_the_password_is_never_printed(shell: Shell, postgresql: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgresql.database() as name:
        address = postgresql.address(name).replace(f"{SERVER}@", f"{SERVER}:hunter2@")
        for command in (("db", "status"), ("doctor",)):
            done = shell(*command, database=address)
            assert done.exit_code == 0
            assert "***" in done.output
            assert "hunter2" not in done.output
    gone = shell("doctor", database=address.replace(name, "nowhere"))
    assert gone.exit_code == 2
    assert "hunter2" not in gone.output
    monkeypatch.setenv("COCKPIT_DATABASE", address)
    assert "hunter2" not in repr(settings_from_environment())


@pytest.mark.parametrize("address", ["mysql://a@b/c", "postgresql:", "postgresql://", "a:hunter2@b", "sqlite:///x"])
def test_another_database_is_refused_without_repeating_its_address(address: str) -> None:
    with pytest.raises(OperatorMustAct) as refusal:
        checked_database(address)
    assert "hunter2" not in str(refusal.value)


def test_the_keyrings_address_is_read_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, kept in (("", None), ("sqlite:///k", "sqlite:///k"), ("postgres://a@b/k", "postgresql+psycopg://a@b/k")):
        monkeypatch.setenv("COCKPIT_KEYRING", given)
        assert settings_from_environment().keyring == kept
    monkeypatch.setenv("COCKPIT_KEYRING", "mysql://a:hunter2@b/k")
    with pytest.raises(OperatorMustAct, match="COCKPIT_KEYRING") as refusal:
        settings_from_environment()
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_postgresql_is_taken(scheme: str) -> None:
    assert checked_database(f"{scheme}://a@b/c") == "postgresql+psycopg://a@b/c"
