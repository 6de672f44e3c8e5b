"""Problems: an error becomes a page a person understands, or an RFC 9457 problem for a program."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit.accounts.sessions import OnlyThePerson
from cockpit.consent.lifecycle import ChangeNotPossible
from cockpit.domain.errors import (
    CitizenMustAct,
    CockpitError,
    NotFound,
    OperatorMustAct,
    ServiceMustAct,
    SpaceLocked,
)
from cockpit_web import wording
from cockpit_web.languages import translate
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import SignInFirst, UnlockFirst, back_to, here

log = logging.getLogger(__name__)

_PROGRAM_FOLDERS = ("/api/", "/log/", "/.well-known/")
_PROGRAM_DOORS = frozenset({"/register", "/par", "/token", "/revoke", "/duties", "/statements"})


def for_programs(path: str) -> bool:
    """Whether programs call this address: it is answered in JSON, and reads no cookie."""
    return path in _PROGRAM_DOORS or path.startswith(_PROGRAM_FOLDERS)


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """What the problem page shows."""

    explanation: wording.Explanation


def answer_problem(request: Request, explanation: wording.Explanation, status: int) -> Response:
    """The problem as a page, or as ``application/problem+json`` (RFC 9457) on an address for programs."""
    if for_programs(request.url.path):
        language = language_of(request)
        body = {
            "type": "about:blank",
            "title": translate(language, explanation.happened),
            "status": status,
            "detail": translate(language, explanation.you_can),
            "code": explanation.code,
        }
        return JSONResponse(body, status, media_type="application/problem+json")
    return render(request, "problem/page.html", ProblemPage(explanation), status=status)


def install_problems(app: FastAPI) -> None:
    """Answer every error the pages may raise; ``LastResort`` is for those nobody foresaw."""
    app.add_exception_handler(SignInFirst, _sign_in_first)
    app.add_exception_handler(UnlockFirst, _unlock_first)
    app.add_exception_handler(CockpitError, _ours_to_explain)
    app.add_exception_handler(HTTPException, _protocol)
    app.add_exception_handler(RequestValidationError, _malformed)


def status_of(error: CockpitError) -> int:
    """The HTTP status of an error's family."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, SpaceLocked | OnlyThePerson):
        return 403
    if isinstance(error, ChangeNotPossible):
        return 409
    return 400 if isinstance(error, CitizenMustAct | ServiceMustAct) else 500


def _family(error: CockpitError) -> wording.Explanation:
    if isinstance(error, NotFound):
        return wording.NOT_FOUND
    if isinstance(error, CitizenMustAct):
        return wording.CITIZEN
    if isinstance(error, ServiceMustAct):
        return wording.SERVICE
    return wording.OPERATOR if isinstance(error, OperatorMustAct) else wording.OURS


def _ours_to_explain(request: Request, error: Exception) -> Response:
    assert isinstance(error, CockpitError)
    if isinstance(error, SpaceLocked) and not for_programs(request.url.path):
        return _unlock_first(request, error)
    status = status_of(error)
    if status >= 500:
        # The reason is a stable code of ours; the message is left out in case it quotes what was stored.
        log.error("a request failed: %s", error.reason)
    return answer_problem(request, wording.EXPLAINED.get(error.reason, _family(error)), status)


def _protocol(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    by_status = {404: wording.NOT_FOUND, 405: wording.NOT_ALLOWED, 413: wording.TOO_LARGE}
    return answer_problem(request, by_status.get(error.status_code, wording.BAD_REQUEST), error.status_code)


def _malformed(request: Request, _: Exception) -> Response:
    return answer_problem(request, wording.BAD_REQUEST, 422)


@dataclass(frozen=True, slots=True)
class LastResort:
    """ASGI middleware: a bug becomes a page that says so, and a log line that quotes nothing."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noticing)
        except Exception as error:  # noqa: BLE001 - the one place where whatever was not foreseen is answered
            # Where it happened is logged and not what it says: its text could quote a person's record.
            places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-4:]]
            log.error("a request failed unexpectedly: %s at %s", type(error).__name__, " < ".join(reversed(places)))
            if not begun:
                await answer_problem(Request(scope), wording.OURS, 500)(scope, receive, send)


def _sign_in_first(request: Request, _: Exception) -> Response:
    return _elsewhere(request, back_to("/entrer", here(request)))


def _unlock_first(request: Request, _: Exception) -> Response:
    return _elsewhere(request, back_to("/ouvrir", here(request)))


def _elsewhere(request: Request, address: str) -> Response:
    if request.headers.get("hx-request") == "true":
        # A fragment cannot hold the sign-in page: htmx is told to go there as a whole.
        return Response(status_code=200, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
