"""An error becomes a page that says what happened, or JSON on an address for programs."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cockpit.audit.faults import Refuted
from cockpit.domain.errors import CockpitError
from cockpit_web_audit.templating import render


@dataclass(frozen=True, slots=True)
class Problem:
    """What the problem page shows: a code, and the sentence of the error."""

    code: str
    sentence: str


def install_problems(app: FastAPI) -> None:
    """Answer every error the pages may raise."""
    app.add_exception_handler(CockpitError, _ours)
    app.add_exception_handler(HTTPException, _protocol)
    app.add_exception_handler(RequestValidationError, _malformed)


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, CockpitError)
    return _answer(request, Problem(error.reason, str(error)), 409 if isinstance(error, Refuted) else 400)


def _protocol(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, Problem(f"http-{error.status_code}", str(error.detail)), error.status_code)


def _malformed(request: Request, _: Exception) -> Response:
    return _answer(request, Problem("malformed", "the form is not complete"), 422)


def _answer(request: Request, problem: Problem, status: int) -> Response:
    if request.url.path.startswith("/api/"):
        body = {"type": "about:blank", "status": status, "code": problem.code, "detail": problem.sentence}
        return JSONResponse(body, status, media_type="application/problem+json")
    return render(request, "problem.html", problem, status=status)
