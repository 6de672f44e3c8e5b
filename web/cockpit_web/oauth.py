"""The authorization server's doors: thin, each hands over to a step of ``cockpit.grants`` or an act."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.authenticate_service import authenticate_service
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.issue_tokens import Issued, redeem_code, refresh
from cockpit.acts.list_duties import list_duties
from cockpit.acts.register_service import register_with_token
from cockpit.acts.revoke_token import revoke_token
from cockpit.acts.take_statement import take_statement
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.service import Service
from cockpit.grants.clients import InvalidClient
from cockpit.grants.details import granted_details, parse_details
from cockpit.grants.pushed import UnknownRequest
from cockpit.grants.server import (
    CODE_CHECKS,
    PUSH_CHECKS,
    REFRESH_CHECKS,
    TOKEN_CHECKS,
    Parameters,
    ProtocolRefusal,
    redirect_of,
    resource_metadata,
    run_checks,
    server_metadata,
    single_parameters,
)
from cockpit_web.visitor import Core

router = APIRouter()

MAX_BODY = 64 * 1024
NO_STORE = {"Cache-Control": "no-store"}
FORM = "application/x-www-form-urlencoded"

_OVER_ASKING = "invalid_authorization_details"
_OAUTH_CODES = {
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "unsupported_response_type", "invalid_scope", "invalid_authorization_details", "request_not_supported",
    "invalid_client_metadata", "invalid_redirect_uri", "invalid_token",
}  # fmt: skip


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY:
            raise ProtocolRefusal("the request is larger than 64 KiB", code="too_large")
    return bytes(content)


@router.get("/.well-known/oauth-authorization-server")
def show_server_metadata(cockpit: Core) -> Response:
    """RFC 8414."""
    return JSONResponse(server_metadata(cockpit.settings.issuer), headers={"Cache-Control": "public, max-age=3600"})


@router.get("/.well-known/oauth-protected-resource")
@router.get("/.well-known/oauth-protected-resource/api")
def show_resource_metadata(cockpit: Core) -> Response:
    """RFC 9728."""
    return JSONResponse(resource_metadata(cockpit.settings.issuer), headers={"Cache-Control": "public, max-age=3600"})


@router.post("/register")
async def register(request: Request, cockpit: Core) -> Response:
    """RFC 7591, with an initial access token."""

    def act(body: bytes) -> Response:
        if _content_type(request) != "application/json":
            raise ProtocolRefusal("the content type must be application/json", code="unsupported_media_type")
        service = register_with_token(cockpit, _bearer(request), body)
        return JSONResponse(_registered(service), 201, NO_STORE)

    return await _answered(request, act)


@router.post("/par")
async def push(request: Request, cockpit: Core) -> Response:
    """RFC 9126: keep the request, after holding it to the service's declaration."""

    def act(body: bytes) -> Response:
        parameters, service = _authenticated(request, cockpit, body)
        run_checks(PUSH_CHECKS, parameters, service)
        asked = parse_details(parameters["authorization_details"], f"{cockpit.settings.issuer}/api")
        pushed = ask_consent(cockpit, service, asked.reference, asked.ask, redirect_of(parameters))
        return JSONResponse({"request_uri": pushed.request_uri, "expires_in": pushed.expires_in}, 201, NO_STORE)

    return await _answered(request, act)


@router.get("/authorize")
def authorize(request: Request, cockpit: Core) -> Response:
    """Send the person to the page of this request; other parameters of the address are ignored (RFC 9126 section 4).

    Raises ``ProtocolRefusal``, shown as a page: nothing is ever sent to an address that is not registered.
    """
    parameters = single_parameters(request.query_params.multi_items())
    client_id, request_uri = parameters.get("client_id", ""), parameters.get("request_uri", "")
    try:
        pending(cockpit, client_id, request_uri)
    except UnknownRequest as error:
        raise ProtocolRefusal(str(error), code=error.reason) from error
    query = urlencode({"client_id": client_id, "request_uri": request_uri})
    return RedirectResponse(f"/demande?{query}", 303)


@router.post("/token")
async def issue(request: Request, cockpit: Core) -> Response:
    """RFC 6749 section 5: a code or a refresh token becomes an access token."""

    def act(body: bytes) -> Response:
        parameters, service = _authenticated(request, cockpit, body)
        run_checks(TOKEN_CHECKS, parameters, service)
        if parameters["grant_type"] == "authorization_code":
            run_checks(CODE_CHECKS, parameters, service)
            issued = redeem_code(
                cockpit, service, parameters["code"], parameters["redirect_uri"], parameters["code_verifier"]
            )
        else:
            run_checks(REFRESH_CHECKS, parameters, service)
            issued = refresh(cockpit, service, parameters["refresh_token"])
        return JSONResponse(_tokens(cockpit, issued), 200, NO_STORE)

    return await _answered(request, act)


