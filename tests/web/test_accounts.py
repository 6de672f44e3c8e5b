"""Creating a space, the kit, coming in with it, changing the passphrase, leaving."""

from __future__ import annotations

import re

import pytest

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace
from cockpit_web.app import create_app
from tests.conftest import PASSPHRASE
from tests.web.screen import FROM_OUR_PAGES, TestClient, spaced

FORM = {"name": " Odile  Martin ", "handle": "Odile", "passphrase": PASSPHRASE, "again": PASSPHRASE}


def kit_of(text: str) -> str:
    groups = re.findall(r"<code>([0-9A-Z]{4})</code>", text)
    assert len(groups) == 14
    return "-".join(groups)


def test_a_space_is_created_and_its_kit_opens_it(stranger: TestClient) -> None:
    answer = stranger.post("/espace/creer", data=FORM | {"suite": "/donnees/banque?mois=2026-10"})
    assert answer.status_code == 200
    assert "Odile Martin" in answer.text
    kit = kit_of(answer.text)
    went_on = stranger.get("/espace/pret?suite=%2Fdonnees%2Fbanque%3Fmois%3D2026-10")
    assert went_on.headers["location"] == "/donnees/banque?mois=2026-10"
    stranger.post("/sortir")
    assert stranger.get("/donnees").status_code == 303
    renewed = "une toute nouvelle phrase"
    form = {"handle": "odile", "kit": kit.lower().replace("-", " "), "passphrase": renewed, "again": renewed}
    assert stranger.post("/entrer/kit", data=form).headers["location"] == "/"
    stranger.post("/sortir")
    assert stranger.post("/entrer", data={"handle": "odile", "passphrase": PASSPHRASE}).status_code == 422
    assert stranger.post("/entrer", data={"handle": "odile", "passphrase": renewed}).status_code == 303


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"passphrase": "court", "again": "court"}, "au moins 12"),
        ({"again": "autre chose que cela"}, "ne sont pas identiques"),
        ({"handle": "é à"}, "sans accent ni espace"),
        ({"handle": ""}, "sans accent ni espace"),
        ({"name": " "}, "de 1 à 80"),
        ({"name": "a" * 81}, "de 1 à 80"),
        ({"passphrase": "a" * 300, "again": "a" * 300}, "trop longue"),
        ({"handle": "camille"}, "déjà pris"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_created(
    stranger: TestClient, opened: OpenedSpace, change: dict[str, str], sentence: str
) -> None:
    answer = stranger.post("/espace/creer", data=FORM | change)
    assert answer.status_code == 422
    assert sentence in spaced(answer.text).replace("\u00a0", " ").replace("\u202f", " ")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("kit", ["", "AAAA-BBBB", "É" * 56, "0" * 56, "x" * 10_000])
def test_a_wrong_kit_opens_nothing(stranger: TestClient, opened: OpenedSpace, kit: str) -> None:
    renewed = "une toute nouvelle phrase"
    form = {"handle": "camille", "kit": kit, "passphrase": renewed, "again": renewed}
    answer = stranger.post("/entrer/kit", data=form)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_a_new_kit_ends_the_old_one(camille: TestClient, opened: OpenedSpace) -> None:
    fresh = kit_of(camille.post("/cles/kit", data={"current": PASSPHRASE}).text)
    camille.post("/sortir")
    secrets = {"passphrase": "une toute nouvelle phrase", "again": "une toute nouvelle phrase"}
    assert camille.post("/entrer/kit", data={"handle": "camille", "kit": opened.kit, **secrets}).status_code == 422
    assert camille.post("/entrer/kit", data={"handle": "camille", "kit": fresh, **secrets}).status_code == 303


def test_a_new_passphrase_signs_the_others_out(camille: TestClient, cockpit: Cockpit) -> None:
    elsewhere = TestClient(
        create_app(cockpit), base_url="http://localhost:8000", headers=FROM_OUR_PAGES, follow_redirects=False
    )
    elsewhere.post("/entrer", data={"handle": "camille", "passphrase": PASSPHRASE})
    assert elsewhere.get("/donnees").status_code == 200
    renewed = "une toute nouvelle phrase"
    form = {"current": PASSPHRASE, "passphrase": renewed, "again": renewed}
    for wrong in ({"again": "b" * 12}, {"passphrase": "court", "again": "court"}, {"current": "pas la bonne phrase"}):
        assert camille.post("/cles/phrase", data=form | wrong).status_code == 422
    assert elsewhere.get("/donnees").status_code == 200
    answer = camille.post("/cles/phrase", data=form)
    assert answer.headers["location"] == "/cles?fait=phrase"
    assert elsewhere.get("/donnees").status_code == 303
    assert camille.get("/donnees").status_code == 200


def test_the_others_can_be_signed_out(camille: TestClient, cockpit: Cockpit) -> None:
    elsewhere = TestClient(
        create_app(cockpit), base_url="http://localhost:8000", headers=FROM_OUR_PAGES, follow_redirects=False
    )
    elsewhere.post("/entrer", data={"handle": "camille", "passphrase": PASSPHRASE})
    camille.post("/reglages/ailleurs")
    assert elsewhere.get("/donnees").status_code == 303
    assert camille.get("/donnees").status_code == 200


def test_leaving_forgets_the_session_on_the_server(camille: TestClient, opened: OpenedSpace) -> None:
    camille.post("/sortir")
    camille.cookies.set("cockpit", opened.cookie, domain="localhost.local")
    assert camille.get("/donnees").headers["location"].startswith("/entrer")


def test_the_language_is_kept_and_leads_back(camille: TestClient) -> None:
    answer = camille.post("/langue", data={"langue": "en", "suite": "/reglages"})
    assert answer.headers["location"] == "/reglages"
    assert "See my keys" in camille.get("/reglages").text
    assert "set-cookie" not in camille.post("/langue", data={"langue": "de", "suite": "//evil.example"}).headers
