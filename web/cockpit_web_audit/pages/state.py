"""The state of the house: which cockpit, under which mandate, up to when; and bringing it up to date."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.audit.faults import Refuted
from cockpit.audit.house import fixed
from cockpit.audit.integrity import Integrity, integrity
from cockpit.audit.line import line_of
from cockpit.audit.sync import sync
from cockpit.audit.wire import State
from cockpit_web_audit.templating import house_of, render

router = APIRouter()


@dataclass(frozen=True, slots=True)
class StatePage:
    """``state`` is None before the first update; ``newest`` are (log, size) pairs."""

    cockpit: str
    state: State | None
    synced_at: str
    integrity: Integrity
    newest: tuple[tuple[str, int], ...]


@router.get("/")
def show_state(request: Request) -> Response:
    """Where the house stands."""
    with house_of(request).reading() as kept:
        said = fixed(kept, "state")
        sizes = kept.execute("SELECT log, max(size) FROM seen GROUP BY log ORDER BY log").fetchall()
        page = StatePage(
            fixed(kept, "cockpit"),
            msgspec.json.decode(said, type=State) if said else None,
            fixed(kept, "synced_at"),
            integrity(kept),
            tuple((str(log), int(size)) for log, size in sizes),
        )
    return render(request, "state.html", page, room="state")


@router.post("/actualiser")
def bring_up_to_date(request: Request) -> Response:
    """Fetch and check what is new; what is refuted is shown on the integrity page, with its evidence."""
    house = house_of(request)
    try:
        with line_of(house, request.app.state.clock) as line:
            sync(house, line)
    except Refuted:
        return RedirectResponse("/integrite", 303)
    return RedirectResponse("/", 303)
