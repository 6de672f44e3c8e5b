"""After the answer has left: the index is opened for the first search, and not held for a space locked meanwhile."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from cockpit.accounts.sessions import Visit
from cockpit.acts import search_space as act
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace
from cockpit.acts.search_space import open_index, search_space
from cockpit.acts.visits import lock
from cockpit.search.query import Query
from cockpit_web import tending
from tests.web.furnished import furnish


def _answered(cockpit: Cockpit, cookie: str) -> None:
    background = tending.tend_after(Response(), cockpit, cookie).background
    assert background is not None
    background.func(*background.args)


@pytest.fixture
def searched(cockpit: Cockpit, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A space that has an index at rest, and none in memory."""
    furnish(cockpit, visit)
    monkeypatch.setattr(act, "WORTH_KEEPING", 0)
    search_space(cockpit, visit, Query("loyer"))
    cockpit.indexes.drop(visit.session)
    return visit


def test_the_index_waits_for_the_first_search(cockpit: Cockpit, opened: OpenedSpace, searched: Visit) -> None:
    _answered(cockpit, opened.cookie)
    assert cockpit.indexes.get(searched.session, searched.person) is not None


def test_a_space_locked_meanwhile_leaves_no_index_in_memory(
    cockpit: Cockpit, opened: OpenedSpace, searched: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked_first(cockpit: Cockpit, visit: Visit) -> None:
        lock(cockpit, visit)
        open_index(cockpit, visit)
        assert len(cockpit.indexes) == 1

    monkeypatch.setattr(tending, "open_index", locked_first)
    _answered(cockpit, opened.cookie)
    assert len(cockpit.indexes) == 0
