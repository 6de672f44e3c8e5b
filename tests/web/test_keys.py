"""My keys in the browser: listed, tried, added, removed, changed; each change asks for the passphrase again."""

from __future__ import annotations

import re

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.allow_escrow import allow_escrow
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.list_ways import list_ways
from cockpit.acts.open_space import OpenedSpace
from cockpit.acts.recover_with_escrow import recover_with_escrow
from cockpit.acts.set_guardians import set_guardians
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import recognise
from cockpit.domain.way import WayType
from cockpit_web.security.limits import TRIES
from tests.acts.holding import proof_of
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.screen import TestClient, screen, spaced
from tests.web.test_accounts import kit_of

NEW = "une toute nouvelle phrase"
CURRENT = {"current": PASSPHRASE}
GUARDIANS = {"names": "Odile\r\n Marc \r\n\r\nInès", "threshold": "2", **CURRENT}


def shares_of(text: str) -> list[str]:
    return [
        " ".join(sheet.xpath(".//ol//code/text()"))
        for sheet in screen(text).xpath("//section[contains(@class, 'share')]")
    ]


def said(text: str) -> str:
    return " ".join(spaced(screen(text).xpath("//main")[0].text_content()).split())


def test_the_page_lists_what_opens_the_space_and_what_was_never_tried(camille: TestClient) -> None:
    text = said(camille.get("/cles").text)
    for words in ("Phrase secrète", "Kit de secours", "Jamais essayée", "Depuis le 23 novembre 2026"):
        assert words in text, words
    assert "L'exploitant peut ouvrir" not in text


def test_a_kit_is_tried_and_the_page_remembers_the_day(
    camille: TestClient, opened: OpenedSpace, clock: MovingClock
) -> None:
    wrong = camille.post("/cles/kit/essai", data={"kit": opened.kit[:-1] + ("0" if opened.kit[-1] != "0" else "1")})
    assert wrong.status_code == 422
    assert camille.post("/cles/kit/essai", data={"kit": opened.kit}).headers["location"] == "/cles?fait=essai"
    text = said(camille.get("/cles?fait=essai").text)
    assert "elle ouvrirait votre espace" in text
    assert "Essayée le 23 novembre 2026" in text
    assert "Jamais essayée" not in text


def test_an_old_kit_is_told_from_a_misread_one(camille: TestClient, opened: OpenedSpace) -> None:
    camille.post("/cles/kit", data=CURRENT)
    answer = camille.post("/cles/kit/essai", data={"kit": opened.kit})
    assert answer.status_code == 422
    assert "ancien kit" in said(answer.text)


def test_guardians_are_chosen_their_sheets_printed_and_they_open_the_space_again(
    camille: TestClient, cockpit: Cockpit, visit: Visit
) -> None:
    shown = camille.post("/cles/proches", data=GUARDIANS)
    assert shown.status_code == 200
    shares = shares_of(shown.text)
    assert [len(share.split()) for share in shares] == [33] * 3
    assert "Part confiée à Marc" in said(shown.text)
    assert "Odile, Marc, Inès. 2 sur 3 suffisent." in said(camille.get("/cles").text)
    kept = said(camille.get("/cles/proches").text)
    assert not any(" ".join(share.split()[4:7]) in kept for share in shares)

    tried = camille.post("/cles/proches/essai", data={"part1": shares[0], "part2": shares[1].upper()})
    assert tried.headers["location"] == "/cles?fait=essai"
    camille.post("/sortir")
    form = {"handle": "camille", "parts": "3", "part1": shares[2], "part3": shares[0], "passphrase": NEW, "again": NEW}
    back = camille.post("/entrer/proches", data=form)
    assert back.status_code == 200
    assert kit_of(back.text)
    assert camille.get("/donnees").status_code == 200
    camille.post("/sortir")
    assert camille.post("/entrer", data={"handle": "camille", "passphrase": PASSPHRASE}).status_code == 422
    assert camille.post("/entrer", data={"handle": "camille", "passphrase": NEW}).status_code == 303
    assert "Vos proches de confiance ont rouvert votre espace" in said(camille.get("/historique").text)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"part2": ""}, "Il faut 2 parts différentes. Vous en avez donné 1."),
        ({"part1": "", "part2": ""}, "Il faut 2 parts différentes. Vous en avez donné 0."),
        ({"part2": "academic acid"}, "Part 2 : il y a 2 mots, il en faut 33."),
        ({"part2": "bonjour"}, "Part 2 : le mot numéro 1 n'est pas dans la liste."),
        ({"passphrase": "court", "again": "court"}, "au moins 12"),
        ({"again": "autre chose que cela"}, "ne sont pas identiques"),
        ({"handle": "odile"}, "n'ouvrent pas d'espace"),
    ],
)
def test_shares_that_do_not_open_are_answered_with_what_to_do(
    camille: TestClient, cockpit: Cockpit, visit: Visit, change: dict[str, str], sentence: str
) -> None:
    sheets = set_guardians(cockpit, proof_of(cockpit, visit), 2, ["Odile", "Marc"])
    words = [" ".join(sheet.words) for sheet in sheets]
    camille.post("/sortir")
    form = {"handle": "camille", "parts": "2", "part1": words[0], "part2": words[1], "passphrase": NEW, "again": NEW}
    answer = camille.post("/entrer/proches", data=form | change)
    assert answer.status_code == 422
    assert sentence in said(answer.text)
    assert words[0] not in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("parts", ["", "1", "17", "99", "-2", "deux", "²", "3" * 50])
