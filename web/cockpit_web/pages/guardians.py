"""Guardians: who they are, their sheets to print, and whether their shares are the right ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.sessions import Visit
from cockpit.accounts.slots import by_guardians
from cockpit.accounts.ways import About
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.list_ways import list_ways
from cockpit.acts.set_guardians import set_guardians
from cockpit.acts.try_way import try_way
from cockpit.domain.errors import CitizenMustAct, WrongSecret
from cockpit.domain.way import WayType
from cockpit.sealing.shares import FEWEST, MOST, combine_shares
from cockpit_web.forms import Submitted, text
from cockpit_web.papers import shares_paper
from cockpit_web.shares_typed import FIELDS, shares_typed
from cockpit_web.step_up import counted_try, step_up, what_is_wrong
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor

router = APIRouter()


@dataclass(frozen=True, slots=True)
class GuardiansPage:
    """The guardians in force, if any, and the form as typed so far."""

    now: About | None
    names: str = field(repr=False, default="")
    threshold: int = FEWEST
    fault: str = ""
    fewest: int = FEWEST
    most: int = MOST


@dataclass(frozen=True, slots=True)
class TrySharesPage:
    """A box for each share to try. Shares are never sent back."""

    boxes: int
    fault: str = ""


@router.get("/cles/proches")
def show_guardians(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """Who the guardians are, and the form to choose them."""
    now = _now(cockpit, visit)
    page = GuardiansPage(now, "\n".join(now.guardians), now.threshold) if now else GuardiansPage(None)
    return render(request, "keys/guardians.html", page, room="settings")


@router.post("/cles/proches")
def choose_guardians(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Set them, and show a sheet for each, once."""
    typed, needed = text(form, "names"), text(form, "threshold")
    threshold = int(needed) if needed.isascii() and needed.isdigit() and len(needed) < 3 else 0
    names = [line for line in typed.splitlines() if line.strip()]
    try:
        shares = set_guardians(cockpit, step_up(request, cockpit, visit, form), threshold, names)
    except CitizenMustAct as error:
        fault, status = what_is_wrong(request, error)
        page = GuardiansPage(_now(cockpit, visit), typed[:2000], threshold, fault)
        return render(request, "keys/guardians.html", page, room="settings", status=status)
    return render(request, "keys/shares.html", shares_paper(cockpit, visit, threshold, shares))


@router.get("/cles/proches/essai")
def ask_shares(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """As many boxes as shares are needed."""
    return render(request, "keys/try_shares.html", TrySharesPage(_boxes(cockpit, visit)), room="settings")


@router.post("/cles/proches/essai")
def try_shares(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Say whether the shares typed would open the space; nothing else changes."""
    try:
        secret = combine_shares(shares_typed(form))
        try:
            with counted_try(request, visit.person):
                try_way(cockpit, visit, by_guardians(secret))
        except WrongSecret as error:
            raise WrongSecret("these shares do not open the space", code="old_shares") from error
    except CitizenMustAct as error:
        fault, status = what_is_wrong(request, error)
        page = TrySharesPage(_boxes(cockpit, visit), fault)
        return render(request, "keys/try_shares.html", page, room="settings", status=status)
    return RedirectResponse("/cles?fait=essai", 303)


def _now(cockpit: Cockpit, visit: Visit) -> About | None:
    return next((way.about for way in list_ways(cockpit, visit) if way.type is WayType.GUARDIANS), None)


def _boxes(cockpit: Cockpit, visit: Visit) -> int:
    now = _now(cockpit, visit)
    return now.threshold if now else FIELDS[0]
