"""Opening a space: a name, an identifier, a passphrase; then the emergency kit, shown once, to print."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.passphrase import MIN_PASSPHRASE
from cockpit.acts.open_space import open_space
from cockpit.acts.visits import recognise
from cockpit.domain.errors import CitizenMustAct
from cockpit_web.forms import Submitted, sentence_for, text
from cockpit_web.papers import kit_paper
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, MaybeVisitor, for_anyone, keep_cookie, own_path

router = APIRouter()


@dataclass(frozen=True, slots=True)
class OpenForm:
    """The form, as typed so far. Secrets are never sent back."""

    name: str = ""
    handle: str = ""
    fault: str = ""
    suite: str = "/"
    least: int = MIN_PASSPHRASE


@router.get("/espace/creer")
@for_anyone
def ask(request: Request, visit: MaybeVisitor, suite: str = "/") -> Response:
    """The form; somebody already signed in is sent on."""
    if visit is not None:
        return RedirectResponse(own_path(suite), 303)
    return render(request, "space/open.html", OpenForm(suite=own_path(suite)))


@router.post("/espace/creer")
@for_anyone
def open_it(request: Request, cockpit: Core, form: Submitted) -> Response:
    """Open the space, sign in, and show the kit; or the form again with what is wrong."""
    language, suite = language_of(request), own_path(text(form, "suite"))
    name, handle, passphrase = text(form, "name"), text(form, "handle"), text(form, "passphrase")
    try:
        if passphrase != text(form, "again"):
            raise CitizenMustAct("the two passphrases differ", code="passphrases_differ")
        opened = open_space(cockpit, handle, passphrase, name, language)
    except CitizenMustAct as error:
        page = OpenForm(name[:80], handle[:64], sentence_for(language, error), suite)
        return render(request, "space/open.html", page, status=422)
    request.state.visit = recognise(cockpit, opened.cookie)
    kit = kit_paper(cockpit, " ".join(name.split()), opened.kit, suite, handle=handle.strip().lower())
    response = render(request, "space/kit.html", kit)
    keep_cookie(cockpit, response, opened.cookie)
    return response


@router.get("/espace/pret")
def go_on(suite: str = "/") -> Response:
    """The kit is printed: go on to where the person was."""
    return RedirectResponse(own_path(suite), 303)
