"""Deny by default: every route is enumerated, and the few that open to a stranger are named here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from fastapi.routing import APIRoute

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace
from cockpit.acts.sign_in import sign_in
from cockpit_web.app import PAGES, create_app
from cockpit_web.visitor import DemonstrationDoor, Door, door_of, own_path
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.screen import FROM_OUR_PAGES, TestClient

OPEN_TO_ANYONE = {
    ("GET", "/"), ("GET", "/espace/creer"), ("POST", "/espace/creer"), ("GET", "/entrer"), ("POST", "/entrer"),
    ("GET", "/entrer/kit"), ("POST", "/entrer/kit"), ("POST", "/sortir"), ("GET", "/aide"), ("POST", "/langue"),
    ("GET", "/demonstration/{key}"), ("GET", "/entrer/proches"), ("POST", "/entrer/proches"),
}  # fmt: skip
OPEN_WHILE_LOCKED = {
    ("GET", "/ouvrir"), ("POST", "/ouvrir"), ("POST", "/verrouiller"), ("GET", "/sources/ajouter"),
    ("POST", "/sources/ajouter"), ("POST", "/partages/{consent}/arreter"), ("POST", "/partages/{consent}/pause"),
    ("POST", "/cles/partout"),
}  # fmt: skip


def routes() -> Iterator[tuple[str, str, APIRoute]]:
    for router in PAGES:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                yield method, route.path, route


def test_the_exceptions_are_exactly_these() -> None:
    declared = {(method, path): door_of(route.endpoint) for method, path, route in routes()}
    assert {key for key, door in declared.items() if door is Door.ANYONE} == OPEN_TO_ANYONE
    assert {key for key, door in declared.items() if door is Door.SIGNED_IN} == OPEN_WHILE_LOCKED


@pytest.mark.parametrize(("method", "path"), sorted({(method, path) for method, path, _ in routes()} - OPEN_TO_ANYONE))
def test_a_stranger_is_sent_to_sign_in(stranger: TestClient, method: str, path: str) -> None:
    answer = stranger.request(method, re.sub(r"\{\w+\}", "1", path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/entrer")


@pytest.mark.parametrize(
    ("method", "path"),
    sorted({(method, path) for method, path, _ in routes()} - OPEN_TO_ANYONE - OPEN_WHILE_LOCKED),
)
def test_a_locked_space_asks_for_its_passphrase(
    camille: TestClient, clock: MovingClock, method: str, path: str
) -> None:
    clock.forward(minutes=16)
    answer = camille.request(method, re.sub(r"\{\w+\}", "1", path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/ouvrir")


def test_after_unlocking_one_is_back_where_one_was(camille: TestClient, clock: MovingClock) -> None:
    clock.forward(minutes=16)
    sent = camille.get("/donnees/banque?mois=2026-10").headers["location"]
    assert "Votre espace est verrouillé" in camille.get(sent).text
    answer = camille.post("/ouvrir", data={"passphrase": PASSPHRASE, "suite": "/donnees/banque?mois=2026-10"})
    assert answer.headers["location"] == "/donnees/banque?mois=2026-10"
    assert camille.get("/donnees/banque").status_code == 200


def test_a_fragment_asked_while_locked_sends_the_whole_page_away(camille: TestClient, clock: MovingClock) -> None:
    clock.forward(minutes=16)
    answer = camille.get("/historique", headers={"HX-Request": "true"})
    assert answer.headers["hx-redirect"].startswith("/ouvrir")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "", "/a\nb",
     "/" + "a" * 3000, "evil", "/\t/evil.example", "http:evil"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_signing_in(elsewhere: str) -> None:
    assert own_path(elsewhere) == "/"


@pytest.mark.parametrize("own", ["/", "/donnees", "/demande?client_id=c_a&request_uri=urn%3Ax", "/historique?tout=1"])
def test_own_pages_are_kept(own: str) -> None:
    assert own_path(own) == own


def test_a_space_shows_nothing_of_another(cockpit: Cockpit, furnished: TestClient, stranger: TestClient) -> None:
    mine = re.findall(r"/donnees/tax\.notice/[0-9a-f]{32}", furnished.get("/donnees/papiers").text)
    assert mine
    other = TestClient(create_app(cockpit), base_url="http://localhost:8000", headers=FROM_OUR_PAGES)
    form = {"name": "Odile", "handle": "odile", "passphrase": PASSPHRASE, "again": PASSPHRASE}
    assert other.post("/espace/creer", data=form).status_code == 200
    assert other.get(mine[0]).status_code == 404
    assert other.get(mine[0] + "/fichier").status_code == 404
    assert other.get("/historique/1").status_code == 404


def test_a_forged_cookie_opens_nothing(stranger: TestClient, opened: OpenedSpace) -> None:
    for cookie in ("", "x", "A" * 43, opened.cookie[:-2] + "AA", "é", "A" * 5000):
        answer = stranger.get("/donnees", headers=[(b"cookie", b"cockpit=" + cookie.encode())])
        assert answer.status_code == 303, cookie[:20]


def demonstration(cockpit: Cockpit) -> TestClient:
    door = DemonstrationDoor("Camille", partial(sign_in, cockpit, "camille", PASSPHRASE))
    app = create_app(cockpit, {"key": door, "other": DemonstrationDoor("Odile", str)})
    return TestClient(app, base_url="http://localhost:8000", follow_redirects=False)


def test_the_demonstration_has_no_door_elsewhere(cockpit: Cockpit, opened: OpenedSpace) -> None:
    client = demonstration(cockpit)
    assert client.get("/demonstration/key").status_code == 404
    assert "Odile" not in client.get("/").text


def test_a_link_of_the_demonstration_signs_in_afresh_each_time(cockpit: Cockpit, opened: OpenedSpace) -> None:
    client = demonstration(replace(cockpit, settings=replace(cockpit.settings, demonstration=True)))
    first = client.get("/demonstration/key")
    assert first.status_code == 303
    home = client.get("/").text
    assert "Camille" in home
    assert 'href="/demonstration/other"' in home
    client.post("/sortir", headers={"Origin": "http://localhost:8000"})
    again = client.get("/demonstration/key")
    assert again.cookies["cockpit"] != first.cookies["cockpit"]
    assert client.get("/donnees").status_code == 200
    assert client.get("/demonstration/unknown").status_code == 404


def test_an_answer_given_too_late_leads_back_to_its_request(camille: TestClient, clock: MovingClock) -> None:
    clock.forward(minutes=16)
    page = "http://localhost:8000/demande?client_id=c_coach&request_uri=urn%3Ax"
    answer = camille.post("/demande", data={"decision": "oui"}, headers={"Referer": page})
    assert answer.headers["location"] == "/ouvrir?suite=%2Fdemande%3Fclient_id%3Dc_coach%26request_uri%3Durn%253Ax"
    for elsewhere in ("https://evil.example/demande", "http://[", ""):
        assert camille.post("/demande", headers={"Referer": elsewhere}).headers["location"] == "/ouvrir"
