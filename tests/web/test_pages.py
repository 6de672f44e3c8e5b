"""Every page, in both languages: it answers, it is well made, and reading it changes nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.record import Json, Record, Verification
from cockpit_web.origin_words import VERDICTS
from cockpit_web.visitor import reading
from tests.web.every_page import FIXED, addresses
from tests.web.furnished import origin
from tests.web.screen import TestClient, check_page, screen, spaced


def dump(rows: Path) -> str:
    with sqlite3.connect(rows) as connection:
        text = "\n".join(connection.iterdump())
    connection.close()
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_of_a_furnished_space(
    furnished: TestClient, cockpit: Cockpit, visit: Visit, rows: Path, language: str
) -> None:
    furnished.cookies.set("langue", language, domain="localhost.local")
    pages = addresses(cockpit, visit)
    before = dump(rows)
    for address in pages:
        answer = furnished.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-language"] == language
        check_page(answer.text, language)
        assert answer.headers["cache-control"] == "no-store"
    assert dump(rows) == before, "a page that is only read changed something"


@pytest.mark.parametrize("address", FIXED)
def test_every_page_of_an_empty_space(camille: TestClient, address: str) -> None:
    answer = camille.get(address)
    assert answer.status_code == 200
    check_page(answer.text, "fr")


@pytest.mark.parametrize(
    "address", ["/", "/aide", "/entrer", "/entrer/kit", "/entrer/proches?parts=3", "/espace/creer", "/nulle-part"]
)
def test_every_page_for_a_stranger(stranger: TestClient, address: str) -> None:
    for language in ("fr", "en"):
        answer = stranger.get(address, headers={"Accept-Language": language})
        assert answer.status_code == (404 if address == "/nulle-part" else 200)
        check_page(answer.text, language)
        assert 'class="rooms"' not in answer.text


def test_the_first_view_is_light(stranger: TestClient) -> None:
    page = screen(stranger.get("/").text)
    loaded = page.xpath("//link/@href | //img/@src | //script/@src | //*[local-name()='use']/@href")
    sizes = {name: len(stranger.get(name).content) for name in {name.partition("#")[0] for name in loaded}}
    assert sum(sizes.values()) + len(stranger.get("/").content) < 80 * 1024


def test_energy_says_its_sentence_and_draws_it(furnished: TestClient) -> None:
    text = spaced(furnished.get("/donnees/energie").text)
    page = screen(text)
    said = " ".join(page.xpath("//p[@class='said']")[0].text_content().split())
    assert said == "En octobre 2026, vous avez consommé 454 kWh, 6 % de moins qu'en octobre 2025."
    assert len(page.xpath("//*[local-name()='rect']")) == 13
    assert len(page.xpath("//*[local-name()='rect' and contains(@class, 'now')]")) == 1
    assert len(page.xpath("//tbody/tr/th[contains(text(), '20')]")) == 24
    assert page.xpath("//*[local-name()='path' and @class='area']")


def test_the_bank_shows_one_month_at_a_time(furnished: TestClient) -> None:
    page = screen(furnished.get("/donnees/banque?mois=2026-10").text)
    assert len(page.xpath("//tbody/tr")) == 31
    assert page.xpath("//a[@rel='prev']/@href") == ["?mois=2026-09"]
    assert page.xpath("//a[@rel='next']/@href") == ["?mois=2026-11"]
    assert "00020123456" not in page.text_content(), "the whole account number is on the list"


@pytest.mark.parametrize(
    "month", ["2026-13", "x", "2026-1", "9999-99", "<script>", "2026-10-01", "0000-10", "\u0662\u0660\u0662\u0666-10"]
)
def test_a_month_that_is_none_gives_the_newest(furnished: TestClient, month: str) -> None:
    answer = furnished.get("/donnees/banque", params={"mois": month})
    assert answer.status_code == 200
    assert "Novembre 2026" in answer.text


def test_only_a_valid_signature_looks_proved(furnished: TestClient) -> None:
    assert [verification for verification, said in VERDICTS.items() if said.tone == "good"] == [Verification.VALID]
    page = screen(furnished.get("/donnees/papiers").text)
    marks = [mark.text_content().strip() for mark in page.xpath("//span[contains(@class, 'mark good')]")]
    assert marks == ["Signature vérifiée", "Signature vérifiée"]
    for said in VERDICTS.values():
        assert said.short in page.text_content()


def test_a_record_shows_every_field_and_its_origin(furnished: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    address = next(a for a in addresses(cockpit, visit) if a.startswith("/donnees/invoice.document/"))
    text = spaced(furnished.get(address).text)
    for words in ("F-2026-118", "Énergie du Val", "74,18 €", "Consommation", "248", "facture.pdf", "page 1",
                  "Sans signature", "lue telle quelle dans un fichier", "1er décembre 2026"):  # fmt: skip
        assert words in text, words


def test_the_original_file_is_downloaded_and_never_shown(furnished: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    address = next(a for a in addresses(cockpit, visit) if a.startswith("/donnees/invoice.document/"))
    answer = furnished.get(address + "/fichier")
    assert answer.content == b"specimen facture.pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''facture.pdf"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "address",
    ["/donnees/tax.notice/" + "0" * 32, "/donnees/nothing/abc", "/donnees/tax.notice/%2e%2e", "/historique/999999",
     "/historique/-1", "/partages/" + "0" * 32, "/donnees/tax.notice/" + "x" * 4000],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(furnished: TestClient, address: str) -> None:
    answer = furnished.get(address)
    assert answer.status_code == 404
    check_page(answer.text, "fr")


def test_a_malformed_address_is_refused(furnished: TestClient) -> None:
    assert furnished.get("/historique/abc").status_code == 422


def test_the_archive_is_a_zip(furnished: TestClient) -> None:
    answer = furnished.post("/emporter")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.content[:2] == b"PK"
    assert answer.headers["content-disposition"].startswith("attachment;")


def test_a_value_that_is_markup_is_text(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    form = {"name": "<script>alert(1)</script>", "handle": "marie", "passphrase": "p" * 20, "again": "p" * 20}
    camille.cookies.clear()
    text = camille.post("/espace/creer", data=form).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_share_stops_in_one_click_even_locked(furnished: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    page = screen(furnished.get("/partages").text)
    (action,) = page.xpath("//form[contains(@action, '/arreter')]/@action")
    furnished.post("/verrouiller")
    answer = furnished.post(action)
    assert answer.headers["location"] == "/partages?fait=arrete"
    furnished.post("/ouvrir", data={"passphrase": "quatre mots faciles à retenir"})
    text = furnished.get("/partages?fait=arrete").text
    assert "C'est arrêté" in text
    assert "/arreter" not in text


def test_the_history_filters_and_each_line_is_proved(furnished: TestClient) -> None:
    refused = screen(furnished.get("/historique?seulement=refus").text)
    lines = [line.text_content() for line in refused.xpath("//ul[@class='list']/li")]
    assert lines
    assert all("refus" in line for line in lines)
    everything = screen(furnished.get("/historique").text)
    for proof in everything.xpath("//ul[@class='list']//a/@href"):
        assert "Vérifiée à l'instant." in furnished.get(proof).text


def test_records_that_say_little_are_shown_too(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    few: dict[str, dict[str, Json]] = {
        "bank.account": {"account": "1"},
        "bank.transaction": {"amount": "-3.00"},
        "invoice.document": {"number": "1", "total": None},
        "tax.notice": {"reference": "1"},
        "home.dwelling": {"town": "Rennes"},
        "attestation.signed": {"fields": {"a": ["b", {"c": True}]}, "document_type": "x", "issue_date": "not a day"},
    }
    with cockpit.spaces.write(visit.person) as writer:
        records = [Record(Kind(kind), kind, "2026-10-01", said, origin("fr.nobody")) for kind, said in few.items()]
        writer.deposit(ConnectorId("fr.nobody"), records, "2026-10-02T00:00:00Z")
    for address in FIXED:
        assert camille.get(address).status_code == 200, address
    with reading(cockpit, visit) as reader:
        found = [(kind, reader.records(Kind(kind))[0].uid) for kind in few]
    for kind, uid in found:
        answer = camille.get(f"/donnees/{kind}/{uid}")
        assert answer.status_code == 200, kind
        check_page(answer.text, "fr")


def test_a_record_says_what_its_earlier_versions_said(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    kind = Kind("bank.transaction")
    for day, label in (("02", "EN ATTENTE"), ("03", "BOULANGERIE"), ("04", "BOULANGERIE MARTIN")):
        with cockpit.spaces.write(visit.person) as writer:
            record = Record(kind, "1", "2026-10-01", {"amount": "-3.00", "label": label}, origin("fr.nobody"))
            writer.deposit(ConnectorId("fr.nobody"), [record], f"2026-10-{day}T08:00:00Z")
    with reading(cockpit, visit) as reader:
        address = f"/donnees/{kind}/{reader.records(kind)[0].uid}"
    listed = screen(camille.get(address).text).xpath("//section[@aria-labelledby='versions']//li")
    versions = [" ".join(item.text_content().split()) for item in listed]
    assert ["EN ATTENTE" in said for said in versions] == [True, False, False]
    assert "MARTIN" not in " ".join(versions)
    assert "Les mêmes valeurs" in versions[2]
    assert "3,00" not in versions[0], "only what differs is repeated"


def test_a_record_is_erased_from_its_page_once_it_is_meant(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    kind = Kind("bank.transaction")
    with cockpit.spaces.write(visit.person) as writer:
        record = Record(kind, "1", "2026-10-01", {"amount": "-3.00"}, origin("fr.nobody"))
        writer.deposit(ConnectorId("fr.nobody"), [record], "2026-10-02T00:00:00Z")
    with reading(cockpit, visit) as reader:
        address = f"/donnees/{kind}/{reader.records(kind)[0].uid}"
    assert camille.post(f"{address}/effacer", data={}).status_code == 303
    assert camille.get(address).status_code == 200
    assert camille.post(f"{address}/effacer", data={"sur": "oui"}).headers["location"] == "/donnees/banque"
    assert camille.get(address).status_code == 404
    assert "Vous avez effacé une donnée pour toujours." in screen(camille.get("/historique").text).text_content()
