"""Headers on every answer, changes accepted from our own pages only, limits on size and on tries."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import APIRouter

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace
from cockpit.bootstrap import build
from cockpit.settings import Settings
from cockpit_web.app import create_app
from cockpit_web.security.limits import ADDRESS_TRIES, TRIES, Attempts, TooManyTries
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.screen import FROM_OUR_PAGES, TestClient

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types cockpit"
)


def check_headers(headers: dict[str, str]) -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_headers_are_on_pages_refusals_redirects_and_files(camille: TestClient) -> None:
    answers = [
        camille.get("/"),
        camille.get("/nulle-part"),
        camille.post("/nulle-part"),
        camille.post("/"),
        camille.get("/demande"),
        camille.post("/verrouiller", headers={"Sec-Fetch-Site": "cross-site"}),
        camille.get("/", headers={"Host": "evil.example"}),
        camille.post("/langue", content=b"x" * 70_000),
        camille.get("/static/look.css"),
        camille.get("/static/nothing.css"),
        camille.post("/sortir"),
        camille.get("/donnees"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 405, 404, 403, 400, 413, 200, 404, 303, 303]
    for answer in answers:
        check_headers(dict(answer.headers))
    assert answers[0].headers["content-security-policy"] == PAGE_POLICY


def test_a_bug_is_answered_and_says_nothing(cockpit: Cockpit, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(cockpit)
    broken = APIRouter()

    @broken.get("/broken")
    def broken_page() -> None:
        raise ZeroDivisionError("the balance of Camille is 1284.37")

    app.include_router(broken)
    with caplog.at_level(logging.DEBUG):
        answer = TestClient(app, base_url="http://localhost:8000").get("/broken")
    assert answer.status_code == 500
    check_headers(dict(answer.headers))
    assert "de notre côté" in answer.text
    assert "ZeroDivisionError at test_security.py:" in caplog.text
    assert "1284" not in answer.text + caplog.text


def test_static_files_are_kept_for_ever_when_they_are_named_by_their_content(stranger: TestClient) -> None:
    assert "immutable" in stranger.get("/static/look.css?v=1").headers["cache-control"]
    assert "immutable" not in stranger.get("/static/look.css").headers["cache-control"]


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/"])
def test_nothing_but_static_files_is_served(stranger: TestClient, path: str) -> None:
    assert stranger.get(path).status_code == 404


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"}, False),
        ({"Origin": "http://localhost:8000"}, True),
        ({"Origin": "http://localhost:8001"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
)
def test_a_change_comes_from_our_own_pages(
    cockpit: Cockpit, opened: OpenedSpace, headers: dict[str, str], accepted: bool
) -> None:
    client = TestClient(create_app(cockpit), base_url="http://localhost:8000", follow_redirects=False)
    client.cookies.set("cockpit", opened.cookie, domain="localhost.local")
    answer = client.post("/verrouiller", headers=headers)
    assert answer.status_code == (303 if accepted else 403)
    assert client.get("/donnees").status_code == (303 if accepted else 200)


def test_cookies_are_held_to_this_host_over_tls(cockpit: Cockpit, clock: MovingClock) -> None:
    settings = Settings(
        data=cockpit.settings.data.parent / "tls", issuer="https://cockpit.example", argon2_memory_kib=64
    )
    secure = build(settings, clock)
    client = TestClient(create_app(secure), base_url="https://cockpit.example", headers=FROM_OUR_PAGES)
    form = {"name": "Odile", "handle": "odile", "passphrase": PASSPHRASE, "again": PASSPHRASE}
    answer = client.post("/espace/creer", data=form)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-cockpit=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert client.get("/donnees").status_code == 200
    secure.close()


def test_a_body_that_hides_its_length_is_stopped(camille: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert camille.post("/langue", content=endless(), headers=headers).status_code == 413


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "99999999999999999999"])
def test_a_length_that_is_none_is_refused(camille: TestClient, length: str) -> None:
    assert camille.post("/langue", content=b"a=1", headers={"Content-Length": length}).status_code in {400, 413}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"not multipart", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n", "multipart/form-data"),
        (b"{", "application/json"),
        (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
)
def test_a_malformed_form_is_refused_in_words(camille: TestClient, body: bytes, content_type: str) -> None:
    for path in ("/entrer", "/espace/creer", "/demande", "/cles/phrase", "/sources/ajouter"):
        answer = camille.post(path, content=body, headers={"Content-Type": content_type})
        assert 400 <= answer.status_code < 500, path
        assert "<h1>" in answer.text


def test_a_secret_cannot_be_tried_for_ever(stranger: TestClient, opened: OpenedSpace, clock: MovingClock) -> None:
    wrong = {"handle": "camille", "passphrase": "pas la bonne phrase"}
    assert [stranger.post("/entrer", data=wrong).status_code for _ in range(TRIES)] == [422] * TRIES
    right = {"handle": "camille", "passphrase": PASSPHRASE}
    answer = stranger.post("/entrer", data=right)
    assert answer.status_code == 429
    assert "Attendez" in answer.text
    clock.forward(minutes=11)
    assert stranger.post("/entrer", data=right).status_code == 303


def test_tries_are_counted_by_name_and_by_address(clock: MovingClock) -> None:
    attempts = Attempts(clock)
    for number in range(ADDRESS_TRIES):
        attempts.check("odile", "here")
        attempts.failed(str(number), "here")
    with pytest.raises(TooManyTries) as refusal:
        attempts.check("odile", "here")
    assert refusal.value.details["minutes"] == 10
    attempts.check("odile", "elsewhere")
    for _ in range(TRIES):
        attempts.failed(" Odile", "elsewhere")
    with pytest.raises(TooManyTries):
        attempts.check("odile", "a third place")
    attempts.forget("odile")
    attempts.check("odile", "a third place")
    clock.now += timedelta(minutes=10)
    attempts.check("odile", "here")


def test_an_unknown_name_and_a_wrong_passphrase_read_the_same(stranger: TestClient, opened: OpenedSpace) -> None:
    pages = [
        stranger.post("/entrer", data={"handle": handle, "passphrase": "pas la bonne"}).text.replace(handle, "X")
        for handle in ("camille", "nobody")
    ]
    assert pages[0] == pages[1]


def test_secrets_are_never_sent_back(stranger: TestClient, opened: OpenedSpace) -> None:
    secret = "un secret bien reconnaissable"
    for path in ("/entrer", "/entrer/kit", "/espace/creer"):
        form = {"handle": "Q!", "passphrase": secret, "again": secret, "kit": secret, "name": "Camille"}
        assert secret not in stranger.post(path, data=form).text


def test_another_host_name_is_refused(stranger: TestClient) -> None:
    assert stranger.get("/", headers={"Host": "attacker.example"}).status_code == 400
    assert stranger.get("/", headers={"Host": "127.0.0.1:8000"}).status_code == 200


def test_programs_are_answered_in_their_own_words(stranger: TestClient) -> None:
    answer = stranger.get("/api/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404
