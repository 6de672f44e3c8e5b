"""The authorization server's steps as tables of small refusals; it knows no web framework.

RFC 6749, 7636, 8414, 9126, 9207, 9396, 9728. Proof of possession (RFC 9449) joins these tables with the FAPI profile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.service import Service
from cockpit.grants.clients import ALGORITHMS
from cockpit.grants.details import TYPE
from cockpit.grants.pushed import Redirect

Parameters = dict[str, str]

MAX_STATE = 1024
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class ProtocolRefusal(ServiceMustAct):
    """A request that breaks the protocol; the code is OAuth's own (RFC 6749 sections 4.1.2.1 and 5.2)."""

    code = "invalid_request"


Check = tuple[str, str, Callable[[Parameters, Service], bool]]
"""An error code, a sentence that says what to change, and a question that must be answered yes."""

PUSH_CHECKS: tuple[Check, ...] = (
    ("invalid_request", "client_id is not the authenticated client", lambda p, s: p.get("client_id", s.id) == s.id),
    ("invalid_request", "request_uri may not be pushed", lambda p, _: "request_uri" not in p),
    ("request_not_supported", "request objects are not supported", lambda p, _: "request" not in p),
    ("invalid_request", "response_type is missing", lambda p, _: bool(p.get("response_type"))),
    ("unsupported_response_type", "response_type must be code", lambda p, _: p["response_type"] == "code"),
    ("invalid_request", "response_mode must be query", lambda p, _: p.get("response_mode", "query") == "query"),
    ("invalid_request", "redirect_uri is missing", lambda p, _: bool(p.get("redirect_uri"))),
    ("invalid_request", "redirect_uri is not registered", lambda p, s: p["redirect_uri"] in s.redirect_uris),
    ("invalid_request", "code_challenge is missing", lambda p, _: bool(p.get("code_challenge"))),
    ("invalid_request", "code_challenge_method must be S256", lambda p, _: p.get("code_challenge_method") == "S256"),
    ("invalid_request", "code_challenge is malformed", lambda p, _: bool(_CHALLENGE.fullmatch(p["code_challenge"]))),
    ("invalid_request", "state is longer than 1024 characters", lambda p, _: len(p.get("state", "")) <= MAX_STATE),
    ("invalid_scope", "there are no scopes here: use authorization_details", lambda p, _: not p.get("scope")),
    (
        "invalid_authorization_details",
        "authorization_details is missing",
        lambda p, _: bool(p.get("authorization_details")),
    ),
)

TOKEN_CHECKS: tuple[Check, ...] = (
    ("invalid_request", "client_id is not the authenticated client", lambda p, s: p.get("client_id", s.id) == s.id),
    ("invalid_request", "grant_type is missing", lambda p, _: bool(p.get("grant_type"))),
    (
        "unsupported_grant_type",
        "grant_type must be authorization_code or refresh_token",
        lambda p, _: p["grant_type"] in {"authorization_code", "refresh_token"},
    ),
)

CODE_CHECKS: tuple[Check, ...] = (
    ("invalid_request", "code is missing", lambda p, _: bool(p.get("code"))),
    ("invalid_request", "redirect_uri is missing", lambda p, _: bool(p.get("redirect_uri"))),
    ("invalid_grant", "code_verifier is missing", lambda p, _: bool(p.get("code_verifier"))),
    ("invalid_grant", "code_verifier is malformed", lambda p, _: bool(_VERIFIER.fullmatch(p["code_verifier"]))),
)

REFRESH_CHECKS: tuple[Check, ...] = (
    ("invalid_request", "refresh_token is missing", lambda p, _: bool(p.get("refresh_token"))),
)


def run_checks(checks: Sequence[Check], parameters: Parameters, service: Service) -> None:
    """Ask every question in order. Raises ``ProtocolRefusal`` at the first answered no."""
    for code, sentence, question in checks:
        if not question(parameters, service):
            raise ProtocolRefusal(sentence, code=code)


def single_parameters(pairs: Sequence[tuple[str, str]]) -> Parameters:
    """Form parameters, each at most once (RFC 6749 section 3.1). Raises ``ProtocolRefusal``."""
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ProtocolRefusal("a parameter is there twice")
    return dict(pairs)


def redirect_of(parameters: Parameters) -> Redirect:
    """Where the answer to a checked push goes."""
    return Redirect(parameters["redirect_uri"], parameters.get("state"), parameters["code_challenge"])


def server_metadata(issuer: str) -> dict[str, Any]:
    """RFC 8414 metadata: what is there, and nothing that is not."""
    metadata = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "require_pushed_authorization_requests": True,
        "registration_endpoint": f"{issuer}/register",
        "revocation_endpoint": f"{issuer}/revoke",
        # Ours: what a service owes to persons, and its signed statements that it did it.
        "duties_endpoint": f"{issuer}/duties",
        "statements_endpoint": f"{issuer}/statements",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "authorization_details_types_supported": [TYPE],
        "ui_locales_supported": ["fr", "en"],
    }
    if issuer.startswith("https://"):
        AuthorizationServerMetadata(metadata).validate()
    return metadata


def resource_metadata(issuer: str) -> dict[str, Any]:
    """RFC 9728 metadata of the data API."""
    return {
        "resource": f"{issuer}/api",
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
        "authorization_details_types_supported": [TYPE],
        "resource_name": "mesinfos-cockpit",
    }
