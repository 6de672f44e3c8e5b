"""Integrity: every checkpoint the house ever saw, recomputed; and what was refused, with its evidence."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.audit.integrity import integrity
from cockpit_web_audit.templating import house_of, render

router = APIRouter()


@router.get("/integrite")
def show_integrity(request: Request) -> Response:
    """Recompute and show."""
    with house_of(request).reading() as kept:
        return render(request, "integrity.html", integrity(kept), room="integrity")
