"""What a source brought before is known, however many runs it lies in, and only that."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import Tampered
from cockpit.domain.ids import ConnectorId
from cockpit.store import source_state, tables
from cockpit.store.source_state import load_state
from cockpit.store.walls import EVERYONE

KEY = b"k" * 32


def uid(number: int) -> bytes:
    return number.to_bytes(16, "big")


def digest(number: int) -> bytes:
    return number.to_bytes(8, "big")


BROUGHT = st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=40), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(refreshes=BROUGHT, keep_all=st.booleans(), searched_from=st.sampled_from([0, 1, 1000]))
def test_every_verdict_is_that_of_a_plain_table(
    cockpit: Cockpit, visit: Visit, refreshes: list[list[tuple[int, int]]], keep_all: bool, searched_from: int
) -> None:
    patched = pytest.MonkeyPatch()
    patched.setattr(source_state, "SEARCHED_FROM", searched_from)
    plain: dict[int, list[int]] = {}
    connector = ConnectorId("any")
    try:
        with cockpit.database.write(visit.person) as connection:
            for refresh in refreshes:
                state = load_state(connection, KEY, visit.person, connector, len(refresh))
                for number, value in refresh:
                    seen = plain.setdefault(number, [])
                    known = value in seen if keep_all else seen[-1:] == [value]
                    expected = None if known else "changed" if seen else "new"
                    if not known:
                        seen.append(value)
                    assert state.reconcile(uid(number), digest(value), keep_all=keep_all) == expected
                state.save()
            connection.rollback()
    finally:
        patched.undo()


def test_small_refreshes_do_not_leave_a_run_each(cockpit: Cockpit, visit: Visit) -> None:
    connector, table = ConnectorId("any"), tables.seen_record
    for refresh in range(100):
        with cockpit.database.write(EVERYONE) as connection:
            state = load_state(connection, KEY, visit.person, connector, 10)
            for number in range(10):
                state.reconcile(uid(refresh * 10 + number), digest(1), keep_all=False)
            state.save()
    with cockpit.database.read(EVERYONE) as connection:
        count = select(func.count()).where(table.c.source_id == connector)
        assert connection.execute(count).scalar_one() <= 6


def test_a_run_of_another_source_is_refused(cockpit: Cockpit, visit: Visit) -> None:
    table = tables.seen_record
    with cockpit.database.write(EVERYONE) as connection:
        state = load_state(connection, KEY, visit.person, ConnectorId("one"), 1)
        state.reconcile(uid(1), digest(1), keep_all=False)
        state.save()
        connection.execute(update(table).values(source_id="two"))
    with cockpit.database.read(EVERYONE) as connection, pytest.raises(Tampered):
        load_state(connection, KEY, visit.person, ConnectorId("two"), 1)
