"""My data: the families, and what the space holds of each."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit_web.families import FamilyCount, family_counts
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows."""

    families: tuple[FamilyCount, ...]


@router.get("/donnees")
def overview(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """Each family, and the way to add a source."""
    with reading(cockpit, visit) as reader:
        page = Overview(family_counts(reader))
    return render(request, "data/page.html", page, room="data")
