"""Walk 2: a consent, from a service to a token, then reads; over HTTP, with public libraries on the service's side."""

from __future__ import annotations

import html
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey

from cockpit.demo.persons import demo_files
from cockpit.grants.clients import new_initial_access_token
from tests.walks.conftest import Running
from tests.walks.test_walk_1_a_datum import PASSPHRASE, drop, sign_up

CALLBACK = "http://localhost:9/retour"
FIELDS = ["interval", "start", "unit", "values"]
VERIFIER = secrets.token_urlsafe(48)


@dataclass
class Client:
    """A service that knows the cockpit's address and what RFC 8414 says of it."""

    address: str
    http: httpx2.Client
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", private=True))
    client_id: str = ""

    def register(self, token: str) -> httpx2.Response:
        metadata = {
            "client_name": "Coach",
            "client_uri": "http://localhost:9",
            "contacts": ["bonjour@coach.example"],
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [self.key.as_dict(private=False)]},
            "declared_uses": [{"use": "energy-advice-v1", "fields": {"energy.series": FIELDS}, "retention": "P6M"}],
        }
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.http.post(f"{self.address}/register", json=metadata, headers=headers)
        self.client_id = answer.json().get("client_id", "")
        return answer

    def assertion(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": self.address,
            "iat": now, "exp": now + 60, "jti": secrets.token_urlsafe(12),
        }  # fmt: skip
        return jwt.encode({"alg": "ES256"}, {**claims, **changes}, self.key)

    def post(self, path: str, assertion: str | None = None, **parameters: str) -> httpx2.Response:
        form = {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
            **parameters,
        }
        return self.http.post(self.address + path, data=form)

    def push(self, asked: tuple[str, ...] = tuple(FIELDS), /, **changes: str) -> httpx2.Response:
        today = datetime.now(UTC).date()
        detail = {
            "type": "personal_data_access",
            "datatypes": ["energy.series"],
            "fields": {"energy.series": list(asked)},
            "purpose": "energy-advice-v1",
            "period": {"from": f"{today - timedelta(days=300)}", "to": f"{today}"},
            "access": {"mode": "recurring", "max_per_day": 4, "until": f"{today + timedelta(100)}T00:00:00Z"},
            "retention": "P6M",
        }
        parameters = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "state": "s/1&2=é",
            "code_challenge": create_s256_code_challenge(VERIFIER),
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([detail]),
        }
        return self.post("/par", **{**parameters, **changes})

    def tokens(self, code: str) -> httpx2.Response:
        return self.post(
            "/token", grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER
        )

    def read(self, token: str, kind: str = "energy.series", **query: str) -> httpx2.Response:
        url = f"{self.address}/api/v1/records/{kind}"
        return self.http.get(url, params=query, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def client(running: Running) -> Client:
    made = Client(running.address, running.program())
    token = new_initial_access_token(running.cockpit.operator, running.cockpit.clock(), 1)
    assert made.register(token).status_code == 201
    again = Client(running.address, running.program()).register(token)
    assert again.status_code == 401, "a registration token is used once"
    return made


@pytest.fixture
def person(running: Running) -> httpx2.Client:
    browser = running.browser()
    sign_up(browser)
    (camille,) = demo_files(1, datetime.now(UTC).date(), "camille")
    curve = next(file for file in camille.files if file.name.endswith(".csv"))
    drop(browser, curve.name, curve.content)
    return browser


def page_of(person: httpx2.Client, client: Client, request_uri: str) -> tuple[str, dict[str, str]]:
    """Follow the service's link to the page of the request."""
    query = {"client_id": client.client_id, "request_uri": request_uri, "state": "ignored"}
    sent = person.get("/authorize", params=query)
    assert sent.status_code == 303
    shown = person.get(sent.headers["location"])
    assert shown.status_code == 200
    return shown.text, {"client_id": client.client_id, "request_uri": request_uri}


def answered(person: httpx2.Client, form: dict[str, str]) -> dict[str, str]:
    sent = person.post("/demande", data=form)
    assert sent.status_code == 303, sent.text[:500]
    assert sent.headers["location"].startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}


