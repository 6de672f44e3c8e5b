"""PostgreSQL stops, hangs or is busy: the act says so, nothing of it is kept, and the next one works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGINT, SIGQUIT

import pytest
from sqlalchemy import Connection, select

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.bootstrap import build
from cockpit.domain.errors import OperatorMustAct
from cockpit.store import connecting, engine, services, tables
from tests.consent.worlds import SERVICE
from tests.postgresql import Cluster

pytestmark = pytest.mark.postgresql


def put(cockpit: Cockpit, then: Callable[[Connection], object] = lambda _: None) -> None:
    """Write a row, then let something happen before the transaction ends."""
    with cockpit.database.write() as connection:
        services.put(connection, SERVICE)
        then(connection)


def kept(cockpit: Cockpit) -> bool:
    with cockpit.database.read() as connection:
        return services.find(connection, SERVICE.id) is not None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, met sooner."""
    for writing in (False, True):
        beginning = engine._BEGINNINGS["postgresql", writing]
        for name in ("lock_timeout", "statement_timeout"):
            seconds = connecting.BUSY_SECONDS if name == "lock_timeout" else engine.STATEMENT_SECONDS
            assert f"{name} = '{seconds}s'" in beginning
            beginning = beginning.replace(f"{name} = '{seconds}s'", f"{name} = '200ms'")
        monkeypatch.setitem(engine._BEGINNINGS, ("postgresql", writing), beginning)


@contextmanager
def somebody_writing(cockpit: Cockpit) -> Iterator[None]:
    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        with cockpit.database.write():
            begun.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert begun.wait(30)
    try:
        yield
    finally:
        done.set()
        holder.join(30)


@pytest.mark.usefixtures("impatient")
def test_a_writer_that_waits_too_long_says_so_and_readers_do_not_wait(cockpit: Cockpit) -> None:
    with somebody_writing(cockpit):
        with pytest.raises(OperatorMustAct, match="nothing was kept"):
            put(cockpit)
        assert not kept(cockpit)
    put(cockpit)
    assert kept(cockpit)


@pytest.mark.usefixtures("impatient")
def test_a_statement_that_takes_too_long_is_ended(cockpit: Cockpit) -> None:
    def dawdle(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_sleep(5)")

    with pytest.raises(OperatorMustAct, match="nothing was kept"):
        put(cockpit, dawdle)
    assert not kept(cockpit)


@pytest.mark.usefixtures("impatient")
def test_a_pool_without_a_free_connection_says_so(cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cockpit.database.engine.pool, "_timeout", 0.2)
    taken = [cockpit.database.engine.connect() for _ in range(connecting.CONNECTIONS)]
    with pytest.raises(OperatorMustAct):
        kept(cockpit)
    for connection in taken:
        connection.close()
    assert not kept(cockpit)


@pytest.mark.parametrize("how", [SIGINT, SIGQUIT], ids=["restart", "crash"])
def test_a_server_that_restarts_mid_transaction_keeps_nothing_of_it(
    cockpit: Cockpit, visit: Visit, postgresql: Cluster, how: int
) -> None:
    def restart(connection: Connection) -> None:
        postgresql.stop(how)
        postgresql.start()
        connection.execute(select(tables.service.c.service_id))

    with pytest.raises(OperatorMustAct, match="nothing was kept"):
        put(cockpit, restart)
    assert not kept(cockpit)
    put(cockpit)
    assert kept(cockpit)


def test_a_server_lost_at_the_last_moment_is_not_called_a_success_nor_a_failure(
    cockpit: Cockpit, postgresql: Cluster
) -> None:
    with pytest.raises(OperatorMustAct, match="look whether it is there") as unsure:
        put(cockpit, lambda _: postgresql.stop())
    assert unsure.value.reason == "database_unsure"
    with pytest.raises(OperatorMustAct, match="does not answer"):
        kept(cockpit)
    postgresql.start()
    assert not kept(cockpit)
    put(cockpit)
    assert kept(cockpit)


def test_a_cockpit_without_its_server_says_so_without_the_password(cockpit: Cockpit, postgresql: Cluster) -> None:
    settings = cockpit.settings
    postgresql.stop()
    try:
        with pytest.raises(OperatorMustAct, match="does not answer") as refusal:
            build(settings)
    finally:
        postgresql.start()
    assert str(postgresql.folder) not in str(refusal.value)
    assert str(postgresql.folder) not in repr(settings)


def test_a_server_too_old_is_refused(cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "OLDEST_POSTGRESQL", 990_000)
    with pytest.raises(OperatorMustAct, match="newer is needed"):
        build(cockpit.settings)


def test_what_was_acknowledged_survives_a_crash(
    cockpit: Cockpit, visit: Visit, postgresql: Cluster, opened: object
) -> None:
    put(cockpit)
    postgresql.stop(SIGQUIT)
    postgresql.start()
    assert kept(cockpit)


def test_a_read_is_one_snapshot(cockpit: Cockpit) -> None:
    with cockpit.database.read() as connection:
        assert services.find(connection, SERVICE.id) is None
        put(cockpit)
        assert services.find(connection, SERVICE.id) is None
    assert kept(cockpit)


def test_a_transaction_is_begun_before_its_first_statement_on_a_connection_used_before(cockpit: Cockpit) -> None:
    """A connection that failed goes back clean: neither its transaction nor its person stays on it."""
    for _ in range(connecting.CONNECTIONS + 1):
        with pytest.raises(ZeroDivisionError):
            put(cockpit, lambda _: 1 // 0)
    assert not kept(cockpit)
