"""The data API: exactly what was granted, a reason for each refusal, and an entry of the log for both."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give
from cockpit.acts.ask_consent import pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.visits import lock
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.narrowing import Narrowing, narrowed
from cockpit.consent.preview import preview
from cockpit.domain.ids import ConsentId
from cockpit.domain.use import Grain
from cockpit.grants.metadata import service_from_metadata
from cockpit.store import services
from cockpit.tlog import logs
from cockpit.tlog.tiles import unbundle
from cockpit_web.visitor import reading
from tests.conftest import MovingClock
from tests.grants.registrations import ISSUER, registration
from tests.web.calling import SERIES, Caller, calling, deposit, entries
from tests.web.screen import TestClient


@pytest.fixture
def coach(stranger: TestClient, cockpit: Cockpit, visit: Visit) -> Caller:
    deposit(cockpit, visit)
    return calling(stranger, cockpit)


@pytest.fixture
def token(coach: Caller, visit: Visit) -> str:
    return str(coach.redeem(coach.code(visit, Narrowing(months=1, grains={SERIES: Grain.DAY}))).json()["access_token"])


def problem(answer: Any, status: int, code: str) -> None:
    """RFC 9457, never cached, with a challenge (RFC 6750, RFC 9728) when it is about the token."""
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (status, code, status), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.json()["detail"]) > 10
    challenge = answer.headers.get("www-authenticate")
    if status == 400:
        assert challenge is None
    else:
        word = {401: "invalid_token", 403: "insufficient_scope"}[status]
        metadata = f"{ISSUER}/.well-known/oauth-protected-resource"
        assert challenge == f'Bearer error="{word}", resource_metadata="{metadata}"'


def test_what_is_released_is_what_the_preview_showed_byte_for_byte(
    coach: Caller, cockpit: Cockpit, visit: Visit
) -> None:
    choice = Narrowing(months=1, grains={SERIES: Grain.MONTH})
    waiting = pending(cockpit, coach.service.id, coach.push().json()["request_uri"])
    with reading(cockpit, visit) as reader:
        records = [kept.record for kept in reader.records(SERIES)]
    (shown,) = preview(narrowed(waiting.clause, choice, cockpit.clock()), waiting.use, lambda _: records)
    code = give(cockpit, visit, waiting, choice).partition("code=")[2].partition("&")[0]
    issued = coach.redeem(code).json()

    answer = coach.read(issued["access_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert set(said) == {"kind", "count", "consent", "obligations", "log", "items"}
    assert (said["kind"], said["count"]) == ("energy.series", len(said["items"]))
    assert said["consent"] == issued["authorization_details"][0]["consent_id"]
    assert said["obligations"] == ["delete-after P6M", "no-onward-transfer"]
    assert shown.count == len(said["items"]) >= 1
    assert answer.content.partition(b'"items":')[2] == shown.body.encode() + b"}"


def test_the_answer_names_the_entry_of_the_log_that_tells_of_it(coach: Caller, cockpit: Cockpit, token: str) -> None:
    said = coach.read(token).json()
    log = said["log"]["origin"].rpartition("/")[2]
    with cockpit.database.read() as connection:
        entry = list(cockpit.ledger.leaves(connection, logs.parse_name(log)))[said["log"]["index"]]
    assert json.loads(entry.leaf)["type"] == "access.allowed"
    assert entry.part["decision"] == "allowed"
    proof = coach.http.get(f"/log/{log}/proof/{said['log']['index']}").json()
    assert proof["checkpoint"].startswith(said["log"]["origin"] + "\n")


def test_a_read_may_ask_for_less_than_was_granted(coach: Caller, token: str) -> None:
    whole = coach.read(token).json()["items"]
    less = coach.read(token, **{"fields": "values", "grain": "month", "from": "2026-10-01", "until": "2026-10-10"})
    assert less.status_code == 200
    assert {name for item in less.json()["items"] for name in item} == {"values"}
    assert {name for item in whole for name in item} == {"interval", "start", "unit", "values"}
    assert len(less.content) < len(json.dumps(whole))
    assert coach.read(token, fields="values,values").status_code == 200


REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("energy.series", {"fields": "meter"}, "field-not-covered"),
    ("energy.series", {"fields": "values,meter"}, "field-not-covered"),
    ("energy.series", {"fields": "values\u202e"}, "field-not-covered"),
    ("energy.series", {"grain": "raw"}, "too-fine"),
    ("energy.series", {"from": "2025-01-01"}, "outside-period"),
    ("energy.series", {"until": "2027-01-01"}, "outside-period"),
    ("energy.series", {"from": "2026-11-10", "until": "2026-11-01"}, "outside-period"),
    ("invoice.document", {}, "kind-not-covered"),
    ("bank.transaction", {}, "not-declared"),
    ("tax.notice", {}, "not-declared"),
    ("no.such.kind", {}, "not-declared"),
    ("Odile-lives-here", {}, "not-declared"),
]


@pytest.mark.parametrize(("kind", "query", "reason"), REFUSED)
def test_a_read_of_more_is_refused_with_its_reason_and_logged(
    coach: Caller, cockpit: Cockpit, token: str, kind: str, query: dict[str, str], reason: str
) -> None:
    before = len(entries(cockpit))
    problem(coach.read(token, kind, **query), 403, reason)
    (entry,) = entries(cockpit)[before:]
    assert json.loads(entry.leaf)["type"] == "access.refused"
    assert entry.part["decision"] == reason
    # What a service makes up enters no log.
    assert entry.part["kind"] in {*cockpit.registry.kinds, "unknown"}
    assert set(entry.part["fields"]) <= {"values", "meter"}


@pytest.mark.parametrize(
    "query",
    [
        {"from": ""}, {"from": "yesterday"}, {"from": "20261101"}, {"from": "2026-W45-1"}, {"until": "2026-02-30"},
        {"until": "٢٠٢٦-11-01"}, {"grain": ""}, {"grain": "year"}, {"fields": ""}, {"fields": "start,"},
        {"fields": ",".join(f"f{n}" for n in range(65))}, {"limit": "5"}, {"access_token": "x"}, {"person": "x"},
    ],
    ids=ascii,
)  # fmt: skip
def test_a_malformed_read_is_refused_and_decides_nothing(
    coach: Caller, cockpit: Cockpit, token: str, query: dict[str, str]
) -> None:
    before = len(entries(cockpit))
    problem(coach.read(token, **query), 400, "bad_read")
    assert len(entries(cockpit)) == before


def test_a_parameter_may_not_come_twice(coach: Caller, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    problem(coach.http.get("/api/v1/records/energy.series?grain=day&grain=month", headers=headers), 400, "bad_read")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "DPoP pat_x",
        "Bearer pat_x",
        "Bearer " + "x" * 300,
        "Bearer é",
        "pat_x",
    ],
    ids=lambda value: ascii(value)[:16],
)  # fmt: skip
def test_without_a_live_token_nothing_is_read_and_it_says_where_to_get_one(coach: Caller, header: str | None) -> None:
    headers = [] if header is None else [(b"Authorization", header.encode("latin-1"))]
    problem(coach.http.get("/api/v1/records/energy.series", headers=headers), 401, "invalid_token")


def test_a_token_anywhere_but_in_the_header_is_not_seen(coach: Caller, token: str) -> None:
    address = "/api/v1/records/energy.series"
    problem(coach.http.get(f"{address}?access_token={token}"), 401, "invalid_token")
    coach.http.cookies.set("access_token", token)
    problem(coach.http.get(address), 401, "invalid_token")
    assert coach.http.post(address, data={"access_token": token}).status_code == 405


def test_the_scheme_is_read_in_any_case(coach: Caller, token: str) -> None:
    for scheme in ("bearer", "BEARER"):
        answer = coach.http.get("/api/v1/records/energy.series", headers={"Authorization": f"{scheme} {token}"})
        assert answer.status_code == 200


def test_a_person_signed_in_is_no_service(camille: TestClient, coach: Caller) -> None:
    problem(camille.get("/api/v1/records/energy.series"), 401, "invalid_token")


def test_an_access_token_lives_five_minutes(coach: Caller, token: str, clock: MovingClock) -> None:
    clock.forward(seconds=299)
    assert coach.read(token).status_code == 200
    clock.forward(seconds=1)
    problem(coach.read(token), 401, "invalid_token")


def test_the_daily_number_of_reads_is_held_and_starts_again_the_next_day(
    coach: Caller, visit: Visit, clock: MovingClock
) -> None:
    issued = coach.redeem(coach.code(visit)).json()
    for _ in range(4):
        assert coach.read(issued["access_token"]).status_code == 200
    problem(coach.read(issued["access_token"]), 403, "quota-spent")
    clock.forward(days=1)
    again = coach.renew(issued["refresh_token"]).json()["access_token"]
    assert coach.read(again).status_code == 200


def test_a_consent_for_one_reading_is_read_once(coach: Caller, visit: Visit) -> None:
    once = coach.details(access={"mode": "once", "until": "2026-12-01T00:00:00Z"})
    issued = coach.redeem(coach.code(visit, authorization_details=once)).json()
    assert coach.read(issued["access_token"]).status_code == 200
    problem(coach.read(issued["access_token"]), 403, "quota-spent")


def test_nothing_is_read_after_the_consent_ends_even_with_a_young_token(
    coach: Caller, visit: Visit, clock: MovingClock
) -> None:
    soon = coach.details(access={"until": "2026-11-24T09:32:00Z"}, period={"from": "2026-11-01", "to": "2026-11-20"})
    issued = coach.redeem(coach.code(visit, authorization_details=soon)).json()
    clock.forward(days=1)
    young = coach.renew(issued["refresh_token"]).json()["access_token"]
    assert coach.read(young).status_code == 200
    clock.forward(minutes=2)
    problem(coach.read(young), 401, "invalid_token")


def test_a_service_reads_while_the_person_is_locked(coach: Caller, cockpit: Cockpit, visit: Visit, token: str) -> None:
    before = coach.read(token).json()["items"]
    lock(cockpit, visit)
    assert coach.read(token).json()["items"] == before


def test_after_a_withdrawal_the_very_next_read_is_refused_and_the_person_sees_it(
    coach: Caller, cockpit: Cockpit, visit: Visit, token: str
) -> None:
    consent = ConsentId(coach.read(token).json()["consent"])
    withdraw_consent(cockpit, visit.person, consent)
    before = len(entries(cockpit))
    problem(coach.read(token), 401, "invalid_token")
    (entry,) = entries(cockpit)[before:]
    assert (json.loads(entry.leaf)["type"], entry.part["decision"]) == ("access.refused", "not-active")


def test_what_a_service_no_longer_declares_it_no_longer_reads(coach: Caller, cockpit: Cockpit, token: str) -> None:
    uses = [{"use": "energy-study-v1", "fields": {"energy.series": ["start"]}, "retention": "P1M"}]
    body = json.dumps(registration(declared_uses=uses)).encode()
    narrower = service_from_metadata(body, cockpit.registry, cockpit.clock())
    with cockpit.database.write() as connection:
        services.put(connection, replace(narrower, id=coach.service.id))
    problem(coach.read(token), 403, "not-declared")


@pytest.mark.parametrize("kind", ["energy.series/", "\n/", "../records/energy.series/"])
def test_a_token_is_not_sent_on_to_another_address(coach: Caller, token: str, kind: str) -> None:
    answer = coach.http.get(
        f"/api/v1/records/{quote(kind, safe='')}", headers={"Authorization": f"Bearer {token}"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers.get("location")) == (404, None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["energy.series", "invoice.document"]) | st.text(min_size=1, max_size=20),
    query=st.dictionaries(
        st.sampled_from(["from", "until", "fields", "grain", "limit"]),
        st.sampled_from(["2026-11-01", "2026-10-01", "day", "month", "raw", "values", "start,values", "meter"])
        | st.text(max_size=10),
        max_size=3,
    ),
)
def test_whatever_is_asked_only_granted_fields_and_days_leave(
    coach: Caller, token: str, cockpit: Cockpit, kind: str, query: dict[str, str]
) -> None:
    answer = coach.http.get(
        f"/api/v1/records/{quote(kind, safe='')}", params=query, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code in {200, 400, 403, 404}
    if answer.status_code == 200:
        for item in answer.json()["items"]:
            assert set(item) <= {"interval", "start", "unit", "values"}
            assert all("2026-08" < value.get("day", value.get("month")) < "2026-12" for value in item.get("values", []))


def together(coach: Caller, token: str, *parameters: tuple[str, str]) -> Any:
    return coach.http.get("/api/v1/records", params=list(parameters), headers={"Authorization": f"Bearer {token}"})


def test_several_kinds_are_answered_one_by_one_under_one_entry(coach: Caller, token: str) -> None:
    answer = together(coach, token, ("kind", SERIES), ("kind", "tax.notice"), ("from", "2026-11-01"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    series, refused = answer.json()["results"]
    assert refused == {"status": 403, "code": "not-declared", "detail": "the service no longer declares this use"}
    log = series.pop("log")
    alone = coach.read(token, **{"from": "2026-11-01"}).json()
    alone.pop("log")
    assert series == alone
    # The entry is public, and the service's read is the record at its position.
    name = log["origin"].rpartition("/")[2]
    records = unbundle(coach.http.get(f"/log/{name}/batch/{log['index']}").content)
    assert [json.loads(record)["type"] for record in records] == ["access.allowed", "access.refused"]
    assert log["position"] == 0


@pytest.mark.parametrize(
    "parameters",
    [
        [],
        [("kind", SERIES)] * 2,
        [("kind", f"k{number}") for number in range(17)],
        [("kind", SERIES), ("fields", "unit")],
        [("kind", SERIES), ("from", "2026-11-01"), ("from", "2026-11-02")],
        [("kind", SERIES), ("grain", "week")],
        [("kind", SERIES), ("until", "soon")],
    ],
)
def test_a_malformed_request_for_several_kinds_reads_nothing(
    coach: Caller, token: str, cockpit: Cockpit, parameters: list[tuple[str, str]]
) -> None:
    before = len(entries(cockpit))
    problem(together(coach, token, *parameters), 400, "bad_read")
    assert len(entries(cockpit)) == before


def test_several_kinds_need_a_live_token(coach: Caller, token: str) -> None:
    problem(together(coach, "nothing", ("kind", SERIES)), 401, "invalid_token")