def test_the_whole_walk(running: Running, client: Client, person: httpx2.Client) -> None:
    shown, form = page_of(person, client, client.push().json()["request_uri"])
    assert "Coach" in shown
    # Narrower than asked: by month, without the unit, for three months.
    choice = {"decision": "oui", "duree": "3", "grain.energy.series": "month", "retirer": "energy.series/unit"}
    narrowed = person.get("/demande", params={**form, **choice}).text
    answer = answered(person, {**form, **choice})
    assert answer["state"] == "s/1&2=é"
    assert answer["iss"] == running.address

    issued = client.tokens(answer["code"]).json()
    granted = issued["authorization_details"][0]
    assert granted["fields"] == {"energy.series": ["interval", "start", "values"]}
    assert granted["grains"] == {"energy.series": "month"}

    read = client.read(issued["access_token"])
    assert read.status_code == 200
    assert read.headers["cache-control"] == "no-store"
    items = read.json()["items"]
    assert {name for item in items for name in item} == {"interval", "start", "values"}
    assert all(set(value) == {"month", "value"} for item in items for value in item["values"])
    # The very bytes that the person was shown before saying yes.
    body = read.text[read.text.index('"items":') + len('"items":') : -1]
    assert html.escape(body[:2000], quote=True).replace("&#x27;", "&#39;") in narrowed.replace("&#34;", "&quot;")

    refused = client.read(issued["access_token"], fields="meter")
    assert (refused.status_code, refused.json()["code"]) == (403, "field-not-covered")
    assert client.read(issued["access_token"], grain="raw").json()["code"] == "too-fine"
    assert client.read(issued["access_token"], kind="bank.transaction").status_code == 403
    early = (date.fromisoformat(granted["period"]["from"]) - timedelta(days=1)).isoformat()
    assert client.read(issued["access_token"], **{"from": early}).json()["code"] == "outside-period"

    # The person is away and locked: the refresh token still opens what was granted, and no more.
    person.post("/verrouiller")
    again = client.post("/token", grant_type="refresh_token", refresh_token=issued["refresh_token"]).json()
    assert client.read(again["access_token"]).json()["items"] == items

    # Withdrawing needs no unlocking, and stops the very next request.
    person.post("/ouvrir", data={"passphrase": PASSPHRASE})
    link = re.search(r'action="(/partages/[0-9a-f]{32}/arreter)"', person.get("/partages").text)
    assert link is not None
    person.post("/verrouiller")
    assert person.post(link.group(1)).status_code == 303
    stopped = client.read(again["access_token"])
    assert stopped.status_code == 401
    assert 'error="invalid_token"' in stopped.headers["www-authenticate"]
    renewed = client.post("/token", grant_type="refresh_token", refresh_token=issued["refresh_token"])
    assert (renewed.status_code, renewed.json()["error"]) == (400, "invalid_grant")

    person.post("/ouvrir", data={"passphrase": PASSPHRASE})
    history = person.get("/historique").text
    assert history.count("Coach") >= 6


def test_saying_no_gives_nothing_and_no_code(client: Client, person: httpx2.Client) -> None:
    _, form = page_of(person, client, client.push().json()["request_uri"])
    answer = answered(person, {**form, "decision": "non"})
    assert answer["error"] == "access_denied"
    assert "code" not in answer
    # The same request cannot be answered a second time.
    assert person.post("/demande", data={**form, "decision": "oui", "duree": "3"}).status_code == 404


def test_yes_without_a_duration_decides_nothing(client: Client, person: httpx2.Client) -> None:
    _, form = page_of(person, client, client.push().json()["request_uri"])
    assert person.post("/demande", data={**form, "decision": "oui"}).status_code == 422
    assert "code" in answered(person, {**form, "decision": "oui", "duree": "une-fois"})


def test_asking_more_than_declared_is_refused_and_logged(running: Running, client: Client) -> None:
    refused = client.push((*FIELDS, "meter"))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_authorization_details")
    with running.cockpit.database.read() as connection:
        *_, last = running.cockpit.ledger.leaves(connection)
    assert json.loads(last.leaf)["type"] == "consent.overasked"
    assert last.part["reason"] == "field_not_declared"


def test_a_code_is_redeemed_once_and_a_second_time_ends_its_tokens(client: Client, person: httpx2.Client) -> None:
    _, form = page_of(person, client, client.push().json()["request_uri"])
    code = answered(person, {**form, "decision": "oui", "duree": "3"})["code"]
    issued = client.tokens(code).json()
    assert client.tokens(code).json()["error"] == "invalid_grant"
    assert client.read(issued["access_token"]).status_code == 401


