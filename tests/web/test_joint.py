"""The other adult's agreement, by clicks: a code is handed over, typed, read in the same words, and answered."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.sign_in import sign_in
from tests.acts.test_joint_facts import Couple, couple
from tests.web.screen import TestClient, check_page, screen, spaced

__all__ = ["couple"]


@pytest.fixture
def sacha(stranger: TestClient, cockpit: Cockpit, couple: Couple) -> str:
    """The other adult's cookie."""
    return sign_in(cockpit, "sacha", "une autre phrase de passe longue")


def test_two_adults_agree(camille: TestClient, couple: Couple, sacha: str) -> None:
    waiting = couple.asked()
    asked = {"client_id": "c_agence", "request_uri": waiting.request_uri}
    page = camille.get("/demande?" + urlencode(asked))
    check_page(page.text, "fr")
    assert "parlent aussi d'un autre adulte" in spaced(screen(page.text).text_content())
    alone = camille.post("/demande", data={**asked, "duree": "1", "decision": "oui"})
    assert alone.status_code == 422
    handed = camille.post("/demande", data={**asked, "duree": "1", "decision": "ensemble"})
    check_page(handed.text, "fr")
    (code,) = screen(handed.text).xpath("//p[@id='code']/text()")
    own = camille.post("/accord", data={"code": code})
    assert own.status_code == 422
    camille.cookies.set("cockpit", sacha, domain="localhost.local")
    shown = camille.post("/accord", data={"code": code})
    check_page(shown.text, "fr")
    assert "Camille vous demande votre accord" in spaced(shown.text)
    assert camille.post("/accord/reponse", data={"code": code}).status_code == 200
    answer = camille.post("/accord/reponse", data={"code": code, "decision": "oui"})
    assert answer.headers["location"] == "/partages?fait=accord"
    assert "Votre accord pour ce que Camille partage" in spaced(camille.get("/partages").text)
    assert camille.post("/accord/reponse", data={"code": code, "decision": "oui"}).status_code == 422
