"""The emergency kit: is mine the right one, and a new one."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.kit import read_kit
from cockpit.accounts.slots import by_kit
from cockpit.acts.renew_kit import renew_kit
from cockpit.acts.try_way import try_way
from cockpit.domain.errors import CitizenMustAct, WrongSecret
from cockpit_web.forms import Submitted, text
from cockpit_web.papers import kit_paper
from cockpit_web.step_up import counted_try, step_up, what_is_wrong
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor

router = APIRouter()


@dataclass(frozen=True, slots=True)
class KitPage:
    """Both forms, with what was wrong."""

    fault: str = ""


@router.get("/cles/kit")
def show_kit(request: Request) -> Response:
    """Try the kit, or make another."""
    return render(request, "keys/kit.html", KitPage(), room="settings")


@router.post("/cles/kit/essai")
def try_kit(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Say whether the code typed would open the space; nothing else changes."""
    try:
        secret = read_kit(text(form, "kit"))
        try:
            with counted_try(request, visit.person):
                try_way(cockpit, visit, by_kit(secret))
        except WrongSecret as error:
            raise WrongSecret("this kit does not open the space", code="old_kit") from error
    except CitizenMustAct as error:
        return _again(request, error)
    return RedirectResponse("/cles?fait=essai", 303)


@router.post("/cles/kit")
def new_kit(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """A new emergency kit, shown once."""
    try:
        kit = renew_kit(cockpit, step_up(request, cockpit, visit, form))
    except CitizenMustAct as error:
        return _again(request, error)
    return render(request, "space/kit.html", kit_paper(cockpit, visit.name, kit, "/cles", renewed=True))


def _again(request: Request, error: CitizenMustAct) -> Response:
    fault, status = what_is_wrong(request, error)
    return render(request, "keys/kit.html", KitPage(fault), room="settings", status=status)
