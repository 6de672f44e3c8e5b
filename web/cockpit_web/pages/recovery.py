"""Coming back with guardians: their shares typed in, a new passphrase chosen, a new kit to print."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.accounts.passphrase import MIN_PASSPHRASE
from cockpit.acts.recover_with_guardians import recover_with_guardians
from cockpit.acts.visits import recognise
from cockpit.domain.errors import CitizenMustAct, WrongSecret
from cockpit_web.forms import Submitted, text
from cockpit_web.papers import kit_paper
from cockpit_web.shares_typed import FIELDS, boxes_asked, shares_typed
from cockpit_web.step_up import counted_try, what_is_wrong
from cockpit_web.templating import render
from cockpit_web.visitor import Core, for_anyone, keep_cookie

router = APIRouter()


@dataclass(frozen=True, slots=True)
class RecoveryPage:
    """The form, with a box for each share. Shares and passphrases are never sent back."""

    boxes: int
    handle: str = ""
    fault: str = ""
    least: int = MIN_PASSPHRASE
    choices: range = FIELDS


@router.get("/entrer/proches")
@for_anyone
def ask_shares(request: Request, parts: str = "") -> Response:
    """The form, with as many boxes as ``parts`` says."""
    return render(request, "sign_in/guardians.html", RecoveryPage(boxes_asked(parts)))


@router.post("/entrer/proches")
@for_anyone
def recover(request: Request, cockpit: Core, form: Submitted) -> Response:
    """Open the space with the shares; show the new kit, once."""
    handle, boxes = text(form, "handle"), boxes_asked(text(form, "parts"))
    try:
        if text(form, "passphrase") != text(form, "again"):
            raise CitizenMustAct("the two passphrases differ", code="passphrases_differ")
        try:
            with counted_try(request, handle):
                recovered = recover_with_guardians(cockpit, handle, shares_typed(form), text(form, "passphrase"))
        except WrongSecret as error:
            raise WrongSecret("this name and these shares open no space", code="wrong_shares") from error
    except CitizenMustAct as error:
        fault, status = what_is_wrong(request, error)
        page = RecoveryPage(boxes, handle[:64], fault)
        return render(request, "sign_in/guardians.html", page, status=status)
    request.state.visit = visit = recognise(cockpit, recovered.cookie)
    name = visit.name if visit else ""
    paper = kit_paper(cockpit, name, recovered.kit, "/cles", handle=handle.strip().lower(), renewed=True)
    response = render(request, "space/kit.html", paper)
    keep_cookie(cockpit, response, recovered.cookie)
    return response
