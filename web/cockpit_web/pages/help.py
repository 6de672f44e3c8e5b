"""Help: who can help, what the words mean, how to stop everything. For anyone, and printable."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit_web.templating import render
from cockpit_web.visitor import for_anyone

router = APIRouter()


@router.get("/aide")
@for_anyone
def show_help(request: Request) -> Response:
    """The same page for everybody, signed in or not."""
    return render(request, "help/page.html", room="help")