def test_a_code_is_worth_nothing_to_another_service_or_without_its_verifier(
    running: Running, client: Client, person: httpx2.Client
) -> None:
    thief = Client(running.address, running.program())
    token = new_initial_access_token(running.cockpit.operator, running.cockpit.clock(), 1)
    assert thief.register(token).status_code == 201
    _, form = page_of(person, client, client.push().json()["request_uri"])
    code = answered(person, {**form, "decision": "oui", "duree": "3"})["code"]
    assert thief.tokens(code).json()["error"] == "invalid_grant"
    wrong = client.post(
        "/token", grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier="x" * 43
    )
    assert wrong.json()["error"] == "invalid_grant"
    assert client.tokens(code).status_code == 200


def test_revoking_a_token_ends_it(client: Client, person: httpx2.Client) -> None:
    _, form = page_of(person, client, client.push().json()["request_uri"])
    issued = client.tokens(answered(person, {**form, "decision": "oui", "duree": "3"})["code"]).json()
    assert client.post("/revoke", token=issued["access_token"]).status_code == 200
    assert client.read(issued["access_token"]).status_code == 401
    assert client.post("/revoke", token="unknown").status_code == 200


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "invalid_request"),
        ({"redirect_uri": "http://localhost:9/elsewhere"}, "invalid_request"),
        ({"redirect_uri": CALLBACK + "/"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"client_id": "c_other"}, "invalid_request"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"state": "x" * 1025}, "invalid_request"),
        ({"authorization_details": ""}, "invalid_authorization_details"),
        ({"authorization_details": "{}"}, "invalid_authorization_details"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": "[" * 9000}, "invalid_authorization_details"),
    ],
)
def test_a_push_that_breaks_the_protocol_is_refused_with_oauths_own_word(
    client: Client, change: dict[str, str], error: str
) -> None:
    refused = client.push(**change)
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert refused.headers["cache-control"] == "no-store"
    assert refused.json()["error_description"].isascii()


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["ADDRESS"]},
        {"aud": "ADDRESS/token"},
        {"iss": "c_other"},
        {"sub": None},
        {"exp": 1},
        {"exp": 4102444800},
        {"jti": None},
        {"nbf": 4102444800},
    ],
)
def test_an_assertion_that_does_not_prove_who_asks_is_refused(client: Client, claims: dict[str, Any]) -> None:
    filled = json.loads(json.dumps(claims).replace("ADDRESS", client.address))
    refused = client.post("/token", client.assertion(**filled), grant_type="refresh_token", refresh_token="x")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_an_assertion_is_accepted_once_and_only_from_its_key(client: Client) -> None:
    assertion = client.assertion()
    assert client.post("/token", assertion, grant_type="refresh_token", refresh_token="x").status_code == 400
    assert client.post("/token", assertion, grant_type="refresh_token", refresh_token="x").status_code == 401
    forger = Client(client.address, client.http, client_id=client.client_id)
    assert forger.post("/token", grant_type="refresh_token", refresh_token="x").status_code == 401
    for garbage in ("", "a.b.c", "x" * 5000, "eyJhbGciOiJub25lIn0.e30."):
        assert client.post("/token", garbage or "-", grant_type="refresh_token").status_code == 401


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"from": "yesterday"}, 400),
        ({"until": "2026-02-30"}, 400),
        ({"grain": "year"}, 400),
        ({"access_token": "x"}, 400),
        ({"fields": ",".join(f"f{n}" for n in range(70))}, 400),
    ],
)
def test_a_malformed_read_is_a_problem_that_says_what_to_change(
    client: Client, query: dict[str, str], status: int
) -> None:
    answer = client.read("pat_unknown", **query)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_read_without_a_token_says_where_to_get_one(client: Client) -> None:
    answer = client.http.get(f"{client.address}/api/v1/records/energy.series")
    assert answer.status_code == 401
    assert "resource_metadata=" in answer.headers["www-authenticate"]


def test_every_byte_that_would_leave_can_be_seen_before_deciding(client: Client, person: httpx2.Client) -> None:
    shown, form = page_of(person, client, client.push().json()["request_uri"])
    link = re.search(r'href="(/demande/octets\?[^"]+)"', shown)
    assert link is not None
    whole = person.get(html.unescape(link.group(1)))
    assert whole.headers["content-type"] == "application/json"
    issued = client.tokens(answered(person, {**form, "decision": "oui", "duree": "12"})["code"]).json()
    read = client.read(issued["access_token"]).text
    assert read.endswith(f'"items":{whole.text}}}')
    assert person.get(f"/demande/octets?kind=tax.notice&client_id={form['client_id']}").status_code == 404
