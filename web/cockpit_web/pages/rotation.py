"""Changing all keys: what will happen to each, told before; the new papers, shown once, after."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.accounts.sessions import Visit
from cockpit.accounts.ways import Way
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.list_ways import list_ways
from cockpit.acts.rotate_vault_key import Fate, fate, rotate_vault_key
from cockpit.domain.errors import CitizenMustAct, WrongSecret
from cockpit.domain.way import WayType
from cockpit_web.forms import Submitted, text
from cockpit_web.papers import KitPaper, SharesPaper, kit_paper, shares_paper
from cockpit_web.step_up import CURRENT, counted_try, what_is_wrong
from cockpit_web.templating import render
from cockpit_web.tending import tend_after
from cockpit_web.visitor import Core, Visitor, cookie_name
from cockpit_web.way_words import WAY_WORDS, WayWords

router = APIRouter()


@dataclass(frozen=True, slots=True)
class RotationPage:
    """What would happen to each way; ``guarded``: whether the guardians may be given new shares."""

    fates: tuple[tuple[Way, WayWords, Fate], ...]
    guarded: bool
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RotatedPage:
    """The papers of the new keys; ``shares`` is None without guardians."""

    kit: KitPaper
    shares: SharesPaper | None


@router.get("/cles/tout-changer")
def ask_rotation(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """What changing all keys means."""
    return render(request, "keys/rotate.html", _page(cockpit, visit), room="settings")


@router.post("/cles/tout-changer")
def rotate(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Change them all, and show the new papers once."""
    cookie, again = request.cookies[cookie_name(cockpit)], text(form, "proches") == "oui"
    plan = next((way.about for way in list_ways(cockpit, visit) if way.type is WayType.GUARDIANS), None)
    try:
        try:
            with counted_try(request, visit.person):
                rotated = rotate_vault_key(cockpit, visit, cookie, text(form, CURRENT), guardians_again=again)
        except WrongSecret as error:
            raise WrongSecret("the passphrase is not the right one", code="wrong_passphrase") from error
    except CitizenMustAct as error:
        fault, status = what_is_wrong(request, error)
        return render(request, "keys/rotate.html", _page(cockpit, visit, fault), room="settings", status=status)
    kit = kit_paper(cockpit, visit.name, rotated.kit, "/cles", renewed=True)
    sheets = shares_paper(cockpit, visit, plan.threshold, rotated.shares) if plan and rotated.shares else None
    return tend_after(render(request, "keys/rotated.html", RotatedPage(kit, sheets)), cockpit, cookie)


def _page(cockpit: Cockpit, visit: Visit, fault: str = "") -> RotationPage:
    held = list_ways(cockpit, visit)
    fates = tuple((way, WAY_WORDS[way.type], fate(way)) for way in held)
    return RotationPage(fates, any(way.type is WayType.GUARDIANS for way in held), fault)
