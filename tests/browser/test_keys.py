"""My keys without script, by the keyboard, on a narrow screen: from trusted persons to a space opened again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from cockpit.acts.open_space import open_space
from tests.browser.conftest import Complaints, House
from tests.conftest import PASSPHRASE

pytestmark = pytest.mark.browser

NEW = "une toute nouvelle phrase"
PAGES = (
    "/cles", "/cles/phrase", "/cles/kit", "/cles/proches", "/cles/proches/essai", "/cles/exploitant",
    "/cles/tout-changer",
)  # fmt: skip


def visiting(chromium: Browser, house: House, complaints: Complaints, handle: str, **options: object) -> BrowserContext:
    """A browser of a person who just opened a space, so that no other test sees what is changed here."""
    opened = open_space(house.cockpit, handle, PASSPHRASE, "Odile", "fr")
    context = chromium.new_context(locale="fr-FR", **options)  # type: ignore[arg-type]
    complaints.watch(context)
    context.add_cookies([{"name": "cockpit", "value": opened.cookie, "url": house.address}])
    return context


def enter(page: Page, selector: str, text: str) -> None:
    """Type the last field of a form and press Enter, as one does without a mouse."""
    page.fill(selector, text)
    with page.expect_navigation():
        page.press(selector, "Enter")


def test_trusted_persons_are_chosen_tried_and_give_the_space_back(
    chromium: Browser, house: House, complaints: Complaints
) -> None:
    size = {"width": 360, "height": 740}
    context = visiting(chromium, house, complaints, "odile.clavier", java_script_enabled=False, viewport=size)
    page = context.new_page()
    page.goto(house.address + "/cles/proches")
    page.fill("#names", "Marc\nInès\nLéa")
    enter(page, "#current", PASSPHRASE)
    shares = [" ".join(sheet.locator("ol code").all_inner_texts()) for sheet in page.locator("section.share").all()]
    assert [len(share.split()) for share in shares] == [33] * 3

    page.goto(house.address + "/cles/proches/essai")
    page.fill("#part1", shares[0])
    page.fill("#part2", shares[2])
    with page.expect_navigation():
        page.get_by_role("button", name="Essayer ces parts").press("Enter")
    assert "elle ouvrirait votre espace" in page.inner_text("main")

    with page.expect_navigation():
        page.get_by_role("button", name="Tout verrouiller").press("Enter")
    page.goto(house.address + "/entrer/proches?parts=2")
    page.fill("#handle", "odile.clavier")
    page.fill("#part1", shares[2])
    page.fill("#part2", shares[1])
    page.fill("#passphrase", NEW)
    enter(page, "#again", NEW)
    assert page.locator("section.kit ol code").count() == 14
    page.goto(house.address + "/historique")
    assert "Vos proches de confiance ont rouvert votre espace" in page.inner_text("main")
    context.close()


def test_each_share_prints_on_a_sheet_of_its_own(chromium: Browser, house: House, complaints: Complaints) -> None:
    context = visiting(chromium, house, complaints, "odile.papier")
    page = context.new_page()
    page.goto(house.address + "/cles/proches")
    page.fill("#names", "Marc\nInès")
    enter(page, "#current", PASSPHRASE)
    page.emulate_media(media="print")
    breaks = page.locator("section.share").evaluate_all("all => all.map(e => getComputedStyle(e).breakBefore)")
    assert breaks == ["auto", "page"]
    for hidden in ("nav.rooms", "button.main", "h1"):
        assert not page.locator(hidden).first.is_visible()
    context.close()


def test_the_pages_of_keys_fit_a_small_screen_and_large_text(
    chromium: Browser, house: House, complaints: Complaints
) -> None:
    context = visiting(chromium, house, complaints, "odile.ecran", viewport={"width": 320, "height": 640})
    page = context.new_page()
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for address in (*PAGES, "/entrer/proches?parts=16"):
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(house.address + address)
        assert page.evaluate(over) <= 0, address
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("document.documentElement.style.setProperty('font-size', '225%')")
        assert page.evaluate(over) <= 0, address
    context.close()