def test_a_number_of_shares_that_is_none_gives_two_boxes(stranger: TestClient, parts: str) -> None:
    page = screen(stranger.get("/entrer/proches", params={"parts": parts}).text)
    assert len(page.xpath("//textarea")) == 2


@pytest.mark.parametrize(
    "change",
    [{"threshold": "1"}, {"threshold": "4"}, {"threshold": "x"}, {"threshold": "9" * 99}, {"names": "Odile"},
     {"names": ""}, {"names": "Odile\nodile"}, {"names": "x" * 61 + "\nMarc"},
     {"names": "\n".join("abcdefghijklmnopq")}],
)  # fmt: skip
def test_guardians_that_cannot_hold_are_refused(
    camille: TestClient, cockpit: Cockpit, visit: Visit, change: dict[str, str]
) -> None:
    answer = camille.post("/cles/proches", data=GUARDIANS | change)
    assert answer.status_code == 422
    assert not shares_of(answer.text)
    assert all(way.type is not WayType.GUARDIANS for way in list_ways(cockpit, visit))


def test_every_change_asks_for_the_passphrase_and_wrong_ones_are_counted(
    camille: TestClient, cockpit: Cockpit, visit: Visit, opened: OpenedSpace
) -> None:
    before = list_ways(cockpit, visit)
    kit = next(way.id for way in before if way.type is WayType.KIT)
    forms = {
        "/cles/phrase": {"passphrase": NEW, "again": NEW},
        "/cles/kit": {},
        "/cles/proches": {"names": "Odile\nMarc", "threshold": "2"},
        "/cles/exploitant": {"compris": "oui"},
        f"/cles/retirer/{kit}": {},
        "/cles/tout-changer": {},
    }
    for address, form in forms.items():
        answer = camille.post(address, data=form | {"current": "pas la bonne phrase"})
        assert answer.status_code == 422, address
        assert "Ce n'est pas votre phrase secrète" in said(answer.text), address
    assert camille.post("/cles/kit").status_code == 422
    assert list_ways(cockpit, visit) == before
    for _ in range(TRIES - len(forms) - 1):
        camille.post("/cles/kit", data={"current": "pas la bonne phrase"})
    assert camille.post("/cles/kit", data=CURRENT).status_code == 429
    assert list_ways(cockpit, visit) == before


