"""The data API: what a person granted to a service, decided, logged and projected at each request."""

from __future__ import annotations

import re
from datetime import date

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cockpit.acts.read_for_service import (
    MOST_TOGETHER,
    AccessRefused,
    InvalidToken,
    Release,
    Wanted,
    read_for_service,
    read_together,
)
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.ids import Kind
from cockpit.domain.record import Json
from cockpit.domain.use import Grain
from cockpit.sealing.canonical import canonical
from cockpit_web.visitor import Core

router = APIRouter()

SHARED = {"from", "until", "grain"}
PARAMETERS = SHARED | {"fields"}
MAX_FIELDS = 64


class BadRead(ServiceMustAct):
    """A parameter of the read is wrong; the message says which and what it must be."""

    code = "bad_read"


@router.get("/api/v1/records/{kind}")
def read_records(request: Request, cockpit: Core, kind: str) -> Response:
    """The granted objects of one kind. 401 without a live token, 403 when the consent does not cover the read."""
    try:
        release = read_for_service(cockpit, _token(request), _wanted(request, kind))
    except InvalidToken as error:
        return _problem(cockpit.settings.issuer, 401, "invalid_token", str(error), challenge="invalid_token")
    except AccessRefused as error:
        return _problem(cockpit.settings.issuer, 403, error.reason, str(error), challenge="insufficient_scope")
    except BadRead as error:
        return _problem(cockpit.settings.issuer, 400, "bad_read", str(error))
    return Response(_body(release), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/api/v1/records")
def read_several_kinds(request: Request, cockpit: Core) -> Response:
    """The granted objects of several kinds, each decided by itself, under one entry of the log.

    Answers 200 with a result for each, in their order: what is released, or why it is refused. 401 without a token.
    """
    try:
        answers = read_together(cockpit, _token(request), _several(request))
    except InvalidToken as error:
        return _problem(cockpit.settings.issuer, 401, "invalid_token", str(error), challenge="invalid_token")
    except BadRead as error:
        return _problem(cockpit.settings.issuer, 400, "bad_read", str(error))
    body = b'{"results":[' + b",".join(map(_result, answers)) + b"]}"
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _result(answer: Release | AccessRefused) -> bytes:
    if isinstance(answer, Release):
        return _body(answer)
    return canonical({"status": 403, "code": str(answer.reason), "detail": str(answer)})


def _several(request: Request) -> list[Wanted]:
    query = request.query_params
    kinds = query.getlist("kind")
    repeated = any(len(query.getlist(name)) > 1 for name in query if name != "kind")
    if set(query) - SHARED - {"kind"} or repeated:
        raise BadRead("the parameters are kind, once for each, and from, until and grain, at most once")
    if not 0 < len(kinds) <= MOST_TOGETHER or len(set(kinds)) != len(kinds):
        raise BadRead(f"kind must name 1 to {MOST_TOGETHER} kinds, each once")
    return [
        Wanted(
            kind=Kind(kind),
            grain=_grain(query.get("grain")),
            data_from=_day(query.get("from"), "from"),
            data_until=_day(query.get("until"), "until"),
        )
        for kind in kinds
    ]


def _token(request: Request) -> str:
    """The bearer token of the header: nowhere else, since an address ends up in logs (RFC 9700 section 2.3)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(token) > 256:
        raise InvalidToken("a bearer access token is needed in the Authorization header")
    return token.strip()


def _wanted(request: Request, kind: str) -> Wanted:
    query = request.query_params
    unknown = sorted(set(query) - PARAMETERS)
    if unknown or len(query.multi_items()) != len(query):
        raise BadRead("the parameters are from, until, fields and grain, each at most once")
    fields = tuple(dict.fromkeys(query["fields"].split(","))) if "fields" in query else ()
    if len(fields) > MAX_FIELDS or "" in fields:
        raise BadRead(f"fields must name 1 to {MAX_FIELDS} fields, separated by commas")
    return Wanted(
        kind=Kind(kind),
        fields=fields,
        grain=_grain(query.get("grain")),
        data_from=_day(query.get("from"), "from"),
        data_until=_day(query.get("until"), "until"),
    )


def _grain(text: str | None) -> Grain | None:
    if text is not None and text not in set(Grain):
        raise BadRead("grain must be raw, day or month")
    return Grain(text) if text else None


def _day(text: str | None, name: str) -> str | None:
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise BadRead(f"{name} must be a day, YYYY-MM-DD")


def _body(release: Release) -> bytes:
    """The answer, whose ``items`` are byte for byte what the person was shown before deciding."""
    batch: dict[str, Json] = {} if release.position is None else {"position": release.position}
    about = canonical(
        {
            "kind": release.kind,
            "count": release.count,
            "consent": release.consent,
            "obligations": list(release.obligations),
            "log": {
                "origin": release.logged.origin,
                "index": release.logged.index,
                "leaf_sha256": release.logged.leaf_sha256,
                **batch,
            },
        }
    )
    return about[:-1] + b',"items":' + release.body + b"}"


def _problem(issuer: str, status: int, code: str, detail: str, challenge: str | None = None) -> Response:
    """RFC 9457, with the challenge of RFC 6750 and RFC 9728 when it is about the token."""
    headers = {"Cache-Control": "no-store"}
    if challenge:
        metadata = f"{issuer}/.well-known/oauth-protected-resource"
        headers["WWW-Authenticate"] = f'Bearer error="{challenge}", resource_metadata="{metadata}"'
    titles = {400: "The request is malformed", 401: "No live token", 403: "The consent does not cover this"}
    body = {"type": "about:blank", "title": titles[status], "status": status, "detail": detail, "code": code}
    return JSONResponse(body, status, headers, media_type="application/problem+json")
