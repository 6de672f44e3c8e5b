"""The operator's escrow: what it changes, allowing it, and taking it back at once."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.acts.allow_escrow import allow_escrow, forbid_escrow
from cockpit.acts.list_ways import list_ways
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.way import WayType
from cockpit_web.forms import Submitted, text
from cockpit_web.step_up import step_up, what_is_wrong
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor

router = APIRouter()


@dataclass(frozen=True, slots=True)
class EscrowPage:
    """Whether it is allowed now, and what was wrong."""

    allowed: bool
    fault: str = ""


@router.get("/cles/exploitant")
def show_escrow(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """The warning, and the form."""
    allowed = any(way.type is WayType.ESCROW for way in list_ways(cockpit, visit))
    return render(request, "keys/escrow.html", EscrowPage(allowed), room="settings")


@router.post("/cles/exploitant")
def allow(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Allow it, once the warning is understood and the passphrase given again."""
    try:
        allow_escrow(cockpit, step_up(request, cockpit, visit, form), understood=text(form, "compris") == "oui")
    except CitizenMustAct as error:
        fault, status = what_is_wrong(request, error)
        return render(request, "keys/escrow.html", EscrowPage(False, fault), room="settings", status=status)
    return RedirectResponse("/cles?fait=exploitant", 303)


@router.post("/cles/exploitant/retirer")
def forbid(cockpit: Core, visit: Visitor) -> Response:
    """Take it back at once: no passphrase is asked."""
    forbid_escrow(cockpit, visit)
    return RedirectResponse("/cles?fait=exploitant-retire", 303)
