"""The other adult's agreement: a code, the request in the same words, and two equal buttons."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.acts.answer_jointly import answer_jointly, joint_request, joint_terms
from cockpit.consent.mandates import BeyondMandate
from cockpit.consent.notice import Notice
from cockpit.grants.joint import BadCode
from cockpit_web.forms import Submitted, sentence_for, text
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor

router = APIRouter()


@dataclass(frozen=True, slots=True)
class CodePage:
    """The form for a code, as typed so far."""

    code: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """The request that waits under a code."""

    code: str
    asked_by: str
    service_name: str
    notice: Notice


@router.get("/accord")
def ask_for_code(request: Request, visit: Visitor) -> Response:
    """Where a code is typed."""
    return render(request, "joint/code.html", CodePage(), room="shares")


@router.post("/accord")
def show_joint_request(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """The request under the code. Reading it decides nothing."""
    code = text(form, "code")
    try:
        found = joint_request(cockpit, visit, code)
        notice = joint_terms(cockpit, found, language_of(request)).notice
    except BadCode as error:
        page = CodePage(code, sentence_for(language_of(request), error))
        return render(request, "joint/code.html", page, room="shares", status=422)
    shown = AnswerPage(code, found.asked_by, found.service_name, notice)
    return render(request, "joint/answer.html", shown, room="shares")


@router.post("/accord/reponse")
def answer_joint_request(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """No or yes; anything else is asked again."""
    code, decision = text(form, "code"), text(form, "decision")
    if decision not in {"oui", "non"}:
        return show_joint_request(request, cockpit, visit, form)
    try:
        answer_jointly(cockpit, visit, code, yes=decision == "oui")
    except (BadCode, BeyondMandate) as error:
        page = CodePage(code, sentence_for(language_of(request), error))
        return render(request, "joint/code.html", page, room="shares", status=422)
    return RedirectResponse(f"/partages?fait={'accord' if decision == 'oui' else 'sans-accord'}", 303)
