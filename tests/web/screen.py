"""What the tests see a page with: a client without a screen, and its HTML as a tree."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import lxml.html

with warnings.catch_warnings():
    # Starlette announces a successor of httpx for its test client; the one it has works the same.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

FROM_OUR_PAGES = {"Sec-Fetch-Site": "same-origin"}

__all__ = ["FROM_OUR_PAGES", "TestClient", "check_page", "screen", "spaced"]


def screen(text: str) -> Any:
    """The page as a tree to ask by XPath, its no-break spaces made ordinary."""
    return lxml.html.document_fromstring(spaced(text))


def spaced(text: str) -> str:
    """The text with ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def check_page(text: str, language: str) -> None:
    """The rules of every page: one title, landmarks, labels, no inline script or style, no broken reference."""
    page = screen(text)
    assert text.startswith("<!doctype html>")
    assert page.get("lang") == language
    assert len(page.xpath("//h1")) == 1
    assert len(page.xpath("//main")) == 1
    assert page.findtext(".//title", "").strip(" –")
    assert page.xpath("//a[@class='skip']/@href") == ["#contenu"]
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)), "an id is used twice"
    for names in page.xpath("//@aria-labelledby | //@aria-describedby"):
        assert set(names.split()) <= set(ids)
    for target in page.xpath("//label/@for"):
        assert target in ids
    for control in page.xpath("//input[not(@type='hidden')] | //select"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), control.get("name")
    assert not page.xpath("//@style | //style | //script[not(@src)]")
    names = {name for element in page.iter() if isinstance(element.tag, str) for name in element.attrib}
    assert not [name for name in names if name.startswith(("on", "hx-"))]
    for table in page.xpath("//table[not(ancestor::dd)]"):
        assert table.xpath("./caption")
        assert table.xpath(".//th/@scope")
    levels = [int(heading.tag[1]) for heading in page.xpath("//main//*[self::h1 or self::h2 or self::h3]")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
