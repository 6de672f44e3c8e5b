"""Coming in and going out: passphrase, emergency kit, unlocking, locking, signing out."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.kit import read_kit
from cockpit.accounts.passphrase import MIN_PASSPHRASE, checked_passphrase
from cockpit.accounts.slots import by_kit, prove
from cockpit.acts.change_passphrase import change_passphrase
from cockpit.acts.sign_in import sign_in, sign_in_with_kit
from cockpit.acts.visits import lock, recognise, sign_out, unlock
from cockpit.domain.errors import CitizenMustAct, SpaceLocked, WrongSecret
from cockpit_web.forms import Submitted, sentence_for, text
from cockpit_web.security.limits import Attempts, TooManyTries
from cockpit_web.templating import language_of, render
from cockpit_web.tending import tend_after
from cockpit_web.visitor import (
    Core,
    MaybeVisitor,
    Visitor,
    cookie_name,
    drop_cookie,
    for_anyone,
    for_signed_in,
    keep_cookie,
    own_path,
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class SignInForm:
    """A form that asks for a secret, as typed so far. Secrets are never sent back."""

    handle: str = ""
    fault: str = ""
    suite: str = "/"
    least: int = MIN_PASSPHRASE


@router.get("/entrer")
@for_anyone
def ask_passphrase(request: Request, visit: MaybeVisitor, suite: str = "/") -> Response:
    """Identifier and passphrase; somebody already signed in is sent on."""
    if visit is not None:
        return RedirectResponse(own_path(suite), 303)
    return render(request, "sign_in/passphrase.html", SignInForm(suite=own_path(suite)))


@router.post("/entrer")
@for_anyone
def enter(request: Request, cockpit: Core, form: Submitted) -> Response:
    """Sign in, and go on to the page that was asked."""
    handle, suite, keys = text(form, "handle"), own_path(text(form, "suite")), _keys(request, text(form, "handle"))
    try:
        _attempts(request).check(*keys)
        cookie = sign_in(cockpit, handle, text(form, "passphrase"))
    except CitizenMustAct as error:
        return _again(request, "sign_in/passphrase.html", error, keys, SignInForm(handle[:64], suite=suite))
    return _let_in(request, cockpit, cookie, keys, suite)


@router.get("/entrer/kit")
@for_anyone
def ask_kit(request: Request, suite: str = "/") -> Response:
    """The emergency kit's code, and a new passphrase."""
    return render(request, "sign_in/kit.html", SignInForm(suite=own_path(suite)))


@router.post("/entrer/kit")
@for_anyone
def enter_with_kit(request: Request, cockpit: Core, form: Submitted) -> Response:
    """Sign in with the kit and change the passphrase in one step: nobody comes in by the kit and keeps the lost one."""
    handle, suite, keys = text(form, "handle"), own_path(text(form, "suite")), _keys(request, text(form, "handle"))
    try:
        _attempts(request).check(*keys)
        passphrase = checked_passphrase(text(form, "passphrase"))
        if passphrase != checked_passphrase(text(form, "again")):
            raise CitizenMustAct("the two passphrases differ", code="passphrases_differ")
        cookie = sign_in_with_kit(cockpit, handle, text(form, "kit"))
    except CitizenMustAct as error:
        return _again(request, "sign_in/kit.html", error, keys, SignInForm(handle[:64], suite=suite))
    visit = recognise(cockpit, cookie)
    if visit is None:
        raise SpaceLocked("the session that was just begun is over")
    change_passphrase(cockpit, visit, prove(cockpit, visit, by_kit(read_kit(text(form, "kit")))), passphrase)
    return _let_in(request, cockpit, cookie, keys, suite)


@router.get("/ouvrir")
@for_signed_in
def ask_to_unlock(request: Request, visit: Visitor, suite: str = "/") -> Response:
    """The passphrase of whoever is signed in with a locked space."""
    if visit.keyring is not None:
        return RedirectResponse(own_path(suite), 303)
    return render(request, "sign_in/locked.html", SignInForm(suite=own_path(suite)))


@router.post("/ouvrir")
@for_signed_in
def open_again(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Unlock the space and go back to where the person was."""
    suite, keys = own_path(text(form, "suite")), _keys(request, visit.person)
    try:
        _attempts(request).check(*keys)
        unlock(cockpit, visit, request.cookies[cookie_name(cockpit)], text(form, "passphrase"))
    except CitizenMustAct as error:
        return _again(request, "sign_in/locked.html", error, keys, SignInForm(suite=suite))
    _attempts(request).forget(keys[0])
    return tend_after(RedirectResponse(suite, 303), cockpit, request.cookies[cookie_name(cockpit)])


@router.post("/verrouiller")
@for_signed_in
def lock_now(cockpit: Core, visit: Visitor) -> Response:
    """Lock the space; the person stays signed in."""
    lock(cockpit, visit)
    return RedirectResponse("/ouvrir", 303)


@router.post("/sortir")
@for_anyone
def leave(cockpit: Core, visit: MaybeVisitor) -> Response:
    """End the session; leaving twice is no error."""
    if visit is not None:
        sign_out(cockpit, visit)
    response = RedirectResponse("/", 303)
    drop_cookie(cockpit, response)
    return response


def _attempts(request: Request) -> Attempts:
    attempts: Attempts = request.app.state.attempts
    return attempts


def _keys(request: Request, who: str) -> tuple[str, str]:
    return who, request.client.host if request.client else ""


def _again(request: Request, template: str, error: CitizenMustAct, keys: tuple[str, str], form: SignInForm) -> Response:
    if isinstance(error, WrongSecret):
        _attempts(request).failed(*keys)
    fault = sentence_for(language_of(request), error)
    status = 429 if isinstance(error, TooManyTries) else 422
    page = SignInForm(form.handle, fault, form.suite)
    return render(request, template, page, status=status)


def _let_in(request: Request, cockpit: Core, cookie: str, keys: tuple[str, str], suite: str) -> Response:
    _attempts(request).forget(keys[0])
    response = RedirectResponse(suite, 303)
    keep_cookie(cockpit, response, cookie)
    return tend_after(response, cockpit, cookie)