@router.post("/revoke")
async def revoke(request: Request, cockpit: Core) -> Response:
    """RFC 7009: always 200 for an authenticated service, whatever the token was."""

    def act(body: bytes) -> Response:
        parameters, service = _authenticated(request, cockpit, body)
        if not parameters.get("token"):
            raise ProtocolRefusal("token is missing")
        revoke_token(cockpit, service, parameters["token"])
        return Response(status_code=200, headers=NO_STORE)

    return await _answered(request, act)


@router.post("/duties")
async def show_duties(request: Request, cockpit: Core) -> Response:
    """What the service has still to do for persons: which versions of records it must acknowledge, or erase after."""

    def act(body: bytes) -> Response:
        _, service = _authenticated(request, cockpit, body)
        return JSONResponse({"duties": [asdict(one) for one in list_duties(cockpit, service)]}, 200, NO_STORE)

    return await _answered(request, act)


@router.post("/statements")
async def state(request: Request, cockpit: Core) -> Response:
    """A statement of the service that it did one of them: a JWS by a key of its registration."""

    def act(body: bytes) -> Response:
        parameters, service = _authenticated(request, cockpit, body)
        if not parameters.get("statement"):
            raise ProtocolRefusal("statement is missing")
        return JSONResponse(asdict(take_statement(cockpit, service, parameters["statement"])), 200, NO_STORE)

    return await _answered(request, act)


def _authenticated(request: Request, cockpit: Cockpit, body: bytes) -> tuple[Parameters, Service]:
    """The form's parameters and the service that proved who it is. Raises ``ProtocolRefusal`` or ``InvalidClient``."""
    if _content_type(request) != FORM:
        raise ProtocolRefusal(f"the content type must be {FORM}", code="unsupported_media_type")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=40)
    except ValueError as error:
        raise ProtocolRefusal("the form is malformed") from error
    parameters = single_parameters(pairs)
    assertion, kind = parameters.get("client_assertion"), parameters.get("client_assertion_type")
    if not assertion or not kind:
        raise InvalidClient("client_assertion and client_assertion_type are needed")
    return parameters, authenticate_service(cockpit, assertion, kind)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _answered(request: Request, act: Callable[[bytes], Response]) -> Response:
    try:
        body = await _body(request)
        return await run_in_threadpool(act, body)
    except ServiceMustAct as refusal:
        return _refused(refusal)


def _refused(refusal: ServiceMustAct) -> Response:
    """RFC 6749 section 5.2. What exceeds a declaration is ``invalid_authorization_details`` (RFC 9396 section 5)."""
    status = {"too_large": 413, "unsupported_media_type": 415, "invalid_client": 401, "invalid_token": 401}
    code = refusal.reason if refusal.reason in _OAUTH_CODES else _OVER_ASKING
    if refusal.reason in {"too_large", "unsupported_media_type", "bad_statement"}:
        code = "invalid_request"
    # RFC 6749 section 5.2 allows printable ASCII only, without quote and backslash.
    description = re.sub(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]", "'", str(refusal))[:300]
    headers = dict(NO_STORE)
    number = status.get(refusal.reason, 400)
    if number == 401:
        headers["WWW-Authenticate"] = f'Bearer error="{code}"'
    return JSONResponse({"error": code, "error_description": description}, number, headers)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidClient("an initial access token is needed: ask the operator", code="invalid_token")
    return token.strip()


def _registered(service: Service) -> dict[str, Any]:
    return {
        "client_id": service.id,
        "client_name": service.name,
        "client_uri": service.homepage,
        "contacts": [service.contact],
        "redirect_uris": list(service.redirect_uris),
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "jwks": service.jwks,
        "declared_uses": [
            {
                "use": f"{declared.use}-v{declared.version}",
                "fields": {kind: list(names) for kind, names in declared.fields.items()},
                "retention": f"P{declared.retention_months}M",
            }
            for declared in service.uses
        ],
    }


def _tokens(cockpit: Cockpit, issued: Issued) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "authorization_details": granted_details(issued.clause, issued.consent, f"{cockpit.settings.issuer}/api"),
    }
    if issued.refresh_token is not None:
        answer["refresh_token"] = issued.refresh_token
    return answer
