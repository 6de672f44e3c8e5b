"""Walk 1: a datum, from a file to a page, over HTTP and with no back door."""

from __future__ import annotations

import re

import httpx2

from tests.store.test_canaries import BANK_FILE
from tests.walks.conftest import Running

PASSPHRASE = "quatre mots faciles à retenir"


def sign_up(browser: httpx2.Client, handle: str = "camille") -> str:
    """Open a space as a person would; returns the kit's page."""
    form = {"name": "Camille", "handle": handle, "passphrase": PASSPHRASE, "again": PASSPHRASE}
    page = browser.post("/espace/creer", data=form)
    assert page.status_code == 200
    return page.text


def drop(browser: httpx2.Client, name: str, content: bytes) -> str:
    page = browser.post("/sources/ajouter", files={"fichiers": (name, content)})
    assert page.status_code == 200
    return page.text


def test_a_person_opens_a_space_brings_a_file_and_sees_it(running: Running) -> None:
    with running.browser() as browser:
        kit = sign_up(browser)
        assert len(re.findall(r"\b[0-9A-HJKMNP-TV-Z]{4}\b", kit)) >= 14
        assert "releve.ofx" in drop(browser, "releve.ofx", BANK_FILE.encode())
        bank = browser.get("/donnees/banque").text
        assert "12,34" in bank
        link = re.search(r'href="(/donnees/bank\.transaction/[0-9a-f]{32})"', bank)
        assert link is not None
        record = browser.get(link.group(1)).text
        assert "KANARIENVOGEL3" in record
        assert "releve.ofx" in record
        original = browser.get(link.group(1) + "/fichier")
        assert original.content == BANK_FILE.encode()
        assert "attachment" in original.headers["content-disposition"]


def test_the_same_file_again_adds_nothing(running: Running) -> None:
    with running.browser() as browser:
        sign_up(browser)
        drop(browser, "releve.ofx", BANK_FILE.encode())
        before = browser.get("/donnees/banque").text
        drop(browser, "releve.ofx", BANK_FILE.encode())
        assert browser.get("/donnees/banque").text == before


def test_a_locked_space_still_receives_and_shows_nothing(running: Running) -> None:
    with running.browser() as browser:
        sign_up(browser)
        browser.post("/verrouiller")
        drop(browser, "releve.ofx", BANK_FILE.encode())
        hidden = browser.get("/donnees/banque")
        assert hidden.status_code in {303, 403}
        assert "KANARIENVOGEL" not in hidden.text
        browser.post("/ouvrir", data={"passphrase": PASSPHRASE})
        assert "12,34" in browser.get("/donnees/banque").text


def test_a_file_nobody_reads_is_said_and_nothing_is_kept(running: Running) -> None:
    with running.browser() as browser:
        sign_up(browser)
        page = drop(browser, "notes.bin", bytes(range(256)) * 10)
        assert "notes.bin" in page
        assert "12,34" not in browser.get("/donnees/banque").text


def test_nobody_sees_somebody_elses_record(running: Running) -> None:
    with running.browser() as browser, running.browser() as stranger:
        sign_up(browser)
        drop(browser, "releve.ofx", BANK_FILE.encode())
        link = re.search(r'href="(/donnees/bank\.transaction/[0-9a-f]{32})"', browser.get("/donnees/banque").text)
        assert link is not None
        assert stranger.get(link.group(1)).status_code == 303
        sign_up(stranger, "odile")
        assert stranger.get(link.group(1)).status_code == 404
