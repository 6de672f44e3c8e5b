"""A receipt on paper: every one of them, in both languages, prints on one sheet of A4, and its files come down."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser

from cockpit.acts.shares import shares
from cockpit.verifier.verify import PROVED, verify_file
from cockpit_web.visitor import reading
from tests.browser.conftest import Complaints, House


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_receipt_prints_on_one_sheet(
    chromium: Browser, house: House, complaints: Complaints, language: str
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    complaints.watch(context)
    context.add_cookies([
        {"name": "cockpit", "value": house.cookie, "url": house.address},
        {"name": "langue", "value": language, "url": house.address},
    ])  # fmt: skip
    page = context.new_page()
    with reading(house.cockpit, house.visit) as reader:
        known = shares(house.cockpit, reader)
    printed = 0
    for share in known:
        for number in range(1, len(share.events) + 1):
            page.goto(f"{house.address}/partages/{share.consent}/recu/{number}")
            sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
            assert len(sheets) == 1, (share.status, number)
            printed += 1
    assert printed >= 4
    context.close()


def test_the_files_of_a_receipt_come_down_and_verify(
    chromium: Browser, house: House, complaints: Complaints, tmp_path_factory: pytest.TempPathFactory
) -> None:
    context = chromium.new_context(accept_downloads=True)
    complaints.watch(context)
    context.add_cookies([{"name": "cockpit", "value": house.cookie, "url": house.address}])
    page = context.new_page()
    with reading(house.cockpit, house.visit) as reader:
        newest = shares(house.cockpit, reader)[0]
    page.goto(f"{house.address}/partages/{newest.consent}/recu/1")
    folder = tmp_path_factory.mktemp("receipts")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Le reçu signé").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    keys = json.loads(page.request.get(f"{house.address}/log/keys").text())
    report = verify_file(path, (keys["log"], keys["receipts"]))
    assert report.outcome == PROVED
    assert "in-log" not in report.not_proved
    context.close()
