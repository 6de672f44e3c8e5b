"""The search page: posted, forgiving, narrowed by plain fields, and silent about what was looked for."""

from __future__ import annotations

import logging

import pytest

from tests.web.screen import TestClient, screen, spaced


def asked(client: TestClient, **fields: str) -> str:
    answer = client.post("/recherche", data=fields)
    assert answer.status_code == 200
    return spaced(answer.text)


def found(page: str) -> list[str]:
    return [" ".join(link.text_content().split()) for link in screen(page).xpath("//ul[contains(@class,'found')]//a")]


def test_the_form_is_one_click_away(furnished: TestClient) -> None:
    for address in ("/", "/donnees/banque", "/reglages", "/aide"):
        assert screen(furnished.get(address).text).xpath("//header//a[@href='/recherche']"), address
    page = screen(furnished.get("/recherche").text)
    assert page.xpath("//form[@role='search' and @method='post' and @action='/recherche']//input[@name='mots']")
    assert page.xpath("//header//a[@href='/recherche' and @aria-current='page']")


def test_records_are_found_in_the_persons_words(furnished: TestClient) -> None:
    page = asked(furnished, mots="Énergie du Val")
    assert "3 données" in page
    assert found(page) == ["Énergie du Val"] * 3
    assert "74,18 €" in page
    assert "Facture · 15 novembre 2026" in " ".join(screen(page).text_content().split())
    link = screen(page).xpath("//ul[contains(@class,'found')]//a/@href")[0]
    assert furnished.get(link).status_code == 200


def test_every_kind_has_a_line(furnished: TestClient) -> None:
    kinds = screen(asked(furnished, mots="x")).xpath("//select[@name='genre']/option/@value")[1:]
    seen = [kind for kind in kinds if found(asked(furnished, genre=kind))]
    assert set(kinds) - set(seen) == {"attestation.signed"}
    assert "21 600" not in asked(furnished, genre="energy.series")


def test_filters_are_plain_fields_that_stay_filled(furnished: TestClient) -> None:
    page = asked(furnished, mots="loyer", depuis="2026-10-01", jusqu="2026-10-31", minimum="600", maximum="1 000,00 €")
    assert found(page) == ["LOYER"]
    tree = screen(page)
    assert tree.xpath("//details[@open]//input[@name='maximum']/@value") == ["1 000,00 €"]
    assert found(asked(furnished, mots="loyer", source="fr.2ddoc")) == []
    assert "Chercher partout" in asked(furnished, mots="loyer", source="fr.2ddoc")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("depuis", "2026-02-30", "Choisissez une date qui existe."),
        ("jusqu", "hier", "Choisissez une date qui existe."),
        ("minimum", "beaucoup", "Écrivez un montant"),
        ("maximum", "-3", "Écrivez un montant"),
        ("maximum", "NaN", "Écrivez un montant"),
        ("minimum", "1e999999999", "Écrivez un montant"),
    ],
)
def test_a_field_that_cannot_be_read_is_told(furnished: TestClient, field: str, value: str, says: str) -> None:
    answer = furnished.post("/recherche", data={"mots": "loyer", field: value})
    assert answer.status_code == 422
    assert says in spaced(answer.text)
    assert screen(answer.text).xpath(f"//input[@name='{field}' and @aria-invalid='true']/@value") == [value]


def test_a_mistake_is_understood_and_told(furnished: TestClient) -> None:
    page = asked(furnished, mots="boulangrie")
    assert "Aucune donnée ne dit « boulangrie ». Voici ce qui y ressemble : boulangerie." in page
    assert len(found(page)) == 20


def test_the_answers_go_on_page_after_page(furnished: TestClient) -> None:
    first = asked(furnished, mots="boulangerie")
    assert screen(first).xpath("//main//nav//input[@name='rang']/@value") == ["20"]
    pages = [screen(asked(furnished, mots="boulangerie", rang=str(rank))) for rank in (0, 20, 40, 60)]
    links = [link for page in pages for link in page.xpath("//ul[contains(@class,'found')]//a/@href")]
    assert len(links) == len(set(links)) == 71
    for rank in ("-1", "x", "٣", "9" * 30, "99999"):
        asked(furnished, mots="boulangerie", rang=rank)


def test_an_empty_answer_says_what_to_try(furnished: TestClient) -> None:
    page = asked(furnished, mots="loyer zzzzzz")
    assert "Rien trouvé" in page
    assert "ne ressemble à : zzzzzz" in page
    tried = screen(page).xpath("//div[@id='reponses']//form[.//button[text()='loyer']]//input[@name='mots']/@value")
    assert tried == ["loyer"]
    assert not screen(page).xpath("//div[@id='reponses']//button[text()='zzzzzz']")
    assert "Aucune donnée ne dit tout cela à la fois." in asked(furnished, mots="loyer boulangerie")


def test_nothing_asked_shows_the_form(furnished: TestClient) -> None:
    assert found(asked(furnished, mots="  ")) == []
    assert "Rien trouvé" not in asked(furnished)


def test_what_is_typed_is_shown_as_text(furnished: TestClient) -> None:
    page = asked(furnished, mots="<script>alert(1)</script> \"'")
    assert "<script>alert" not in page
    assert screen(page).xpath("//input[@id='mots']/@value") == ["<script>alert(1)</script> \"'"]


def test_what_is_looked_for_is_in_no_address_and_no_log(
    furnished: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = asked(furnished, mots="kanarienvogel loyer")
    tree = screen(page)
    assert not [link for link in tree.xpath("//@href | //@action | //@data-hx-post") if "kanarienvogel" in link]
    assert tree.xpath("//form[@action='/recherche']/@method") == ["post"] * len(
        tree.xpath("//form[@action='/recherche']")
    )
    assert "kanarienvogel" not in caplog.text
    assert furnished.get("/recherche?mots=loyer").text.count("LOYER") == 0


def test_another_site_cannot_search(furnished: TestClient) -> None:
    answer = furnished.post("/recherche", data={"mots": "loyer"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_a_fragment_is_a_part_of_the_page(furnished: TestClient) -> None:
    page = furnished.post("/recherche", data={"mots": "loyer"}, headers={"HX-Request": "true"})
    assert screen(page.text).xpath("//div[@id='reponses']//ul")


def test_the_page_in_english(furnished: TestClient) -> None:
    furnished.cookies.set("langue", "en", domain="localhost.local")
    page = asked(furnished, mots="loyer")
    assert "3 records, newest first." in page
    assert "Bank transaction · 2 November 2026" in " ".join(screen(page).text_content().split())
