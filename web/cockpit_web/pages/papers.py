"""My papers: tax notices, proofs of address and other signed documents, each with what its signature proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.domain.record import Json, StoredRecord
from cockpit_web.families import papers
from cockpit_web.origin_words import Verdict, verdict
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper: its record, its kind in words, what its signature proves."""

    stored: StoredRecord
    title: str
    detail: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class PapersPage:
    """What the page shows."""

    papers: tuple[Paper, ...]


@router.get("/donnees/papiers")
def show_papers(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """Every paper of the space."""
    language = language_of(request)
    with reading(cockpit, visit) as reader:
        found = papers(reader)
    shown = []
    for stored in found:
        record = stored.record
        sheet = cockpit.registry.kinds.get(record.kind)
        title = sheet.title.in_language(language) if sheet else record.kind
        shown.append(Paper(stored, title, _detail(record.data), verdict(record.provenance)))
    return render(request, "papers/page.html", PapersPage(tuple(shown)), room="data")


def _detail(fields: Mapping[str, Json]) -> str:
    """What tells one paper from another of its kind."""
    named = (fields.get(name) for name in ("income_year", "document_type", "issuer", "town"))
    return " · ".join(str(value) for value in named if value)
