"""My rules, by clicks: added in one form each, said in one sentence, taken away in one click."""

from __future__ import annotations

import pytest

from tests.web.screen import TestClient, check_page, screen, spaced


def said(camille: TestClient) -> list[str]:
    page = camille.get("/regles")
    check_page(page.text, "fr")
    return [
        spaced(line.text_content()).split("\n")[0].strip()
        for line in screen(page.text).xpath("//section[@aria-labelledby='en-vigueur']//li//p")
    ]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"regle": "jamais", "donnee": "tax.notice"}, "Ne jamais partager : Avis d'impôt"),
        ({"regle": "europe"}, "Seulement aux services qui gardent mes données dans l'Union européenne"),
        ({"regle": "transmettre"}, "Jamais à un service qui transmet mes données à d'autres"),
        ({"regle": "machine"}, "Jamais à un service où une machine décide"),
        ({"regle": "heures", "de": "22:00", "a": "07:30"}, "Aucune lecture de 22:00 à 07:30"),
        ({"regle": "prevenir", "lectures": "5"}, "Me signaler dans l'historique au-delà de 5 lectures par jour"),
    ],
)
def test_a_rule_is_added_once_and_taken_away(camille: TestClient, form: dict[str, str], sentence: str) -> None:
    for _ in range(2):
        assert camille.post("/regles/ajouter", data=form).status_code == 303
    assert said(camille) == [sentence]
    (name,) = screen(camille.get("/regles").text).xpath("//form[@action='/regles/retirer']/input[@name='id']/@value")
    assert camille.post("/regles/retirer", data={"id": name}).status_code == 303
    assert said(camille) == []


@pytest.mark.parametrize(
    "form",
    [
        {}, {"regle": "autre"}, {"regle": "jamais"}, {"regle": "jamais", "donnee": "nothing"},
        {"regle": "heures", "de": "25:00", "a": "07:00"}, {"regle": "heures", "de": "07:00", "a": "07:00"},
        {"regle": "prevenir", "lectures": "0"}, {"regle": "prevenir", "lectures": "٣"},
        {"regle": "prevenir", "lectures": "9" * 50},
    ],
)  # fmt: skip
def test_what_makes_no_rule_changes_nothing(camille: TestClient, form: dict[str, str]) -> None:
    answer = camille.post("/regles/ajouter", data=form)
    assert answer.status_code == 422
    assert said(camille) == []
