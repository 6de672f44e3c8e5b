"""What a service owes after each decision: listed to it alone, stated with its key, told to the log when it is late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.answer_consent import refuse
from cockpit.acts.ask_consent import pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.expire_consents import expire_consents
from cockpit.acts.list_duties import list_duties
from cockpit.acts.receipts import receipts
from cockpit.acts.shares import Share, share
from cockpit.acts.take_statement import take_statement
from cockpit.acts.watch_duties import Watched, watch_duties
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.duties import DutyState
from cockpit.domain.ids import ConsentId, ServiceId
from cockpit.domain.moment import instant
from cockpit.domain.service import Service
from cockpit.grants.statements import ACKNOWLEDGEMENT_TYPE, ERASURE_TYPE, BadStatement
from cockpit.sealing.canonical import canonical
from cockpit.store.journal import journal
from tests.conftest import MovingClock
from tests.grants.registrations import KEY, STRANGER_KEY, service
from tests.web.calling import Caller, calling, deposit
from tests.web.screen import TestClient


@pytest.fixture
def coach(stranger: TestClient, cockpit: Cockpit) -> Caller:
    return calling(stranger, cockpit)


@pytest.fixture
def given(coach: Caller, cockpit: Cockpit, visit: Visit) -> ConsentId:
    deposit(cockpit, visit)
    issued = coach.redeem(coach.code(visit)).json()
    return ConsentId(issued["authorization_details"][0]["consent_id"])


def owed(cockpit: Cockpit, to: Service) -> list[tuple[str, str]]:
    return [(one.state, one.action) for one in list_duties(cockpit, to)]


def signed(cockpit: Cockpit, by: Service, record_sha256: str, typ: str = ACKNOWLEDGEMENT_TYPE, key: Any = KEY) -> str:
    said = {"service": by.id, "record_sha256": record_sha256, "at": instant(cockpit.clock())}
    return jws.serialize_compact({"alg": "ES256", "typ": typ}, canonical(said), key)


def shown(cockpit: Cockpit, visit: Visit, consent: ConsentId) -> Share:
    with cockpit.spaces.read(unlocked(visit)) as reader:
        return share(cockpit, reader, consent)


def told(cockpit: Cockpit, visit: Visit) -> list[tuple[str, Any]]:
    with cockpit.spaces.read(unlocked(visit)) as reader:
        found = [entry for entry in journal(reader) if entry.type.startswith("obligation.")]
    return [(entry.type, entry.subject["action"]) for entry in found]


def test_a_consent_and_its_end_are_to_be_acknowledged_and_the_data_erased(
    coach: Caller, cockpit: Cockpit, visit: Visit, given: ConsentId
) -> None:
    assert owed(cockpit, coach.service) == [("given", "acknowledge")]
    withdraw_consent(cockpit, visit.person, given)
    assert sorted(owed(cockpit, coach.service)) == [
        ("given", "acknowledge"), ("withdrawn", "acknowledge"), ("withdrawn", "erase"),
    ]  # fmt: skip
    duties = shown(cockpit, visit, given).duties
    assert [(duty.number, duty.action, duty.due[:10]) for duty in duties] == [
        (1, "acknowledge", "2026-11-30"), (2, "acknowledge", "2026-11-30"), (2, "erase", "2026-12-23"),
    ]  # fmt: skip


@pytest.mark.parametrize("read", [True, False])
def test_what_was_read_under_a_consent_that_ran_out_is_erased_after_its_retention(
    coach: Caller, cockpit: Cockpit, visit: Visit, clock: MovingClock, read: bool
) -> None:
    deposit(cockpit, visit)
    issued = coach.redeem(coach.code(visit)).json()
    if read:
        assert coach.read(issued["access_token"]).status_code == 200
    clock.forward(days=150)
    assert expire_consents(cockpit).over == 1
    expired = [duty for duty in list_duties(cockpit, coach.service) if duty.state == "expired"]
    # Over on 22 April 2027; kept for six months, and thirty days more to state it. Who never read has nothing.
    wanted = [("acknowledge", "2027-04-29"), ("erase", "2027-11-21")]
    assert sorted((duty.action, duty.due[:10]) for duty in expired) == (wanted if read else wanted[:1])
    if read:
        (owes,) = [duty for duty in expired if duty.action == "erase"]
        statement = signed(cockpit, coach.service, owes.record_sha256, ERASURE_TYPE)
        clock.forward(days=200)
        assert take_statement(cockpit, coach.service, statement).days_late == 0


def test_a_refusal_binds_nobody(coach: Caller, cockpit: Cockpit, visit: Visit) -> None:
    refuse(cockpit, visit, pending(cockpit, coach.service.id, coach.push().json()["request_uri"]))
    assert owed(cockpit, coach.service) == []


def test_a_statement_is_in_the_log_and_in_the_receipt_once(
    coach: Caller, cockpit: Cockpit, visit: Visit, given: ConsentId
) -> None:
    (duty,) = list_duties(cockpit, coach.service)
    text = signed(cockpit, coach.service, duty.record_sha256)
    first = take_statement(cockpit, coach.service, text)
    assert (first.action, first.days_late) == ("acknowledge", 0)
    assert take_statement(cockpit, coach.service, text) == first
    assert owed(cockpit, coach.service) == []
    assert told(cockpit, visit) == [("obligation.done", "acknowledge")]
    with cockpit.spaces.read(unlocked(visit)) as reader:
        assert receipts(cockpit, reader, given)[0].receipt.acknowledgement == text
    (done,) = shown(cockpit, visit, given).duties
    assert done.standing.state is DutyState.IN_TIME


def test_an_erasure_is_stated_by_itself_and_is_no_acknowledgement(
    coach: Caller, cockpit: Cockpit, visit: Visit, given: ConsentId
) -> None:
    withdraw_consent(cockpit, visit.person, given)
    erasing = next(one for one in list_duties(cockpit, coach.service) if one.action == "erase")
    taken = take_statement(cockpit, coach.service, signed(cockpit, coach.service, erasing.record_sha256, ERASURE_TYPE))
    assert taken.action == "erase"
    assert sorted(owed(cockpit, coach.service)) == [("given", "acknowledge"), ("withdrawn", "acknowledge")]
    with cockpit.spaces.read(unlocked(visit)) as reader:
        assert receipts(cockpit, reader, given)[1].receipt.acknowledgement == ""


def test_what_another_service_states_is_refused(coach: Caller, cockpit: Cockpit, given: ConsentId) -> None:
    (duty,) = list_duties(cockpit, coach.service)
    other = service(client_name="Autre")
    assert other.id != coach.service.id
    assert owed(cockpit, other) == []
    for by, text in (
        (other, signed(cockpit, other, duty.record_sha256)),
        (coach.service, signed(cockpit, coach.service, "0" * 64)),
        (coach.service, signed(cockpit, coach.service, duty.record_sha256, ERASURE_TYPE)),
        (coach.service, signed(cockpit, coach.service, duty.record_sha256, key=STRANGER_KEY)),
        (coach.service, signed(cockpit, other, duty.record_sha256)),
    ):
        with pytest.raises(BadStatement):
            take_statement(cockpit, by, text)
    assert owed(cockpit, coach.service) == [("given", "acknowledge")]
    assert ServiceId(other.id) not in {"", coach.service.id}


def test_the_round_tells_what_is_due_then_what_was_missed_each_once(
    coach: Caller, cockpit: Cockpit, visit: Visit, given: ConsentId, clock: MovingClock
) -> None:
    assert watch_duties(cockpit) == Watched(1, 0)
    assert watch_duties(cockpit) == Watched(0, 0)
    clock.now += timedelta(days=7)
    assert watch_duties(cockpit) == Watched(0, 0)
    clock.now += timedelta(seconds=1)
    assert watch_duties(cockpit) == Watched(0, 1)
    assert watch_duties(cockpit) == Watched(0, 0)
    assert told(cockpit, visit) == [("obligation.due", "acknowledge"), ("obligation.missed", "acknowledge")]
    clock.now += timedelta(days=2)
    (late,) = shown(cockpit, visit, given).duties
    assert (late.standing.state, late.standing.days_late) == (DutyState.LATE, 2)
    (duty,) = list_duties(cockpit, coach.service)
    assert take_statement(cockpit, coach.service, signed(cockpit, coach.service, duty.record_sha256)).days_late == 2
    assert watch_duties(cockpit) == Watched(0, 0)
    (done,) = shown(cockpit, visit, given).duties
    assert done.standing.state is DutyState.AFTERWARDS


def test_the_doors_know_a_service_by_its_key(coach: Caller, cockpit: Cockpit, visit: Visit, given: ConsentId) -> None:
    listed = coach.post("/duties", {})
    assert listed.status_code == 200
    (duty,) = listed.json()["duties"]
    assert (duty["consent"], duty["state"], duty["action"]) == (given, "given", "acknowledge")
    text = signed(cockpit, coach.service, duty["record_sha256"])
    assert coach.http.post("/statements", data={"statement": text}).status_code == 401
    bad = coach.post("/statements", {"statement": text[:-8]})
    assert (bad.status_code, bad.json()["error"]) == (400, "invalid_request")
    assert coach.post("/statements", {"statement": text}).json()["days_late"] == 0
    assert coach.post("/duties", {}).json() == {"duties": []}
