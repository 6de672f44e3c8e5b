"""A pushed authorization request, kept sealed until a person answers it (RFC 9126)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from cockpit.domain.consent import Clause
from cockpit.domain.errors import NotFound
from cockpit.domain.service import Service
from cockpit.domain.use import Use
from cockpit.sealing.box import open_under, seal_under
from cockpit.sealing.operator import OperatorKeys

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME_SECONDS = 300


class UnknownRequest(NotFound):
    """The request is unknown, answered already, or older than five minutes."""

    code = "unknown_request"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the answer goes: the exact registered address, the client's state, its S256 challenge (RFC 7636)."""

    redirect_uri: str
    state: str | None
    code_challenge: str


def answer_address(redirect: Redirect, issuer: str, parameters: Mapping[str, str]) -> str:
    """Where to send the browser with an answer: the state given back, and ``iss`` (RFC 9207)."""
    named = {**parameters, **({} if redirect.state is None else {"state": redirect.state}), "iss": issuer}
    parts = urlsplit(redirect.redirect_uri)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(named))))))


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """What is kept of a pushed request: the clause it amounts to, as asked, and where to answer."""

    clause: Clause
    redirect: Redirect


@dataclass(frozen=True, slots=True)
class Pending:
    """A request waiting for a person's answer."""

    request_uri: str
    service: Service
    use: Use
    clause: Clause
    redirect: Redirect


@dataclass(frozen=True, slots=True)
class Binding:
    """What a code or token is bound to. ``confirmation`` is reserved for the thumbprint of a DPoP key (RFC 9449)."""

    service: str
    redirect_uri: str | None = None
    code_challenge: str | None = None
    confirmation: str | None = field(default=None)


def seal_request(operator: OperatorKeys, request: PushedRequest, request_hash: str) -> bytes:
    """Seal under the operator's key: a purpose and its data categories are nobody else's to read."""
    return seal_under(operator.duty("pushed requests"), msgspec.json.encode(request), f"par {request_hash}")


def open_request(operator: OperatorKeys, sealed: bytes, request_hash: str) -> PushedRequest:
    """Undo ``seal_request``. Raises ``Tampered``."""
    plain = open_under(operator.duty("pushed requests"), sealed, f"par {request_hash}")
    return msgspec.json.decode(plain, type=PushedRequest)


def seal_binding(operator: OperatorKeys, binding: Binding, token_hash: str) -> bytes:
    """Seal a token's binding under the operator's key."""
    return seal_under(operator.duty("token bindings"), msgspec.json.encode(binding), f"token {token_hash}")


def open_binding(operator: OperatorKeys, sealed: bytes, token_hash: str) -> Binding:
    """Undo ``seal_binding``. Raises ``Tampered``."""
    plain = open_under(operator.duty("token bindings"), sealed, f"token {token_hash}")
    return msgspec.json.decode(plain, type=Binding)
