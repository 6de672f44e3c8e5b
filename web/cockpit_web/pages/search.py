"""Search: a question in a person's words, what answers it, and what to try when nothing does.

The question is posted, never part of an address: addresses stay in histories and in servers' logs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.search_space import search_space
from cockpit.domain.ids import ConnectorId, Kind
from cockpit.search.document import cents
from cockpit.search.query import Found, Query
from cockpit.search.words import fold
from cockpit_web.forms import Submitted, text
from cockpit_web.found_words import FoundLine, found_line
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor

router = APIRouter()

T = TypeVar("T")

PER_PAGE = 20
FARTHEST = 100_000
FIELDS = ("mots", "genre", "source", "depuis", "jusqu", "minimum", "maximum")


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What the page shows. ``asked`` holds the fields of the form as they were sent; ``found`` is None before.

    ``refused`` names the fields that could not be read; ``corrected`` pairs what was typed with what it was taken for;
    ``fewer`` are the words to try one by one; ``earlier`` and ``later`` are the ranks of the pages beside this one.
    """

    kinds: Mapping[str, str]
    sources: Mapping[str, str]
    asked: Mapping[str, str]
    refused: tuple[str, ...] = ()
    found: Found | None = None
    lines: tuple[FoundLine, ...] = ()
    corrected: tuple[tuple[str, str], ...] = ()
    fewer: tuple[str, ...] = ()
    earlier: int | None = None
    later: int | None = None

    @property
    def narrowed(self) -> bool:
        """Whether a filter is set: the filters are then shown open."""
        return any(self.asked[name] for name in FIELDS if name != "mots")


@router.get("/recherche")
def search_form(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """The form. Nothing of a question is ever in this address."""
    del visit
    return render(request, "search/page.html", _asked(cockpit, dict.fromkeys(FIELDS, ""), request), room="search")


@router.post("/recherche")
def search(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """The records that answer, newest first; the form again when a day or an amount could not be read."""
    asked = {name: text(form, name).strip() for name in FIELDS}
    page = _asked(cockpit, asked, request)
    query, refused = _query(asked, text(form, "rang"))
    if refused or not any(asked.values()):
        page = replace(page, refused=refused)
        return render(request, "search/page.html", page, room="search", status=422 if refused else 200)
    answers = search_space(cockpit, visit, query)
    found, typed = answers.found, tuple(dict.fromkeys(asked["mots"].split()))
    page = replace(
        page,
        found=found,
        lines=tuple(found_line(stored, page.kinds[stored.record.kind]) for stored in answers.records),
        corrected=tuple((word, ", ".join(meant)) for word, meant in found.corrected.items()),
        fewer=() if found.total or len(typed) < 2 else tuple(word for word in typed if fold(word) not in found.unknown),
        earlier=max(0, query.offset - PER_PAGE) if query.offset else None,
        later=query.offset + PER_PAGE if found.total > query.offset + PER_PAGE else None,
    )
    return render(request, "search/page.html", page, room="search")


def _asked(cockpit: Cockpit, asked: Mapping[str, str], request: Request) -> SearchPage:
    """The form filled in as it was sent, with the sources to choose from and the kinds that they bring."""
    language = language_of(request)
    brought = {kind for manifest in cockpit.shelf.manifests() for kind in manifest.produces}
    kinds: dict[str, str] = {
        kind: sheet.title.in_language(language) for kind, sheet in cockpit.registry.kinds.items() if kind in brought
    }
    sources: dict[str, str] = {
        manifest.id: manifest.title.en if language == "en" else manifest.title.fr
        for manifest in cockpit.shelf.manifests()
    }
    return SearchPage(kinds, sources, asked)


def _query(asked: Mapping[str, str], rank: str) -> tuple[Query, tuple[str, ...]]:
    """The question, and the fields that say no day or no amount."""
    refused: list[str] = []

    def read(name: str, reader: Callable[[str], T]) -> T | None:
        try:
            return reader(asked[name]) if asked[name] else None
        except (ValueError, InvalidOperation):
            refused.append(name)
            return None

    query = Query(
        text=asked["mots"],
        kinds=frozenset({Kind(asked["genre"])} if asked["genre"] else ()),
        sources=frozenset({ConnectorId(asked["source"])} if asked["source"] else ()),
        since=read("depuis", _day),
        until=read("jusqu", _day),
        least=read("minimum", _amount),
        most=read("maximum", _amount),
        limit=PER_PAGE,
        offset=min(int(rank), FARTHEST) if rank.isascii() and rank.isdigit() and len(rank) < 10 else 0,
    )
    return query, tuple(refused)


def _day(typed: str) -> str:
    return date.fromisoformat(typed).isoformat()


def _amount(typed: str) -> Decimal:
    """``1 234,50 €`` as a number. Raises ``InvalidOperation`` or ``ValueError``."""
    found = Decimal("".join(typed.replace("€", "").split()).replace(",", "."))
    if cents(found) is None or found < 0:
        raise ValueError("an amount is a number that is not negative")
    return found
