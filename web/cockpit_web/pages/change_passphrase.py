"""Changing the passphrase: the one in use, then the new one twice."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.passphrase import MIN_PASSPHRASE
from cockpit.acts.change_passphrase import change_passphrase
from cockpit.domain.errors import CitizenMustAct
from cockpit_web.forms import Submitted, text
from cockpit_web.step_up import step_up, what_is_wrong
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor

router = APIRouter()


@dataclass(frozen=True, slots=True)
class PassphrasePage:
    """The form, with what was wrong."""

    fault: str = ""
    least: int = MIN_PASSPHRASE


@router.get("/cles/phrase")
def ask_new_passphrase(request: Request) -> Response:
    """The form."""
    return render(request, "keys/passphrase.html", PassphrasePage(), room="settings")


@router.post("/cles/phrase")
def new_passphrase(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Change it; every other session ends."""
    try:
        if text(form, "passphrase") != text(form, "again"):
            raise CitizenMustAct("the two passphrases differ", code="passphrases_differ")
        change_passphrase(cockpit, visit, step_up(request, cockpit, visit, form), text(form, "passphrase"))
    except CitizenMustAct as error:
        fault, status = what_is_wrong(request, error)
        return render(request, "keys/passphrase.html", PassphrasePage(fault), room="settings", status=status)
    return RedirectResponse("/cles?fait=phrase", 303)
