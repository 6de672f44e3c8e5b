"""The answers as JSON, for programs of the auditor's own machine."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cockpit.audit.integrity import integrity
from cockpit.audit.queries import QUERIES
from cockpit_web_audit.asked import asked_in
from cockpit_web_audit.templating import house_of

router = APIRouter(prefix="/api")


@router.get("/queries/{name}")
def show_answer(request: Request, name: str) -> Response:
    """One question's answer."""
    if name not in QUERIES:
        raise HTTPException(404)
    with house_of(request).reading() as kept:
        return _json(QUERIES[name](kept, asked_in(request)))


@router.get("/integrity")
def show_integrity(request: Request) -> Response:
    """Every checkpoint seen, and what was refuted."""
    with house_of(request).reading() as kept:
        return _json(integrity(kept))


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
