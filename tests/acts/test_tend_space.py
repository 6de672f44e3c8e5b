"""Tending: inboxes are taken in, withdrawn keys are replaced, and the grants that run go on running."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import Verb, history
from cockpit.acts.issue_tokens import Issued, redeem_code, refresh
from cockpit.acts.read_for_service import Wanted, read_for_service
from cockpit.acts.rotate_collection_keys import rotate_collection_keys
from cockpit.acts.search_space import search_space
from cockpit.acts.tend_space import Tended, tend_space
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.narrowing import Narrowing
from cockpit.domain.errors import Tampered
from cockpit.domain.ids import Collection, ConnectorId, Kind, PersonId
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.grants.keys import opened_keyring, unwrap_private
from cockpit.grants.pushed import Redirect
from cockpit.search.query import Query
from cockpit.store import consents, heads, services, tables
from cockpit.store.epochs import begin, retire
from cockpit.store.space import FILES
from cockpit.store.walls import EVERYONE
from tests.consent.worlds import ASK, SERIES, SERVICE
from tests.store.test_canaries import CHALLENGE, VERIFIER

ENERGY = Collection("energy")
ORIGIN = Provenance(ConnectorId("fr.enedis.csv"), "1.0.0", Method.PARSED, Basis.OBSERVED)


def deposit(cockpit: Cockpit, person: PersonId, month: int, value: int = 200) -> None:
    data = {"start": f"2026-{month:02}-01T00:00:00Z", "interval": "PT30M", "unit": "W", "values": [value] * 48}
    record = Record(SERIES, f"m|{month}", f"2026-{month:02}-02", {**data}, ORIGIN)
    with cockpit.spaces.write(person) as writer:
        writer.deposit(ORIGIN.connector, [record], "2026-11-23T09:30:00Z")


def granted(cockpit: Cockpit, visit: Visit) -> Issued:
    with cockpit.database.write(EVERYONE) as connection:
        services.put(connection, SERVICE)
    redirect = Redirect(SERVICE.redirect_uris[0], "state", CHALLENGE)
    pushed = ask_consent(cockpit, SERVICE, "energy-advice-v1", ASK, redirect)
    url = give(cockpit, visit, pending(cockpit, SERVICE.id, pushed.request_uri), Narrowing(3))
    code = url.partition("code=")[2].partition("&")[0]
    return redeem_code(cockpit, SERVICE, code, SERVICE.redirect_uris[0], VERIFIER)


def tend(cockpit: Cockpit, visit: Visit) -> Tended:
    assert visit.keyring is not None
    return tend_space(cockpit, visit.keyring)


def epochs(cockpit: Cockpit, visit: Visit) -> set[int]:
    with cockpit.database.read(EVERYONE) as connection:
        return set(heads.keys_of(connection, visit.person, ENERGY))


def test_a_long_inbox_is_taken_in_and_a_short_one_is_left(cockpit: Cockpit, visit: Visit) -> None:
    for month in range(1, 9):
        deposit(cockpit, visit.person, month)
    assert tend(cockpit, visit).compacted == 1
    deposit(cockpit, visit.person, 9)
    assert tend(cockpit, visit).compacted == 0


def test_a_withdrawal_begins_a_new_epoch_at_the_next_unlock(cockpit: Cockpit, visit: Visit) -> None:
    deposit(cockpit, visit.person, 9)
    issued = granted(cockpit, visit)
    withdraw_consent(cockpit, visit.person, issued.consent)
    assert epochs(cockpit, visit) == {1}
    done = tend(cockpit, visit)
    assert done.begun >= 1
    assert epochs(cockpit, visit) == {2}
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        assert len(reader.records(SERIES)) == 1


def test_a_running_grant_reads_on_after_the_epoch_changed(cockpit: Cockpit, visit: Visit) -> None:
    deposit(cockpit, visit.person, 9)
    stays, goes = granted(cockpit, visit), granted(cockpit, visit)
    withdraw_consent(cockpit, visit.person, goes.consent)
    tend(cockpit, visit)
    deposit(cockpit, visit.person, 10)
    assert stays.refresh_token is not None
    token = refresh(cockpit, SERVICE, stays.refresh_token).access_token
    assert read_for_service(cockpit, token, Wanted(SERIES)).count >= 1


def test_the_keys_of_a_withdrawn_grant_do_not_open_what_came_after(cockpit: Cockpit, visit: Visit) -> None:
    """Somebody kept the token and a copy of the database from before the withdrawal, and takes today's database."""
    deposit(cockpit, visit.person, 9)
    issued = granted(cockpit, visit)
    with cockpit.database.read(EVERYONE) as connection:
        wraps = consents.wraps(connection, visit.person, issued.consent)
        wrapped = connection.execute(
            select(tables.token.c.wrapped_grant_key).where(tables.token.c.type == "access")
        ).scalar_one()
    private = unwrap_private(issued.access_token, wrapped, issued.consent)
    kept = opened_keyring(private, wraps, visit.person, issued.consent)
    with cockpit.spaces.read(kept) as reader:
        assert len(reader.records(SERIES)) == 1
    withdraw_consent(cockpit, visit.person, issued.consent)
    tend(cockpit, visit)
    deposit(cockpit, visit.person, 10)
    with cockpit.spaces.read(kept) as reader, pytest.raises(Tampered):
        reader.records(SERIES)


