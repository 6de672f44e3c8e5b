"""The authorization server's doors: each error of each endpoint, and what a code or a request is worth."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.register_service import register_service
from cockpit.acts.shares import shares
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.domain.ids import ConsentId
from cockpit.grants.clients import new_initial_access_token
from cockpit_web.programs import PROGRAMS
from cockpit_web.visitor import reading
from tests.conftest import MovingClock
from tests.grants.registrations import ISSUER, STRANGER_KEY, registration, service
from tests.web.calling import VERIFIER, Caller, calling, entries
from tests.web.screen import TestClient

FORM_DOORS = ("/par", "/token", "/revoke", "/duties", "/statements")


@pytest.fixture
def coach(stranger: TestClient, cockpit: Cockpit) -> Caller:
    return calling(stranger, cockpit)


def refused(answer: Any, status: int, error: str) -> None:
    """A refusal has the status and the word asked, may not be kept, and explains itself in printable ASCII."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.headers["cache-control"] == "no-store"
    # RFC 6749 section 5.2.
    assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]{8,300}", answer.json()["error_description"])
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_every_endpoint_that_the_metadata_names_is_there(stranger: TestClient) -> None:
    metadata = stranger.get("/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == ISSUER
    paths = {getattr(route, "path", "") for router in PROGRAMS for route in router.routes}
    for name, address in metadata.items():
        if name.endswith("_endpoint"):
            assert address.removeprefix(ISSUER) in paths
    resource = stranger.get("/.well-known/oauth-protected-resource/api").json()
    assert resource == stranger.get("/.well-known/oauth-protected-resource").json()
    assert resource["authorization_servers"] == [metadata["issuer"]]
    assert resource["resource"] == f"{ISSUER}/api"


# Registering


def register(http: TestClient, token: str | None, body: Any = None, content: str = "application/json") -> Any:
    headers = {"Content-Type": content} | ({"Authorization": f"Bearer {token}"} if token is not None else {})
    return http.post("/register", content=json.dumps(registration() if body is None else body), headers=headers)


@pytest.fixture
def token(cockpit: Cockpit) -> str:
    return new_initial_access_token(cockpit.operator, cockpit.clock(), 1)


def test_a_service_registers_once_with_a_token_and_it_is_logged(
    stranger: TestClient, cockpit: Cockpit, token: str
) -> None:
    answer = register(stranger, token)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert {name: made[name] for name in registration()} == registration() | {"jwks": made["jwks"]}
    assert json.loads(entries(cockpit)[-1].leaf)["type"] == "recipient.registered"
    refused(register(stranger, token), 401, "invalid_token")


def test_a_refused_registration_leaves_its_token_good(stranger: TestClient, token: str) -> None:
    refused(register(stranger, token, registration(client_name="")), 400, "invalid_client_metadata")
    refused(register(stranger, token, registration(redirect_uris=["http://a.example/"])), 400, "invalid_redirect_uri")
    refused(register(stranger, token, []), 400, "invalid_client_metadata")
    assert register(stranger, token).status_code == 201


def test_without_a_token_of_this_operator_nobody_registers(
    stranger: TestClient, clock: MovingClock, token: str
) -> None:
    for wrong in (None, "", "x", token[:-1] + "!", "2030-01-01T00:00:00Z.00.00"):
        refused(register(stranger, wrong), 401, "invalid_token")
    clock.forward(days=1)
    refused(register(stranger, token), 401, "invalid_token")


def test_a_registration_is_json_of_at_most_64_kib(stranger: TestClient, token: str) -> None:
    refused(register(stranger, token, content="text/plain"), 415, "invalid_request")
    assert register(stranger, token, registration(more="x" * 66_000)).status_code == 413
    assert register(stranger, token, content="Application/JSON; charset=utf-8").status_code == 201


# What all the form doors have in common


@pytest.mark.parametrize("door", FORM_DOORS)
def test_a_door_for_forms_takes_nothing_else(coach: Caller, door: str) -> None:
    refused(coach.http.post(door, json={"client_id": "x"}), 415, "invalid_request")
    refused(coach.http.post(door, files={"a": b"b"}), 415, "invalid_request")
    refused(coach.http.post(door), 415, "invalid_request")
    assert coach.http.get(door).status_code == 405
    assert coach.http.post(door, data={"a": "x" * 66_000}).status_code == 413


@pytest.mark.parametrize("door", FORM_DOORS)
@pytest.mark.parametrize("body", [b"a", b"a=1&a=2", b"\xff=1", "é=1".encode(), b"a=1&" * 41, b"&&"])
def test_a_malformed_form_is_refused(coach: Caller, door: str, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refused(coach.http.post(door, content=body, headers=headers), 400, "invalid_request")


@pytest.mark.parametrize("door", FORM_DOORS)
@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"client_assertion": "a.b.c"},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
        {"client_assertion": "[" * 9000, "client_assertion_type": "urn:x"},
        {"client_id": "c_x", "client_secret": "secret"},
    ],
    ids=lambda proof: ",".join(proof) or "none",
)
def test_without_proof_nobody_passes_a_door_for_forms(coach: Caller, door: str, proof: dict[str, str]) -> None:
    refused(coach.http.post(door, data={"token": "x", **proof}), 401, "invalid_client")


