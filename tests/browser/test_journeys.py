"""What a person does, in a real browser: with scripts, without, with the keyboard alone, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.browser.conftest import Complaints, House
from tests.conftest import PASSPHRASE
from tests.web.every_page import addresses
from tests.web.furnished import REDIRECT, ask
from tests.web.test_sources import STATEMENT

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def page(request: pytest.FixtureRequest, chromium: Browser, complaints: Complaints) -> Iterator[Page]:
    context = chromium.new_context(locale="fr-FR", java_script_enabled=request.param)
    complaints.watch(context)
    yield context.new_page()
    context.close()


def signed_in(context: BrowserContext, house: House) -> Page:
    context.add_cookies([{"name": "cockpit", "value": house.cookie, "url": house.address}])
    return context.new_page()


def request_address(house: House, **more: str) -> str:
    """A request to answer, whatever was answered before."""
    asked = {"client_id": "c_coach", "request_uri": ask(house.cockpit), "encore": "1", **more}
    return f"{house.address}/demande?" + urlencode(asked)


def test_from_nothing_to_my_first_data(page: Page, house: House, request: pytest.FixtureRequest) -> None:
    handle = "odile" + re.sub(r"\W", "", request.node.callspec.id)
    page.goto(house.address)
    page.get_by_role("link", name="Créer mon espace").click()
    page.get_by_label("Votre prénom ou votre nom").fill("Odile")
    page.get_by_label("Identifiant").fill(handle)
    page.get_by_label("Phrase secrète").fill(PASSPHRASE)
    page.get_by_label("La même, une seconde fois").fill(PASSPHRASE)
    page.get_by_role("button", name="Créer mon espace").click()
    expect(page.locator(".kit code")).to_have_count(14)
    page.get_by_label("J'ai imprimé ou recopié mon kit.").check()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Odile")
    page.get_by_role("link", name="Ajouter une source").click()
    page.get_by_label("Vos fichiers").set_input_files(
        FilePayload(name="releve.ofx", mimeType="application/x-ofx", buffer=STATEMENT)
    )
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("C'est rangé dans votre espace")
    page.get_by_role("link", name="Voir : Banque").click()
    expect(page.get_by_role("link", name="BOULANGERIE")).to_be_visible()


def test_locking_and_coming_back(page: Page, house: House) -> None:
    page.goto(f"{house.address}/entrer?suite=/donnees/papiers")
    page.get_by_label("Identifiant").fill("camille")
    page.get_by_label("Phrase secrète").fill(PASSPHRASE)
    page.get_by_role("button", name="Entrer").click()
    expect(page).to_have_url(f"{house.address}/donnees/papiers")
    page.get_by_role("button", name="Verrouiller").click()
    page.goto(f"{house.address}/donnees/banque")
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre espace est verrouillé")
    page.get_by_label("Phrase secrète").fill(PASSPHRASE)
    page.get_by_role("button", name="Ouvrir mon espace").click()
    expect(page).to_have_url(f"{house.address}/donnees/banque")


def test_saying_yes_to_less_then_stopping(page: Page, house: House) -> None:
    page.context.add_cookies([{"name": "cockpit", "value": house.cookie, "url": house.address}])
    page.route(re.compile(re.escape(REDIRECT)), lambda route: route.fulfill(body="merci", content_type="text/html"))
    page.goto(request_address(house))
    page.get_by_text("Donner moins").click()
    page.get_by_label("Courbe de consommation : avec quel détail ?").select_option("month")
    page.get_by_label("Un mois").check()
    page.get_by_role("button", name="Voir ce qui partirait").click()
    expect(page.locator("#apercu h2").first).to_have_text("La demande, avec vos choix")
    expect(page.locator("#apercu")).to_contain_text("un total par mois")
    page.get_by_role("button", name="Oui, autoriser").click()
    page.wait_for_url(re.compile(re.escape(REDIRECT) + r".*code="))
    page.goto(f"{house.address}/partages")
    stop = page.get_by_role("button", name="Arrêter")
    running = stop.count()
    stop.first.click()
    expect(page.get_by_role("status")).to_contain_text("C'est arrêté")
    expect(page.get_by_role("button", name="Arrêter")).to_have_count(running - 1)


def test_saying_no_takes_one_click(page: Page, house: House) -> None:
    page.context.add_cookies([{"name": "cockpit", "value": house.cookie, "url": house.address}])
    page.route(re.compile(re.escape(REDIRECT)), lambda route: route.fulfill(body="merci", content_type="text/html"))
    page.goto(request_address(house))
    page.get_by_role("button", name="Non, refuser").click()
    page.wait_for_url(re.compile(re.escape(REDIRECT) + r".*error=access_denied"))


def test_a_no_is_not_asked_for_again(page: Page, house: House) -> None:
    page.context.add_cookies([{"name": "cockpit", "value": house.cookie, "url": house.address}])
    page.route(re.compile(re.escape(REDIRECT)), lambda route: route.fulfill(body="merci", content_type="text/html"))
    page.goto(request_address(house))
    page.get_by_role("button", name="Non, refuser").click()
    page.wait_for_url(re.compile(re.escape(REDIRECT) + r".*error=access_denied"))
    page.goto(request_address(house, encore=""))
    expect(page.get_by_role("heading", level=1)).to_have_text("Vous avez déjà dit non")
    page.get_by_role("button", name="Me reposer la question").click()
    expect(page.get_by_role("button", name="Oui, autoriser")).to_be_visible()
    page.goto(request_address(house, encore=""))
    page.get_by_role("button", name="C'est toujours non").click()
    page.wait_for_url(re.compile(re.escape(REDIRECT) + r".*error=access_denied"))


def test_the_two_answers_are_drawn_alike(chromium: Browser, house: House, complaints: Complaints) -> None:
    for width in (1280, 375, 320):
        context = chromium.new_context(viewport={"width": width, "height": 800}, locale="fr-FR")
        complaints.watch(context)
        page = signed_in(context, house)
        page.goto(request_address(house))
        drawn = page.eval_on_selector_all(
            ".answers button",
            """buttons => buttons.map(b => { const s = getComputedStyle(b), r = b.getBoundingClientRect();
               return [r.width, r.height, r.top, s.color, s.backgroundColor, s.borderColor, s.borderWidth, s.fontSize,
                       s.fontWeight, s.opacity]; })""",
        )
        assert drawn[0] == drawn[1]
        context.close()


def test_choosing_redraws_the_preview_by_itself(chromium: Browser, house: House, complaints: Complaints) -> None:
    context = chromium.new_context(locale="fr-FR")
    complaints.watch(context)
    page = signed_in(context, house)
    page.goto(request_address(house))
    address = page.url
    # Choosing an optional part before a duration is chosen must not be held back by what is still missing.
    page.get_by_label("Facture").first.check()
    expect(page.locator("#apercu")).to_contain_text("Facture – 2 données")
    page.get_by_label("Facture").first.uncheck()
    expect(page.locator("#apercu")).not_to_contain_text("Facture – 2 données")
    assert page.url == address
    context.close()


def test_filters_redraw_the_history_by_themselves(chromium: Browser, house: House, complaints: Complaints) -> None:
    context = chromium.new_context(locale="fr-FR")
    complaints.watch(context)
    page = signed_in(context, house)
    page.goto(f"{house.address}/historique")
    expect(page.locator("#lignes")).to_contain_text("Vous avez créé votre espace.")
    page.get_by_label("Montrer").select_option("refus")
    expect(page.locator("#lignes")).not_to_contain_text("Vous avez créé votre espace.")
    expect(page.locator("#lignes")).to_contain_text("s'est vu refuser")
    context.close()


def test_a_decision_with_the_keyboard_alone(chromium: Browser, house: House, complaints: Complaints) -> None:
    context = chromium.new_context(locale="fr-FR")
    complaints.watch(context)
    page = signed_in(context, house)
    page.goto(request_address(house))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    page.keyboard.press("Enter")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        if reached[-1] == "Non, refuser":
            break
    assert reached[-1] == "Non, refuser"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Oui, autoriser"
    context.close()


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [
        (320, "dark", "fr"),
        (1280, "light", "en"),
        pytest.param(375, "light", "en", marks=pytest.mark.long),
        pytest.param(1280, "dark", "fr", marks=pytest.mark.long),
    ],
)
def test_every_page_fits_and_breaks_no_policy(
    chromium: Browser, house: House, complaints: Complaints, width: int, scheme: str, language: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    complaints.watch(context)
    page = signed_in(context, house)
    context.add_cookies([{"name": "langue", "value": language, "url": house.address}])
    pages = [*addresses(house.cockpit, house.visit), "/nulle-part", "/entrer/kit"]
    # One page of each sort is enough here; every one of them is read without a browser elsewhere.
    kept = {re.sub(r"[0-9a-f]{32}|\d+$", "", address): address for address in pages}
    for address in kept.values():
        page.goto(house.address + address)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{address} overflows by {over} px"
    context.close()


def test_every_page_fits_with_text_twice_as_large(chromium: Browser, house: House, complaints: Complaints) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    complaints.watch(context)
    page = signed_in(context, house)
    for address in ("/", "/donnees/energie", "/donnees/banque", "/historique", "/partages", "/reglages"):
        page.goto(house.address + address)
        page.evaluate("document.documentElement.style.setProperty('font-size', '225%')")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{address} overflows by {over} px"
    context.close()


def test_targets_are_big_enough_for_a_thumb(chromium: Browser, house: House, complaints: Complaints) -> None:
    context = chromium.new_context(viewport={"width": 375, "height": 800}, locale="fr-FR", has_touch=True)
    complaints.watch(context)
    page = signed_in(context, house)
    for address in ("/", "/reglages", "/partages", "/sources/ajouter"):
        page.goto(house.address + address)
        small = page.eval_on_selector_all(
            "button, .button, .rooms a, summary, select, input:not([type=hidden], [type=checkbox], [type=radio])",
            """all => all.filter(e => e.getBoundingClientRect().height > 0 && e.getBoundingClientRect().height < 44)
               .map(e => e.textContent.trim())""",
        )
        assert small == []
    context.close()
