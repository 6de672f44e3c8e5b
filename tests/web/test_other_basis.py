"""A request that rests on another basis than consent: it says so, and may be objected to instead of refused."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from cockpit.acts.ask_consent import ask_consent
from cockpit.acts.cockpit import Cockpit
from cockpit.consent.bases import basis_words
from cockpit.consent.request import Ask
from cockpit.domain.consent import AccessMode
from cockpit.domain.ids import Kind, ServiceId, UseId
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import Automation
from cockpit.grants.pushed import Redirect
from cockpit.registry.vocabulary import LEGAL_BASES
from cockpit.store import services
from tests.web.furnished import REDIRECT, VERIFIER, coach
from tests.web.screen import TestClient, check_page, screen, spaced

BENEFIT, PAYMENT = Kind("social.benefit"), Kind("social.payment")
FIELDS = {BENEFIT: ("benefit", "entitled", "start"), PAYMENT: ("amount", "benefit", "date")}


def office() -> Service:
    """A body that checks entitlements by its public task."""
    declared = DeclaredUse(UseId("entitlement-control"), 1, FIELDS, 12, ("FR",), (), Automation.ASSISTS)
    return replace(coach(), id=ServiceId("c_office"), name="Caisse du Val", uses=(declared,))


@pytest.fixture
def checked(camille: TestClient, cockpit: Cockpit) -> dict[str, str]:
    """The office asks."""
    with cockpit.database.write() as connection:
        services.put(connection, office())
    return asked(cockpit)


def asked(cockpit: Cockpit) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    wanted = Ask(
        {BENEFIT: (), PAYMENT: ()}, {}, frozenset(), "2026-01-01", "2026-11-22", AccessMode.ONCE, 1,
        "2026-12-20T00:00:00Z", 12,
    )  # fmt: skip
    pushed = ask_consent(cockpit, office(), "entitlement-control-v1", wanted, Redirect(REDIRECT, None, challenge))
    return {"client_id": "c_office", "request_uri": pushed.request_uri}


def shown(camille: TestClient, request: dict[str, str], language: str = "fr") -> str:
    camille.cookies.set("langue", language, domain="localhost.local")
    page = camille.get("/demande?" + urlencode(request))
    assert page.status_code == 200
    check_page(page.text, language)
    return " ".join(spaced(screen(page.text).xpath("//main")[0].text_content()).split())


def test_the_page_says_what_it_rests_on_and_never_that_it_is_a_consent(
    camille: TestClient, checked: dict[str, str]
) -> None:
    text = shown(camille, checked)
    assert "Ce n'est pas votre autorisation qu'on vous demande." in text
    assert "Une mission publique confiée par la loi (RGPD, article 6, 1, e)." in text
    assert "Vous pouvez vous y opposer (RGPD, article 21) et saisir le juge administratif." in text
    for words in ("Votre autorisation (RGPD", "Vous pouvez dire non", "Oui, autoriser", "Pour arrêter plus tard"):
        assert words not in text
    english = shown(camille, checked, "en")
    assert "You are not asked for your consent." in english
    assert "Caisse du Val cannot open your space." in english


def test_what_is_handed_over_has_a_receipt_that_says_the_basis(camille: TestClient, checked: dict[str, str]) -> None:
    answer = camille.post("/demande", data={**checked, "decision": "oui", "duree": "une-fois"})
    assert "code=" in answer.headers["location"]
    assert "Reçu de la remise de vos données" in newest_receipt(camille)
    assert "Comment vous y opposer ?Ce contrôle ne peut pas être refusé." in newest_receipt(camille)
    assert "Comment retirer" not in newest_receipt(camille)
    assert "Sur quelle base ?Une mission publique confiée par la loi" in newest_receipt(camille)


def test_an_objection_is_logged_told_to_the_service_and_holds_nothing_back(
    camille: TestClient, cockpit: Cockpit, checked: dict[str, str]
) -> None:
    answer = camille.post("/demande", data={**checked, "decision": "non"})
    assert "error=access_denied" in answer.headers["location"]
    assert "Reçu de votre opposition" in newest_receipt(camille)
    assert "M'y opposer" in shown(camille, asked(cockpit))


def newest_receipt(camille: TestClient) -> str:
    (consent, *_) = screen(camille.get("/partages").text).xpath("//a[starts-with(@href, '/partages/')]/@href")
    page = camille.get(f"{consent}/recu")
    check_page(page.text, "fr")
    return " ".join(spaced(screen(page.text).xpath("//article")[0].text_content()).split())


def test_every_legal_basis_has_its_words() -> None:
    said = {basis: basis_words(basis) for basis in LEGAL_BASES}
    assert all(words.fr and words.en and words.fr != words.en for words in said.values())
    assert len(set(said.values())) == len({basis.partition("#A6-1-")[2][:1] for basis in LEGAL_BASES}) == 6