@pytest.mark.parametrize("door", FORM_DOORS)
def test_a_basic_password_and_somebody_elses_signature_prove_nothing(coach: Caller, door: str) -> None:
    refused(coach.http.post(door, data={"token": "x"}, auth=("c_x", "secret")), 401, "invalid_client")
    signed = coach.assertion(key=STRANGER_KEY)
    refused(coach.post(door, {"client_assertion": signed}), 401, "invalid_client")


@pytest.mark.parametrize(
    ("door", "missing"),
    [("/par", "response_type"), ("/token", "grant_type"), ("/revoke", "token"), ("/statements", "statement")],
)
def test_a_proved_service_is_told_what_is_missing(coach: Caller, door: str, missing: str) -> None:
    answer = coach.post(door, {})
    refused(answer, 400, "invalid_request")
    assert missing in answer.json()["error_description"]


# Pushing


def test_a_push_is_kept_for_five_minutes_and_nobody_elses(
    coach: Caller, stranger: TestClient, cockpit: Cockpit, clock: MovingClock
) -> None:
    pushed = coach.push()
    assert pushed.status_code == 201
    assert pushed.json()["expires_in"] == 300
    assert re.fullmatch(r"urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}", pushed.json()["request_uri"])
    query = {"client_id": coach.service.id, "request_uri": pushed.json()["request_uri"]}
    # Loading the page does not use the request up.
    for _ in range(2):
        sent = stranger.get("/authorize", params=query | {"state": "other", "redirect_uri": "https://evil.example"})
        assert sent.status_code == 303
        assert sent.headers["location"].startswith("/demande?")
        assert "evil" not in sent.headers["location"]
    other = register_service(cockpit, service(client_name="Autre"))
    for wrong in (
        query | {"client_id": other.id}, query | {"client_id": "c_nobody"}, query | {"request_uri": "urn:x"},
        {"client_id": coach.service.id}, {"request_uri": query["request_uri"]}, {},
        {"client_id": coach.service.id, "response_type": "code", "redirect_uri": "https://evil.example"},
    ):  # fmt: skip
        page = stranger.get("/authorize", params=wrong)
        assert page.status_code == 400
        assert page.headers["content-type"].startswith("text/html")
    assert stranger.get("/authorize", params=[*query.items(), ("client_id", other.id)]).status_code == 400
    clock.forward(seconds=301)
    assert stranger.get("/authorize", params=query).status_code == 400


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"purpose": "energy-advice-v2"}, "unknown_use"),
        ({"purpose": "energy-study-v1"}, "use_not_declared"),
        ({"datatypes": []}, "nothing_asked"),
        ({"datatypes": ["energy.series", "bank.transaction"]}, "kind_not_declared"),
        ({"datatypes": ["invoice.document"]}, "required_missing"),
        ({"fields": {"energy.series": ["meter"]}}, "field_not_declared"),
        ({"fields": {"energy.series": ["energy"]}}, "field_not_declared"),
        ({"period": {"from": "2020-01-01", "to": "2026-11-01"}}, "period_too_long"),
        ({"period": {"from": "2026-11-02", "to": "2026-11-01"}}, "period_reversed"),
        ({"access": {"until": "2030-01-01T00:00:00Z"}}, "duration_too_long"),
        ({"access": {"until": "2026-11-23T09:30:00Z"}}, "already_over"),
        ({"access": {"until": "2027-01-01T00:00:00Z", "max_per_day": 5}}, "too_often"),
        ({"access": {"until": "2027-01-01T00:00:00Z", "max_per_day": 10**30}}, "too_often"),
        ({"retention": "P7M"}, "retention_too_long"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_each_way_of_asking_too_much_is_refused_and_logged(
    coach: Caller, cockpit: Cockpit, changes: dict[str, Any], reason: str
) -> None:
    before = len(entries(cockpit))
    refused(coach.push(authorization_details=coach.details(**changes)), 400, "invalid_authorization_details")
    (entry,) = entries(cockpit)[before:]
    assert json.loads(entry.leaf)["type"] == "consent.overasked"
    assert entry.part["reason"] == reason


def test_malformed_details_are_no_asking_and_leave_no_entry(coach: Caller, cockpit: Cockpit) -> None:
    before = len(entries(cockpit))
    answer = coach.push(authorization_details=coach.details(purpose="énergie\u202e", more=1))
    refused(answer, 400, "invalid_authorization_details")
    assert len(entries(cockpit)) == before


# Redeeming and renewing


def test_a_code_becomes_tokens_that_may_not_be_kept_by_caches(coach: Caller, visit: Visit) -> None:
    answer = coach.redeem(coach.code(visit))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    issued = answer.json()
    assert issued["token_type"] == "Bearer"
    assert issued["expires_in"] == 300
    assert len({issued["access_token"], issued["refresh_token"]}) == 2
    (granted,) = issued["authorization_details"]
    assert granted["type"] == "personal_data_access"
    assert granted["locations"] == [f"{ISSUER}/api"]


def test_a_consent_for_one_reading_gives_no_refresh_token(coach: Caller, visit: Visit) -> None:
    once = {"mode": "once", "until": "2027-01-01T00:00:00Z"}
    issued = coach.redeem(coach.code(visit, authorization_details=coach.details(access=once))).json()
    assert "refresh_token" not in issued
    assert issued["authorization_details"][0]["access"]["mode"] == "once"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:9000/autre"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"client_id": "c_other"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_a_wrong_redemption_gives_nothing_and_does_not_burn_the_code(
    coach: Caller, visit: Visit, changes: dict[str, str], error: str
) -> None:
    code = coach.code(visit)
    refused(coach.redeem(code, **changes), 400, error)
    assert coach.redeem(code).status_code == 200


