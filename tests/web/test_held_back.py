"""A request that was refused is held back; a person's own rules are told at the request they would stop."""

from __future__ import annotations

from urllib.parse import urlencode

from cockpit.acts.cockpit import Cockpit
from tests.web.furnished import ask
from tests.web.screen import TestClient, check_page, screen, spaced


def asked(cockpit: Cockpit) -> dict[str, str]:
    return {"client_id": "c_coach", "request_uri": ask(cockpit)}


def put(camille: TestClient, request: dict[str, str]) -> str:
    page = camille.get("/demande?" + urlencode(request))
    assert page.status_code == 200
    check_page(page.text, "fr")
    return spaced(page.text)


def test_a_refused_request_is_held_back_and_answered_with_the_same_no(furnished: TestClient, cockpit: Cockpit) -> None:
    assert "Oui, autoriser" in put(furnished, asked(cockpit))
    furnished.post("/demande", data={**asked(cockpit), "decision": "non"})
    before = len(screen(furnished.get("/historique").text).xpath("//main//li"))
    held = asked(cockpit)
    shown = put(furnished, held)
    assert "Vous avez déjà dit non" in shown
    assert "Oui, autoriser" not in shown
    answer = furnished.post("/demande", data={**held, "decision": "toujours-non"})
    assert answer.status_code == 303
    assert "error=access_denied" in answer.headers["location"]
    assert len(screen(furnished.get("/historique").text).xpath("//main//li")) == before, "nobody decided anything"
    assert furnished.post("/demande", data={**held, "decision": "toujours-non"}).status_code == 404


def test_the_person_may_be_asked_again_when_they_want(furnished: TestClient, cockpit: Cockpit) -> None:
    furnished.post("/demande", data={**asked(cockpit), "decision": "non"})
    again = asked(cockpit)
    (form,) = screen(put(furnished, again)).xpath("//form[@method='get' and @action='/demande']")
    wanted = {field.get("name"): field.get("value") for field in form.xpath(".//input")}
    assert "Oui, autoriser" in put(furnished, wanted)
    answer = furnished.post("/demande", data={**again, "decision": "oui", "duree": "1"})
    assert "code=" in answer.headers["location"]
    assert "Oui, autoriser" in put(furnished, asked(cockpit)), "the newest decision is a yes"


def test_my_rules_are_told_where_they_would_stop_something(furnished: TestClient, cockpit: Cockpit) -> None:
    assert "passe avant" not in put(furnished, asked(cockpit))
    furnished.post("/regles/ajouter", data={"regle": "jamais", "donnee": "energy.series"})
    furnished.post("/regles/ajouter", data={"regle": "jamais", "donnee": "tax.notice"})
    furnished.post("/regles/ajouter", data={"regle": "heures", "de": "00:00", "a": "23:59"})
    told = screen(put(furnished, asked(cockpit))).xpath("//*[contains(text(), 'passe avant')]")
    assert len(told) == 1
    assert "Courbe de consommation" in told[0].text_content()
