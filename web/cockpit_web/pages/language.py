"""The switch of language, on every page: it changes a cookie and nothing else."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit_web.forms import Submitted, text
from cockpit_web.languages import COOKIE, LANGUAGES
from cockpit_web.visitor import Core, for_anyone, own_path

router = APIRouter()

_YEAR = 365 * 24 * 3600


@router.post("/langue")
@for_anyone
def switch_language(request: Request, cockpit: Core, form: Submitted) -> Response:
    """Keep the language chosen, and go back to the page it was chosen on."""
    del request
    response = RedirectResponse(own_path(text(form, "suite")), 303)
    if text(form, "langue") in LANGUAGES:
        response.set_cookie(
            COOKIE, text(form, "langue"), max_age=_YEAR, path="/", secure=cockpit.settings.secure, samesite="lax",
            httponly=True,
        )  # fmt: skip
    return response
