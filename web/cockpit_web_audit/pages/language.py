"""The switch between the two languages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from cockpit_web_audit.languages import COOKIE, LANGUAGES

router = APIRouter()


@router.post("/langue")
def choose_language(langue: Annotated[str, Form()]) -> Response:
    """Remember the language, and begin again at the first page."""
    answer = RedirectResponse("/", 303)
    if langue in LANGUAGES:
        answer.set_cookie(COOKIE, langue, max_age=31_536_000, httponly=True, samesite="strict")
    return answer
