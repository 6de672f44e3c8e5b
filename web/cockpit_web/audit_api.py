"""The audit API: a thin door for mandated auditors, each request under an assertion of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cockpit.acts import open_case, read_for_auditor
from cockpit.acts.authenticate_auditor import MandateOver, authenticate_auditor
from cockpit.acts.cockpit import Cockpit
from cockpit.audit import wire
from cockpit.domain.audit_mandate import AuditorMandate
from cockpit.domain.errors import CockpitError, NotFound, ServiceMustAct
from cockpit.grants.clients import InvalidClient
from cockpit_web.visitor import Core

router = APIRouter(prefix="/api/v1/audit")

T = TypeVar("T")
Answer = Callable[[Cockpit, AuditorMandate], object]
_STATUS = {"out_of_scope": 403, "case_refused": 409}


@router.get("/state")
def show_state(request: Request, cockpit: Core) -> Response:
    """The mandate, the keys, and the newest checkpoint of every log."""
    return _answered(request, cockpit, read_for_auditor.state)


@router.get("/entries")
def show_entries(request: Request, cockpit: Core) -> Response:
    """A page of one log, at most 500 entries; logged as ``auditor.read``."""

    def answer(cockpit: Cockpit, mandate: AuditorMandate) -> object:
        query = _only(request, "log", "first", "count")
        first, count = _number(query, "first"), _number(query, "count")
        return read_for_auditor.entries(cockpit, mandate, query["log"], first, count)

    return _answered(request, cockpit, answer)


@router.get("/register")
def show_register(request: Request, cockpit: Core) -> Response:
    """The published uses and the recipients; needs the scope ``recipients``."""
    return _answered(request, cockpit, read_for_auditor.register)


@router.get("/consistency")
def show_consistency(request: Request, cockpit: Core) -> Response:
    """The proof that a log only grew between two sizes."""

    def answer(cockpit: Cockpit, _: AuditorMandate) -> object:
        query = _only(request, "log", "old", "new")
        return read_for_auditor.consistency(cockpit, query["log"], _number(query, "old"), _number(query, "new"))

    return _answered(request, cockpit, answer)


@router.get("/inclusion")
def show_inclusion(request: Request, cockpit: Core) -> Response:
    """The proof that an entry is in the log of a size."""

    def answer(cockpit: Cockpit, _: AuditorMandate) -> object:
        query = _only(request, "log", "index", "size")
        return read_for_auditor.inclusion(cockpit, query["log"], _number(query, "index"), _number(query, "size"))

    return _answered(request, cockpit, answer)


@router.get("/cases")
def show_cases(request: Request, cockpit: Core) -> Response:
    """The cases that wait for a second auditor, and those open to this one."""
    return _answered(request, cockpit, open_case.cases)


@router.get("/cases/{case}")
def show_case(request: Request, cockpit: Core, case: str) -> Response:
    """An open case's file, to the two who opened it."""
    return _answered(request, cockpit, lambda cockpit, mandate: open_case.case_file(cockpit, mandate, case))


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


@router.post("/cases")
def ask_for_case(request: Request, cockpit: Core, body: Body) -> Response:
    """Ask to open one consent's case."""

    def answer(cockpit: Cockpit, mandate: AuditorMandate) -> object:
        return open_case.ask_case(cockpit, mandate, _decoded(body, wire.CaseAsked))

    return _answered(request, cockpit, answer)


@router.post("/cases/{case}/agree")
def agree_on_case(request: Request, cockpit: Core, case: str) -> Response:
    """Be the second auditor of a case."""
    return _answered(request, cockpit, lambda cockpit, mandate: open_case.agree_on_case(cockpit, mandate, case))


@router.post("/exports")
def note_export(request: Request, cockpit: Core, body: Body) -> Response:
    """Say that the house signed a bundle."""

    def answer(cockpit: Cockpit, mandate: AuditorMandate) -> object:
        read_for_auditor.exported(cockpit, mandate, _decoded(body, wire.Exported).manifest_sha256)
        return {}

    return _answered(request, cockpit, answer)


def _answered(request: Request, cockpit: Cockpit, answer: Answer) -> Response:
    """Who asks, then the answer, then its JSON; an error of ours as an RFC 9457 problem."""
    try:
        mandate = authenticate_auditor(cockpit, _assertion(request))
        body = msgspec.json.encode(answer(cockpit, mandate))
    except (InvalidClient, MandateOver) as error:
        return _problem(401, error, {"WWW-Authenticate": f'Bearer error="{error.reason}"'})
    except NotFound as error:
        return _problem(404, error)
    except ServiceMustAct as error:
        return _problem(_STATUS.get(error.reason, 400), error)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _assertion(request: Request) -> str:
    scheme, _, assertion = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not assertion:
        raise InvalidClient("a signed assertion is needed in the Authorization header")
    return assertion


def _only(request: Request, *names: str) -> dict[str, str]:
    """The parameters, when they are exactly these: what is not offered is refused, not ignored."""
    query = request.query_params
    if set(query) != set(names) or len(query.multi_items()) != len(names):
        raise ServiceMustAct(f"the parameters are {', '.join(names) or 'none'}, each once", code="bad_parameters")
    return dict(query)


def _number(query: dict[str, str], name: str) -> int:
    text = query[name]
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ServiceMustAct(f"{name} must be a whole number", code="bad_parameters")
    return int(text)


def _decoded(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as error:
        raise ServiceMustAct("the body is not what this address takes", code="bad_body") from error


def _problem(status: int, error: CockpitError, headers: dict[str, str] | None = None) -> Response:
    titles = {400: "The request is malformed", 401: "No mandate", 403: "Out of scope", 404: "Not here", 409: "Not yet"}
    body = {"type": "about:blank", "title": titles[status], "status": status, "detail": str(error),
            "code": error.reason}  # fmt: skip
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(body, status, kept, media_type="application/problem+json")
