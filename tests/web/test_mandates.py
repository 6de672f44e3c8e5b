"""Somebody helps me, in the browser: let in, seen on every page, kept from what is the person's, stopped at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.give_mandate import give_mandate
from cockpit.acts.histories import history
from cockpit.acts.list_mandates import list_mandates
from cockpit.acts.sign_in import sign_in
from cockpit.domain.ids import Kind
from cockpit.domain.mandate import Capacity, Mandate
from cockpit_web.app import ALONE, create_app
from cockpit_web.visitor import reading
from tests.acts.holding import here, proof_of
from tests.conftest import PASSPHRASE
from tests.web.furnished import ask
from tests.web.screen import FROM_OUR_PAGES, TestClient, check_page, screen
from tests.web.test_keys import said

THEIRS = "la phrase de Jean, à lui seul"
LAST_DAY = "2026-12-20"
FORM = {
    "name": "Jean", "capacity": "helper", "last_day": LAST_DAY, "passphrase": THEIRS, "again": THEIRS,
    "current": PASSPHRASE,
}  # fmt: skip


@pytest.fixture
def mandate(cockpit: Cockpit, visit: Visit) -> Mandate:
    return give_mandate(cockpit, proof_of(cockpit, visit), "Jean", Capacity.HELPER, LAST_DAY, THEIRS)


@pytest.fixture
def jean(cockpit: Cockpit, mandate: Mandate) -> Iterator[TestClient]:
    """Somebody who acts for Camille, in a browser of their own."""
    app = create_app(cockpit)
    with TestClient(app, base_url="http://localhost:8000", headers=FROM_OUR_PAGES, follow_redirects=False) as client:
        entered = client.post("/entrer", data={"handle": "camille", "passphrase": THEIRS})
        assert entered.status_code == 303
        yield client


def alone() -> list[tuple[str, str]]:
    """Every door that is the person's alone, and the forms of theirs on other pages."""
    doors = [(method, route.path) for router in ALONE for route in router.routes for method in route.methods]  # type: ignore[attr-defined]
    return sorted([*doors, ("POST", "/reglages/ailleurs")])


