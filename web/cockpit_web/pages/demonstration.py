"""The demonstration's door: a link that opens a fictional person's space, already signed in."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.domain.errors import NotFound
from cockpit_web.tending import tend_after
from cockpit_web.visitor import Core, DemonstrationDoor, for_anyone, keep_cookie, own_path

router = APIRouter()


@router.get("/demonstration/{key}")
@for_anyone
def come_in(request: Request, cockpit: Core, key: str, suite: str = "/") -> Response:
    """Sign in behind the door kept under ``key``. Raises ``NotFound`` anywhere but in a demonstration."""
    doors: Mapping[str, DemonstrationDoor] = request.app.state.demonstration_doors
    if not cockpit.settings.demonstration or key not in doors:
        raise NotFound("there is no such demonstration")
    response = RedirectResponse(own_path(suite), 303)
    cookie = doors[key].sign_in()
    keep_cookie(cockpit, response, cookie)
    return tend_after(response, cockpit, cookie)
