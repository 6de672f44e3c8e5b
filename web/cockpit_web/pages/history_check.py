"""Check that nothing was erased: one's own history against the public logs, and a checkpoint kept from earlier."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from cockpit.acts.check_history import (
    MOST_KEPT_BYTES,
    HistoryCheck,
    KeptCheck,
    NotACheckpoint,
    check_history,
    check_kept,
)
from cockpit_web.forms import Submitted, sentence_for, text
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()


@dataclass(frozen=True, slots=True)
class CheckPage:
    """What the page shows: the walk just made, and what became of the checkpoint that was given, if any."""

    check: HistoryCheck
    kept: KeptCheck | None = None
    fault: str = ""


@router.get("/verification")
def show_check(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """Walk the whole history, now."""
    with reading(cockpit, visit) as reader:
        page = CheckPage(check_history(cockpit, reader))
    return render(request, "history/check.html", page, room="history")


@router.post("/verification")
def compare(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """The same, with a checkpoint that was kept: its text, or a file of it. Changes nothing."""
    given = form.get("fichier")
    typed = text(form, "point").replace("\r\n", "\n").encode()
    kept = given.file.read(MOST_KEPT_BYTES + 1) if isinstance(given, UploadFile) and given.size else typed
    found, fault = None, ""
    with reading(cockpit, visit) as reader:
        check = check_history(cockpit, reader)
        try:
            found = check_kept(cockpit, reader, kept)
        except NotACheckpoint as error:
            fault = sentence_for(language_of(request), error)
    page = CheckPage(check, found, fault)
    return render(request, "history/check.html", page, room="history", status=422 if fault else 200)