def test_somebody_is_let_in_seen_and_stopped(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    answer = camille.post("/mandats", data=FORM)
    assert answer.status_code == 200
    check_page(answer.text, "fr")
    assert "Jean peut vous aider" in said(answer.text)
    assert THEIRS not in answer.text
    listed = camille.get("/mandats").text
    assert "Jean" in said(listed)
    assert "Jusqu'au 20 décembre 2026" in said(listed)
    jean = sign_in(cockpit, "camille", THEIRS)
    (stop,) = screen(listed).xpath("//form[contains(@action, '/terminer')]/@action")
    assert camille.post(stop).headers["location"] == "/mandats?fait=fin"
    page = camille.get("/mandats?fait=fin").text
    assert "C'est fini" in said(page)
    assert "Personne n'agit en votre nom" in said(page)
    camille.cookies.set("cockpit", jean, domain="localhost.local")
    assert camille.get("/donnees").headers["location"].startswith("/entrer")


def test_words_are_drawn_for_whoever_chooses_none_and_shown_once(camille: TestClient, cockpit: Cockpit) -> None:
    answer = camille.post("/mandats", data={**FORM, "passphrase": "", "again": ""})
    (words,) = screen(answer.text).xpath("//main//code/text()")
    assert len(words.split()) == 8
    assert words not in camille.get("/mandats").text
    assert here(cockpit, sign_in(cockpit, "camille", words)).mandate is not None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"current": "pas la bonne phrase"}, "Ce n'est pas votre phrase secrète"),
        ({"capacity": ""}, "en quelle qualité"),
        ({"capacity": "self"}, "en quelle qualité"),
        ({"last_day": ""}, "Choisissez le dernier jour"),
        ({"last_day": "2028-01-01"}, "12 mois au plus"),
        ({"again": "autre chose"}, "ne sont pas identiques"),
        ({"passphrase": "court", "again": "court"}, "trop courte"),
        ({"passphrase": PASSPHRASE, "again": PASSPHRASE}, "entre déjà avec cette phrase"),
        ({"name": ""}, "de 1 à 60 caractères"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_let_in(
    camille: TestClient, cockpit: Cockpit, visit: Visit, typed: dict[str, str], sentence: str
) -> None:
    answer = camille.post("/mandats", data={**FORM, **typed})
    assert answer.status_code == 422
    assert sentence in said(answer.text)
    check_page(answer.text, "fr")
    assert THEIRS not in answer.text
    assert list_mandates(cockpit, visit) == ()


def test_every_page_says_for_whom_one_acts(jean: TestClient) -> None:
    for address in ("/", "/donnees", "/partages", "/historique", "/reglages", "/sources/ajouter"):
        page = jean.get(address)
        assert page.status_code == 200, address
        check_page(page.text, "fr")
        banner = screen(page.text).xpath("string(//p[@class='acting'])")
        assert "Vous agissez pour Camille" in banner
        assert "proche qui aide, jusqu'au 20 décembre 2026" in banner
    assert "Bonjour Camille" not in jean.get("/").text
    assert "/mandats" not in jean.get("/reglages").text
    assert "/emporter" not in jean.get("/reglages").text


def test_the_person_sees_no_such_banner(camille: TestClient) -> None:
    assert "Vous agissez pour" not in camille.get("/").text


@pytest.mark.parametrize(("method", "path"), alone())
def test_what_is_the_persons_alone_is_closed_to_actors(
    jean: TestClient, cockpit: Cockpit, visit: Visit, method: str, path: str
) -> None:
    """The person's own forms, replayed with all they would send, even the person's passphrase."""
    form = {**FORM, "kit": "0", "threshold": "2", "names": "Odile\r\nMarc", "understood": "oui", "compris": "oui"}
    answer = jean.request(method, re.sub(r"\{\w+\}", "f" * 32, path), data=form if method == "POST" else None)
    assert answer.status_code == 403
    assert "Seule la personne elle-même" in said(answer.text)
    assert len(list_mandates(cockpit, visit)) == 1
    assert here(cockpit, sign_in(cockpit, "camille", PASSPHRASE)).mandate is None


def test_a_locked_actor_is_kept_out_as_well_and_unlocks_as_an_actor(jean: TestClient) -> None:
    jean.post("/verrouiller")
    assert jean.post("/cles/partout").status_code == 403
    assert jean.post("/ouvrir", data={"passphrase": PASSPHRASE}).status_code == 422
    assert jean.post("/ouvrir", data={"passphrase": THEIRS}).status_code == 303
    assert "Vous agissez pour Camille" in jean.get("/donnees").text


def test_an_actor_sees_a_record_and_cannot_erase_it(
    furnished: TestClient, cockpit: Cockpit, visit: Visit, jean: TestClient
) -> None:
    with reading(cockpit, visit) as reader:
        address = f"/donnees/tax.notice/{reader.records(Kind('tax.notice'))[0].uid}"
    assert "/effacer" in furnished.get(address).text
    seen = jean.get(address)
    assert seen.status_code == 200
    assert "/effacer" not in seen.text
    assert jean.get(f"{address}/fichier").status_code == 200
    assert jean.post(f"{address}/effacer", data={"sur": "oui"}).status_code == 403
    assert furnished.get(address).status_code == 200


def test_who_decides_comes_from_the_session_never_from_the_form(
    furnished: TestClient, cockpit: Cockpit, visit: Visit, mandate: Mandate
) -> None:
    app = create_app(cockpit)
    jean = TestClient(app, base_url="http://localhost:8000", headers=FROM_OUR_PAGES, follow_redirects=False)
    jean.post("/entrer", data={"handle": "camille", "passphrase": THEIRS})
    asked = {"client_id": "c_coach", "request_uri": ask(cockpit)}
    page = jean.get("/demande?" + urlencode(asked)).text
    check_page(page, "fr")
    assert "Vous répondez au nom de Camille" in said(page)
    assert "au plus tard le 20 décembre 2026" in said(page)
    forged = {"actor": "self", "mandate": "", "capacity": "parent", "acting": "", "role": "self"}
    answer = jean.post("/demande", data={**asked, **forged, "decision": "oui", "duree": "3"})
    assert "code=" in answer.headers["location"]
    with reading(cockpit, visit) as reader:
        newest = history(reader)[0]
    assert newest.acting is not None
    assert (newest.acting.name, newest.acting.capacity) == ("Jean", Capacity.HELPER)
    assert "Jean (proche qui aide) a autorisé" in said(furnished.get("/historique").text)
    assert newest.consent is not None
    stopped = jean.post(f"/partages/{newest.consent}/arreter", data=forged)
    assert stopped.status_code == 303
    assert "Jean (proche qui aide) a arrêté l'accès" in said(furnished.get("/historique").text)


def test_the_screens_are_in_english_too(camille: TestClient, jean: TestClient) -> None:
    for client in (camille, jean):
        client.headers["Accept-Language"] = "en"
        client.post("/langue", data={"langue": "en", "suite": "/"})
    assert "Somebody helps me" in said(camille.get("/mandats").text)
    assert "You are acting for Camille" in jean.get("/donnees").text
