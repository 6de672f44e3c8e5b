"""The questions: the list of them, and the answer of one."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cockpit.audit.queries import QUERIES, Table
from cockpit_web_audit import words
from cockpit_web_audit.asked import asked_in
from cockpit_web_audit.templating import house_of, render

router = APIRouter()


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One question's words and answer, and what its form holds."""

    name: str
    words: words.QueryWords
    table: Table
    since: str
    until: str
    use: str
    uses: tuple[str, ...]


@router.get("/questions")
def list_questions(request: Request) -> Response:
    """Every question."""
    return render(request, "queries.html", words.QUERIES, room="queries")


@router.get("/questions/{name}")
def show_answer(request: Request, name: str) -> Response:
    """One answer, from the house's own tables."""
    if name not in QUERIES:
        raise HTTPException(404)
    asked = asked_in(request)
    with house_of(request).reading() as kept:
        table = QUERIES[name](kept, asked)
        found = kept.execute("SELECT DISTINCT json_extract(part, '$.use') FROM fact WHERE part IS NOT NULL").fetchall()
    uses = tuple(sorted(str(use) for (use,) in found if use))
    page = AnswerPage(
        name, words.QUERIES[name], table, asked.since, request.query_params.get("au", ""), asked.use, uses
    )
    return render(request, "answer.html", page, room="queries")
