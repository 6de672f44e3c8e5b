"""One case: a receipt that somebody handed over, and the file that two auditors open together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.audit.cases import Receipt, checked_receipt, life
from cockpit.audit.faults import NotAnswered
from cockpit.audit.line import line_of
from cockpit.audit.queries import Table
from cockpit.audit.sync import sync
from cockpit.audit.wire import Case, CaseAsked, CaseFile
from cockpit_web_audit.templating import house_of, render

router = APIRouter(prefix="/dossier")


@dataclass(frozen=True, slots=True)
class CasesPage:
    """``cases`` is empty, with ``refusal`` saying why, when the cockpit does not answer or the mandate has no cases."""

    cases: tuple[Case, ...]
    refusal: str
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class FilePage:
    """An open case's file, and the life of its consent."""

    file: CaseFile
    table: Table


@router.get("")
def show_cases(request: Request) -> Response:
    """The cases that wait, and those that are open."""
    return render(request, "cases.html", _page(request, None), room="cases")


@router.post("/recu")
def check_receipt(request: Request, receipt: Annotated[str, Form()]) -> Response:
    """Hold a receipt to the cockpit's key and to the log; nothing is asked of the cockpit."""
    with house_of(request).reading() as kept:
        found = checked_receipt(kept, receipt.encode())
    return render(request, "cases.html", _page(request, found), room="cases")


@router.post("/demander")
def ask(request: Request, consent: Annotated[str, Form()], reason: Annotated[str, Form()]) -> Response:
    """Ask for a case to be opened."""
    with line_of(house_of(request), request.app.state.clock) as line:
        line.post("cases", Case, CaseAsked(consent.strip(), reason.strip()))
    return RedirectResponse("/dossier", 303)


@router.post("/{case}/accepter")
def agree(request: Request, case: str) -> Response:
    """Be the second auditor."""
    with line_of(house_of(request), request.app.state.clock) as line:
        line.post(f"cases/{_id(case)}/agree", Case)
    return RedirectResponse("/dossier", 303)


@router.post("/{case}/lire")
def read(request: Request, case: str) -> Response:
    """Read an open case's file: posted, since each reading is an entry of the cockpit's log."""
    house = house_of(request)
    with line_of(house, request.app.state.clock) as line:
        file = line.get(f"cases/{_id(case)}", CaseFile)
        sync(house, line)
    with house.reading() as kept:
        return render(request, "case.html", FilePage(file, life(kept, file)), room="cases")


def _page(request: Request, receipt: Receipt | None) -> CasesPage:
    try:
        with line_of(house_of(request), request.app.state.clock) as line:
            return CasesPage(line.get("cases", tuple[Case, ...]), "", receipt)
    except NotAnswered as refusal:
        return CasesPage((), str(refusal), receipt)


def _id(case: str) -> str:
    return "".join(character for character in case if character in "0123456789abcdef")