def test_a_locked_space_shows_no_key_and_changes_none(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    camille.post("/verrouiller")
    for address in ("/cles", "/cles/kit", "/cles/proches", "/cles/exploitant", "/cles/tout-changer"):
        assert camille.get(address).headers["location"].startswith("/ouvrir"), address
        assert camille.post(address, data=CURRENT).status_code in {303, 405}
    assert len(list_ways(cockpit, visit)) == 2


def test_a_key_is_removed_but_not_one_that_is_nobodys(camille: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    found = {way.type: way.id for way in list_ways(cockpit, visit)}
    assert camille.get(f"/cles/retirer/{found[WayType.PASSPHRASE]}").status_code == 404
    assert camille.post("/cles/retirer/x", data=CURRENT).status_code == 404
    page = camille.get(f"/cles/retirer/{found[WayType.KIT]}")
    assert "Kit de secours" in said(page.text)
    answer = camille.post(f"/cles/retirer/{found[WayType.KIT]}", data=CURRENT)
    assert answer.headers["location"] == "/cles?fait=retiree"
    text = said(camille.get("/cles").text)
    assert "Faire un kit de secours" in text
    assert "Vous avez retiré une clé de votre espace : le kit de secours." in said(camille.get("/historique").text)


def test_the_escrow_is_warned_about_always_visible_and_taken_back_in_one_press(
    camille: TestClient, cockpit: Cockpit, visit: Visit
) -> None:
    assert "il le peut, et quiconque prend sa clé" in said(camille.get("/cles/exploitant").text)
    assert camille.post("/cles/exploitant", data=CURRENT).status_code == 422
    camille.post("/cles/exploitant", data=CURRENT | {"compris": "oui"})
    recover_with_escrow(cockpit, "camille", "Demande en personne")
    assert "L'exploitant peut ouvrir votre espace." in said(camille.get("/cles").text)
    assert "Kit provisoire" in said(camille.get("/cles").text)
    assert "Motif donné : Demande en personne" in said(camille.get("/historique").text)
    assert camille.post("/cles/exploitant/retirer").headers["location"] == "/cles?fait=exploitant-retire"
    assert "L'exploitant peut ouvrir votre espace." not in said(camille.get("/cles").text)


def test_changing_all_keys_tells_what_ends_and_prints_the_new_ones(
    camille: TestClient, cockpit: Cockpit, visit: Visit, opened: OpenedSpace
) -> None:
    camille.post("/cles/proches", data=GUARDIANS)
    allow_escrow(cockpit, proof_of(cockpit, visit), understood=True)
    told = said(camille.get("/cles/tout-changer").text)
    assert re.search(r"Phrase secrète Reste la même\.", told)
    assert re.search(r"Kit de secours Refait", told)
    assert "Secours par l'exploitant Retirée." in told
    done = camille.post("/cles/tout-changer", data=CURRENT | {"proches": "oui"})
    assert done.status_code == 200
    kit, shares = kit_of(done.text), shares_of(done.text)
    assert len(shares) == 3
    assert camille.get("/donnees").status_code == 200
    assert camille.post("/cles/kit/essai", data={"kit": opened.kit}).status_code == 422
    assert camille.post("/cles/kit/essai", data={"kit": kit}).status_code == 303
    assert camille.post("/cles/proches/essai", data={"part1": shares[2], "part2": shares[1]}).status_code == 303


def test_leaving_everywhere_ends_this_session_too(camille: TestClient, opened: OpenedSpace) -> None:
    answer = camille.post("/cles/partout")
    assert answer.headers["location"] == "/"
    camille.cookies.set("cockpit", opened.cookie, domain="localhost.local")
    assert camille.get("/cles").headers["location"].startswith("/entrer")


def test_a_locked_space_can_be_left_everywhere(camille: TestClient, cockpit: Cockpit, opened: OpenedSpace) -> None:
    elsewhere = sign_in(cockpit, "camille", PASSPHRASE)
    camille.post("/verrouiller")
    assert 'action="/cles/partout"' in camille.get("/ouvrir").text
    camille.post("/cles/partout")
    assert recognise(cockpit, elsewhere) is None


def test_the_papers_are_never_kept_by_the_browser(camille: TestClient) -> None:
    for answer in (camille.post("/cles/kit", data=CURRENT), camille.post("/cles/proches", data=GUARDIANS)):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