def test_no_segment_stays_under_an_old_key(cockpit: Cockpit, visit: Visit) -> None:
    for month in range(1, 9):
        deposit(cockpit, visit.person, month)
    tend(cockpit, visit)
    deposit(cockpit, visit.person, 9)
    issued = granted(cockpit, visit)
    withdraw_consent(cockpit, visit.person, issued.consent)
    tend(cockpit, visit)
    segment = tables.segment
    with cockpit.database.read(EVERYONE) as connection:
        old = select(func.count()).where(segment.c.collection == ENERGY, segment.c.epoch < 2)
        assert connection.execute(old).scalar_one() == 0


def test_tending_twice_does_nothing_more(cockpit: Cockpit, visit: Visit) -> None:
    deposit(cockpit, visit.person, 9)
    withdraw_consent(cockpit, visit.person, granted(cockpit, visit).consent)
    tend(cockpit, visit)
    assert tend(cockpit, visit) == Tended()


def test_new_collection_keys_move_records_notes_and_documents_and_destroy_the_old(
    cockpit: Cockpit, visit: Visit
) -> None:
    deposit(cockpit, visit.person, 9)
    with cockpit.spaces.write(visit.person) as writer:
        blob = writer.keep_file(b"a paper")
    assert visit.keyring is not None
    rotate_collection_keys(cockpit, visit)
    done = tend(cockpit, visit)
    assert done.begun == done.retired > 3
    with cockpit.spaces.read(visit.keyring) as reader:
        assert len(reader.records(SERIES)) == 1
        assert reader.file(blob) == b"a paper"
        assert history(reader)[0].verb is Verb.ROTATED
    with cockpit.database.read(EVERYONE) as connection:
        assert set(connection.execute(select(tables.collection_key.c.epoch)).scalars()) == {2}


def test_a_new_epoch_leaves_no_document_behind_when_it_was_interrupted(cockpit: Cockpit, visit: Visit) -> None:
    """The keys of an epoch are destroyed only once no document needs them."""
    with cockpit.spaces.write(visit.person) as writer:
        blob = writer.keep_file(b"a paper")
    assert visit.keyring is not None
    with cockpit.database.write(visit.person) as connection:
        begin(connection, cockpit.spaces, visit.keyring, FILES)
        assert retire(connection, visit.person, FILES) == ()
    tend(cockpit, visit)
    with cockpit.spaces.read(visit.keyring) as reader:
        assert reader.file(blob) == b"a paper"


def test_what_is_compacted_is_found_by_searching(cockpit: Cockpit, visit: Visit) -> None:
    origin = Provenance(ConnectorId("intl.ofx"), "1.0.0", Method.PARSED, Basis.OBSERVED)
    for key in range(10):
        record = Record(Kind("bank.transaction"), str(key), "2026-10-01", {"label": f"BOULANGERIE {key}"}, origin)
        with cockpit.spaces.write(visit.person) as writer:
            writer.deposit(origin.connector, [record], "2026-11-23T09:30:00Z")
    tend(cockpit, visit)
    assert search_space(cockpit, visit, Query("boulangerie")).found.total == 10
