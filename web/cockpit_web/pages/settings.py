"""Settings: my keys, my language, locking and leaving."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.acts.visits import sign_out_elsewhere
from cockpit.store.files import Usage
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """What the page shows. ``done`` names what was just done: ``ailleurs``, or nothing.

    ``room`` is what the person's files take and may take.
    """

    idle_minutes: int
    session_hours: int
    done: str
    room: Usage


@router.get("/reglages")
def show_settings(request: Request, cockpit: Core, visit: Visitor, fait: str = "") -> Response:
    """The settings, with a word on what was just done."""
    done = fait if fait == "ailleurs" else ""
    with reading(cockpit, visit) as reader:
        room = reader.usage()
    page = SettingsPage(cockpit.settings.idle_minutes, cockpit.settings.session_hours, done, room)
    return render(request, "settings/page.html", page, room="settings")


@router.post("/reglages/ailleurs")
def leave_elsewhere(cockpit: Core, visit: Visitor) -> Response:
    """End every other session of this person."""
    sign_out_elsewhere(cockpit, visit)
    return RedirectResponse("/reglages?fait=ailleurs", 303)
