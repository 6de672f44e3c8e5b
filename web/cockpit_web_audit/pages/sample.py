"""A sample: entries drawn from a published seed and the log's root, so that anybody draws the same."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.audit.checked import Fact
from cockpit.audit.sampling import Sample, facts_drawn, sample
from cockpit_web_audit.templating import house_of, render

router = APIRouter()


@dataclass(frozen=True, slots=True)
class SamplePage:
    """``drawn`` is None before a seed is given."""

    logs: tuple[str, ...]
    log: str
    seed: str
    count: int
    drawn: Sample | None
    facts: tuple[Fact, ...]


@router.get("/echantillon")
def show_sample(request: Request) -> Response:
    """Draw, when a seed was given."""
    query = request.query_params
    seed, log, typed = query.get("graine", ""), query.get("historique", "consent"), query.get("nombre", "20")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 20
    with house_of(request).reading() as kept:
        logs = tuple(row[0] for row in kept.execute("SELECT DISTINCT log FROM seen ORDER BY log"))
        drawn = sample(kept, log, seed, count) if seed else None
        facts = tuple(facts_drawn(kept, drawn)) if drawn else ()
    return render(request, "sample.html", SamplePage(logs, log, seed, count, drawn, facts), room="sample")
