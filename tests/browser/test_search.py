"""Searching in a real browser, with scripts and without: the same answers, and no address says what was typed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Complaints, House

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_person_finds_a_record(chromium: Browser, house: House, complaints: Complaints, scripts: bool) -> None:
    context = chromium.new_context(locale="fr-FR", java_script_enabled=scripts)
    complaints.watch(context)
    addresses: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))
    context.add_cookies([{"name": "cockpit", "value": house.cookie, "url": house.address}])
    page = context.new_page()
    page.goto(house.address)
    page.get_by_role("link", name="Rechercher").click()
    page.get_by_label("Que cherchez-vous ?").fill("loyr")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_text("Voici ce qui y ressemble")).to_contain_text("loyer")
    expect(page.locator(".found a")).to_have_count(3)
    page.get_by_text("Préciser").click()
    page.get_by_label("Jusqu'au").fill("2026-10-31")
    page.get_by_role("button", name="Chercher").click()
    expect(page.locator(".found a")).to_have_count(2)
    # The date and the button each asked: an answer that comes later would take away what is being clicked.
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.get_by_role("link", name="LOYER").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Opération bancaire")
    assert not [address for address in addresses if "loy" in address]
    context.close()


def test_a_phone_shows_it_all(chromium: Browser, house: House, complaints: Complaints) -> None:
    context = chromium.new_context(locale="fr-FR", viewport={"width": 360, "height": 800})
    complaints.watch(context)
    context.add_cookies([{"name": "cockpit", "value": house.cookie, "url": house.address}])
    page = context.new_page()
    page.goto(f"{house.address}/recherche")
    page.get_by_label("Que cherchez-vous ?").fill("boulangerie")
    page.keyboard.press("Enter")
    expect(page.locator(".found a").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    search, brand = page.get_by_role("link", name="Rechercher").bounding_box(), page.locator(".brand").bounding_box()
    assert search and brand
    assert search["width"] >= 24 and search["height"] >= 24
    assert abs(search["y"] - brand["y"]) < search["height"], "the header takes two lines"
    context.close()
