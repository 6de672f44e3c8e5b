"""The archive's first page: self-contained, in words, and nothing that a record says can act on it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from cockpit.archive.index_page import MAX_ROWS, Chapter, ConsentShown, index_page, read_me
from cockpit.domain.event import EventType

HOSTILE = "<script>alert(1)</script>\"'&"
AT = "2026-11-23T09:30:00Z"


def chapter(*values: Any, kind: str = "bank.transaction") -> Chapter:
    rows = [{"day": "2026-11-01", "data": {"label": value}, "file": "files/0001-relevé.txt"} for value in values]
    return Chapter(kind, "Opérations", {"label": "Libellé"}, rows, len(rows))


class Elements(HTMLParser):
    """Every element of the page with its attributes; complains of a tag closed out of order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in {"meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_is_whole_and_asks_nothing_of_anybody(language: str) -> None:
    consents = [ConsentShown("Coach énergie", [(AT, "consent.given")], "Qui demande ?\nCoach énergie")]
    page = Elements(index_page("Camille", AT, [chapter("CAFÉ")], [(AT, "space.opened", "")], language, consents))
    assert not {"script", "img", "link", "iframe", "form", "object"} & set(page.names)
    assert page.addresses
    assert all(address.startswith(("records/", "files/", "#")) for address in page.addresses)


def test_nothing_that_a_record_a_service_or_a_person_says_becomes_markup() -> None:
    consents = [ConsentShown(HOSTILE, [(AT, HOSTILE)], HOSTILE)]
    page = index_page(
        HOSTILE, AT, [chapter(HOSTILE, [HOSTILE], {"a": HOSTILE})], [(AT, HOSTILE, HOSTILE)], "fr", consents
    )
    assert "script" not in Elements(page).names
    assert page.count("&lt;script&gt;") >= 7


@pytest.mark.parametrize("event", EventType)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_event_is_said_in_words(event: EventType, language: str) -> None:
    assert event.value not in index_page("Camille", AT, [], [(AT, event.value, "")], language)


def test_an_event_of_a_later_version_is_shown_as_it_is() -> None:
    assert "space.moved" in index_page("Camille", AT, [], [(AT, "space.moved", "")], "fr")


def test_instants_are_told_in_the_persons_time() -> None:
    assert "23/11/2026 10:30" in index_page("Camille", AT, [], [], "fr")
    assert "23 November 2026 10:30" in index_page("Camille", AT, [], [], "en")


def test_a_consent_is_told_with_its_text_and_each_decision() -> None:
    told = ConsentShown(
        "Coach énergie", [(AT, "consent.given"), ("2026-12-01T09:00:00Z", "consent.withdrawn")], "Gardées 3 mois"
    )
    page = index_page("Camille", AT, [], [], "fr", [told])
    for words in ("Coach énergie", "autorisé ce service", "01/12/2026 10:00", "arrêté l&#x27;accès", "Gardées 3 mois"):
        assert words in page


def test_a_large_table_is_cut_and_says_where_the_rest_is() -> None:
    page = index_page("Camille", AT, [chapter(*["CAFÉ"] * (MAX_ROWS + 1))], [], "fr")
    assert page.count("<td>CAFÉ</td>") == MAX_ROWS
    assert f"{MAX_ROWS} premières lignes" in page
    assert f"<td>{MAX_ROWS + 1}</td>" in page


def test_a_cell_that_would_fill_the_page_is_cut() -> None:
    page = index_page("Camille", AT, [chapter("x" * 100_000, list(range(4464)))], [], "fr")
    assert len(page) < 10_000
    assert "4464 ×" in page


def test_a_kind_with_nothing_says_so() -> None:
    assert "Rien pour le moment" in index_page("Camille", AT, [chapter()], [], "fr")


def test_the_explanation_is_in_both_languages() -> None:
    assert "python -m cockpit.verifier" in read_me()
    assert "Vos données" in read_me()
    assert "Your data" in read_me()