def test_a_code_lives_45_seconds(coach: Caller, visit: Visit, clock: MovingClock) -> None:
    code, late = coach.code(visit), coach.code(visit)
    clock.forward(seconds=44)
    assert coach.redeem(code).status_code == 200
    clock.forward(seconds=1)
    refused(coach.redeem(late), 400, "invalid_grant")


def test_codes_and_refresh_tokens_are_worth_nothing_to_another_service(
    coach: Caller, cockpit: Cockpit, visit: Visit
) -> None:
    thief = calling(coach.http, cockpit)
    code = coach.code(visit)
    refused(thief.redeem(code), 400, "invalid_grant")
    issued = coach.redeem(code).json()
    refused(thief.renew(issued["refresh_token"]), 400, "invalid_grant")
    assert thief.post("/revoke", {"token": issued["refresh_token"]}).status_code == 200
    assert coach.renew(issued["refresh_token"]).status_code == 200


def test_each_kind_of_secret_works_only_at_its_own_door(coach: Caller, visit: Visit) -> None:
    code = coach.code(visit)
    refused(coach.renew(code), 400, "invalid_grant")
    assert coach.read(code).status_code == 401
    issued = coach.redeem(code).json()
    refused(coach.renew(issued["access_token"]), 400, "invalid_grant")
    refused(coach.redeem(issued["refresh_token"]), 400, "invalid_grant")
    refused(coach.redeem("code_unknown"), 400, "invalid_grant")
    assert coach.read(issued["refresh_token"]).status_code == 401


def test_a_refresh_token_stays_the_same_and_ends_with_the_consent(
    coach: Caller, visit: Visit, clock: MovingClock
) -> None:
    renewal = coach.redeem(coach.code(visit)).json()["refresh_token"]
    first, second = coach.renew(renewal).json(), coach.renew(renewal).json()
    assert first["access_token"] != second["access_token"]
    assert "refresh_token" not in first
    assert first["authorization_details"] == second["authorization_details"]
    clock.forward(days=61)
    refused(coach.renew(renewal), 400, "invalid_grant")


def test_withdrawing_ends_a_code_not_yet_redeemed_and_no_other_consent(
    coach: Caller, cockpit: Cockpit, visit: Visit
) -> None:
    kept = coach.redeem(coach.code(visit)).json()
    code = coach.code(visit)
    with reading(cockpit, visit) as reader:
        (last,) = {share.consent for share in shares(cockpit, reader)} - {consent_of(kept)}
    withdraw_consent(cockpit, visit.person, last)
    refused(coach.redeem(code), 400, "invalid_grant")
    assert coach.renew(kept["refresh_token"]).status_code == 200
    withdraw_consent(cockpit, visit.person, consent_of(kept))
    refused(coach.renew(kept["refresh_token"]), 400, "invalid_grant")
    assert coach.read(kept["access_token"]).status_code == 401


def consent_of(issued: dict[str, Any]) -> ConsentId:
    return ConsentId(issued["authorization_details"][0]["consent_id"])


def test_revoking_a_refresh_token_ends_all_its_tokens(coach: Caller, visit: Visit) -> None:
    issued = coach.redeem(coach.code(visit)).json()
    answer = coach.post("/revoke", {"token": issued["refresh_token"], "token_type_hint": "access_token"})
    assert (answer.status_code, answer.content) == (200, b"")
    refused(coach.renew(issued["refresh_token"]), 400, "invalid_grant")
    assert coach.read(issued["access_token"]).status_code == 401
    assert coach.post("/revoke", {"token": issued["refresh_token"]}).status_code == 200


def test_no_secret_is_said_back(coach: Caller, visit: Visit) -> None:
    issued = coach.redeem(coach.code(visit)).json()
    for answer in (
        coach.redeem("code_very-secret"),
        coach.renew("prt_very-secret"),
        coach.read("pat_very-secret"),
        coach.push(code_challenge="very-secret"),
        coach.redeem("x", code_verifier="very-secret"),
        coach.read(issued["access_token"], "very-secret"),
    ):
        assert answer.status_code >= 400
        assert "very-secret" not in answer.text
    assert VERIFIER not in coach.redeem(coach.code(visit)).text
