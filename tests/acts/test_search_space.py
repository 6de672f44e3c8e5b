"""Searching a space: what is found is the record as it is now, and an open index lives no longer than the session."""

from __future__ import annotations

from datetime import date

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts import search_space as act
from cockpit.acts.change_passphrase import change_passphrase
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace, open_space
from cockpit.acts.search_space import open_index, search_space
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import lock, recognise, sign_out, sign_out_elsewhere
from cockpit.domain.errors import SpaceLocked
from cockpit.domain.ids import ConnectorId, Kind
from cockpit.search.query import Query
from tests.acts.holding import proof_of
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.furnished import bank, furnish


@pytest.fixture
def kept(cockpit: Cockpit, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A furnished space whose index is held in memory, small as it is."""
    furnish(cockpit, visit)
    monkeypatch.setattr(act, "WORTH_KEEPING", 0)
    search_space(cockpit, visit, Query("loyer"))
    assert len(cockpit.indexes) == 1
    return visit


def test_what_is_found_is_the_record(cockpit: Cockpit, visit: Visit) -> None:
    furnish(cockpit, visit)
    answers = search_space(cockpit, visit, Query("loyer"))
    assert [stored.record.day for stored in answers.records] == ["2026-11-02", "2026-10-02", "2026-09-02"]
    assert {stored.record.data["label"] for stored in answers.records} == {"LOYER"}
    assert answers.found.total == 3
    assert len(cockpit.indexes) == 0


def test_a_kind_is_found_by_its_title_in_either_language(cockpit: Cockpit, visit: Visit) -> None:
    furnish(cockpit, visit)
    for typed in ("facture", "invoices"[:-1], "factur"):
        kinds = [stored.record.kind for stored in search_space(cockpit, visit, Query(typed)).records]
        assert kinds.count(Kind("invoice.document")) == 2
    assert search_space(cockpit, visit, Query("avis d'impôt 2026")).records


def test_what_came_since_is_found_at_once(cockpit: Cockpit, kept: Visit) -> None:
    with cockpit.spaces.write(kept.person) as writer:
        line = bank(date(2026, 11, 20), 2)[1]
        writer.deposit(ConnectorId("intl.ofx"), [line], "2026-11-23T09:30:00Z")
    assert search_space(cockpit, kept, Query("20/11/2026")).records
    assert len(cockpit.indexes) == 1


def test_an_index_that_exists_is_opened_before_the_first_search(cockpit: Cockpit, kept: Visit) -> None:
    cockpit.indexes.drop(kept.session)
    open_index(cockpit, kept)
    held = cockpit.indexes.get(kept.session, kept.person)
    search_space(cockpit, kept, Query("loyer"))
    assert held is not None and cockpit.indexes.get(kept.session, kept.person) is held


def test_no_index_is_made_for_who_never_had_one(
    cockpit: Cockpit, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(cockpit, visit)
    monkeypatch.setattr(act, "WORTH_KEEPING", 0)
    open_index(cockpit, visit)
    assert len(cockpit.indexes) == 0


def test_a_locked_space_is_not_searched(cockpit: Cockpit, opened: OpenedSpace, kept: Visit) -> None:
    lock(cockpit, kept)
    assert len(cockpit.indexes) == 0
    locked = recognise(cockpit, opened.cookie)
    assert locked is not None
    with pytest.raises(SpaceLocked):
        search_space(cockpit, locked, Query("loyer"))


def test_leaving_forgets_the_index(cockpit: Cockpit, kept: Visit) -> None:
    sign_out(cockpit, kept)
    assert len(cockpit.indexes) == 0


def test_an_idle_space_forgets_its_index(
    cockpit: Cockpit, opened: OpenedSpace, kept: Visit, clock: MovingClock
) -> None:
    clock.forward(minutes=16)
    recognise(cockpit, opened.cookie)
    assert len(cockpit.indexes) == 0


def test_leaving_elsewhere_forgets_the_indexes_there(cockpit: Cockpit, kept: Visit) -> None:
    def change() -> None:
        change_passphrase(cockpit, kept, proof_of(cockpit, kept), PASSPHRASE + "!")

    for end in (lambda: sign_out_elsewhere(cockpit, kept), change):
        elsewhere = recognise(cockpit, sign_in(cockpit, "camille", PASSPHRASE))
        assert elsewhere is not None
        search_space(cockpit, elsewhere, Query("loyer"))
        assert len(cockpit.indexes) == 2
        end()
        assert len(cockpit.indexes) == 1
        assert cockpit.indexes.get(kept.session, kept.person) is not None


def test_nobody_finds_what_is_anothers(cockpit: Cockpit, kept: Visit) -> None:
    other = recognise(cockpit, open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr").cookie)
    assert other is not None
    assert search_space(cockpit, other, Query("loyer")).records == ()
    assert search_space(cockpit, other, Query()).found.total == 0
