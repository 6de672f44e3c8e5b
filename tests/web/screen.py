"""What the tests see a page with: a client without a screen, and its HTML as a tree."""

from __future__ import annotations

import warnings
from typing import Any

import lxml.html

with warnings.catch_warnings():
    # Starlette announces a successor of httpx for its test client; the one it has works the same.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

FROM_OUR_PAGES = {"Sec-Fetch-Site": "same-origin"}

__all__ = ["FROM_OUR_PAGES", "TestClient", "screen", "spaced"]


def screen(text: str) -> Any:
    """The page as a tree to ask by XPath, its no-break spaces made ordinary."""
    return lxml.html.document_fromstring(spaced(text))


def spaced(text: str) -> str:
    """The text with ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")
