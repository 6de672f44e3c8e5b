"""What a service says of itself when it registers (RFC 7591), held to the registry: all of it public, or refused."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from authlib.oauth2.rfc7591 import ClientMetadataClaims
from joserfc import errors as jose_errors

from cockpit.consent.request import exceeds_handling
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.ids import Kind, ServiceId, UseId
from cockpit.domain.moment import instant
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import Actor, Automation
from cockpit.grants.clients import ALGORITHMS, key_set
from cockpit.registry import Registry

MAX_NAME = 80
MAX_ADDRESSES = 8
MAX_ADDRESS = 512
MAX_KEYS = 8
MAX_USES = 32

_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "kid", "alg", "use")
_KEY_TYPES = {("EC", "P-256"), ("OKP", "Ed25519")}
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_ANSWERS = {"code", "state", "iss", "error", "error_description"}
# A host and its port stand in a page's content security policy: nothing but letters, digits, dot and dash may.
_NETLOC = re.compile(r"(\[::1\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([1-9][0-9]{0,4}))?", re.IGNORECASE)
_RETENTION = re.compile(r"P([1-9][0-9]{0,2})M")


class InvalidClientMetadata(ServiceMustAct):
    """The registration cannot be accepted; the message says what to change (RFC 7591 section 3.2.2)."""

    code = "invalid_client_metadata"


class _Declared(msgspec.Struct, forbid_unknown_fields=True):
    use: str
    fields: dict[str, list[str]]
    retention: str
    places: list[str] | None = None
    onward: list[str] | None = None
    automation: Automation | None = None


class _Metadata(msgspec.Struct):
    """The members read here. RFC 7591 section 2 lets a server ignore the ones that it does not know."""

    client_name: str
    client_uri: str
    contacts: list[str]
    redirect_uris: list[str]
    jwks: dict[str, list[dict[str, Any]]]
    declared_uses: list[_Declared]
    token_endpoint_auth_method: str = "private_key_jwt"  # noqa: S105 - a method's name
    token_endpoint_auth_signing_alg: str = "ES256"  # noqa: S105 - an algorithm's name
    grant_types: list[str] = []
    response_types: list[str] = []
    jwks_uri: str | None = None
    logo_uri: str | None = None
    tos_uri: str | None = None
    policy_uri: str | None = None
    scope: str = ""


CHECKS: tuple[tuple[str, str, Callable[[_Metadata], bool]], ...] = (
    (
        "invalid_client_metadata",
        f"client_name must be 1 to {MAX_NAME} printable characters",
        lambda m: bool(m.client_name.strip()) and len(m.client_name) <= MAX_NAME and m.client_name.isprintable(),
    ),
    (
        "invalid_client_metadata",
        "contacts must name one to four addresses of at most 120 printable characters",
        lambda m: (
            1 <= len(m.contacts) <= 4 and all(c.strip() and len(c) <= 120 and c.isprintable() for c in m.contacts)
        ),
    ),
    (
        "invalid_client_metadata",
        "client_uri must be https, or http on this machine",
        lambda m: is_web_address(m.client_uri),
    ),
    (
        "invalid_redirect_uri",
        f"redirect_uris must name one to {MAX_ADDRESSES} addresses, each once",
        lambda m: 1 <= len(m.redirect_uris) <= MAX_ADDRESSES and len(set(m.redirect_uris)) == len(m.redirect_uris),
    ),
    (
        "invalid_redirect_uri",
        "redirect_uris must be https, or http on this machine, without fragment",
        lambda m: all(is_web_address(uri) for uri in m.redirect_uris),
    ),
    (
        "invalid_redirect_uri",
        "redirect_uris may not hold the parameters of an answer: code, state, iss, error",
        lambda m: not any(_ANSWERS & set(parse_qs(urlsplit(uri).query, True)) for uri in m.redirect_uris),
    ),
    (
        "invalid_client_metadata",
        "token_endpoint_auth_method must be private_key_jwt",
        lambda m: m.token_endpoint_auth_method == "private_key_jwt",  # noqa: S105 - a method's name
    ),
    (
        "invalid_client_metadata",
        f"token_endpoint_auth_signing_alg must be one of {', '.join(ALGORITHMS)}",
        lambda m: m.token_endpoint_auth_signing_alg in ALGORITHMS,
    ),
    (
        "invalid_client_metadata",
        "grant_types may be authorization_code and refresh_token",
        lambda m: set(m.grant_types) <= {"authorization_code", "refresh_token"},
    ),
    ("invalid_client_metadata", "response_types may only be code", lambda m: set(m.response_types) <= {"code"}),
    ("invalid_client_metadata", "jwks_uri is not supported: give jwks", lambda m: m.jwks_uri is None),
    (
        "invalid_client_metadata",
        "there are no scopes here: declare your uses in declared_uses",
        lambda m: not m.scope.strip(),
    ),
    (
        "invalid_client_metadata",
        f"declared_uses must name one to {MAX_USES} uses, each once",
        lambda m: (
            1 <= len(m.declared_uses) <= MAX_USES
            and len({declared.use for declared in m.declared_uses}) == len(m.declared_uses)
        ),
    ),
)
"""An error code, a sentence that says what to change, and a question that must be answered yes."""


def service_from_metadata(body: bytes, registry: Registry, now: datetime) -> Service:
    """The service that ``body`` (JSON) describes, with a fresh id. Raises ``InvalidClientMetadata``."""
    try:
        metadata = msgspec.json.decode(body, type=_Metadata)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidClientMetadata(f"client metadata: {error}") from error
    for code, sentence, question in CHECKS:
        if not question(metadata):
            raise InvalidClientMetadata(sentence, code=code)
    keys = _public_keys(metadata.jwks)
    try:
        members = msgspec.to_builtins(metadata)
        ClientMetadataClaims({name: value for name, value in members.items() if value is not None}, {}).validate()
    except (jose_errors.JoseError, ValueError) as error:
        raise InvalidClientMetadata("client metadata: a member is not what RFC 7591 asks") from error
    return Service(
        id=ServiceId("c_" + secrets.token_hex(12)),
        name=" ".join(metadata.client_name.split()),
        homepage=metadata.client_uri,
        contact=metadata.contacts[0].strip(),
        redirect_uris=tuple(metadata.redirect_uris),
        jwks={"keys": keys},
        uses=tuple(_declared(declared, registry) for declared in metadata.declared_uses),
        registered_at=instant(now),
    )


def is_web_address(uri: str) -> bool:
    """Whether a browser may be sent there: ``https``, or ``http`` on this machine (RFC 9700 section 2.1, RFC 8252)."""
    if len(uri) > MAX_ADDRESS or not (uri.isascii() and uri.isprintable()) or set(uri) & set(" #\\\"'<>"):
        return False
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    place = _NETLOC.fullmatch(parts.netloc)
    if place is None or int(place.group(2) or 1) > 65535:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and place.group(1).lower() in _LOOPBACK)


def _public_keys(jwks: dict[str, list[dict[str, Any]]]) -> list[dict[str, str]]:
    keys = jwks.get("keys", [])
    if set(jwks) != {"keys"} or not 1 <= len(keys) <= MAX_KEYS:
        raise InvalidClientMetadata(f"jwks must hold one to {MAX_KEYS} public keys")
    public = [_public_key(key) for key in keys]
    if len(public) > 1 and len({key.get("kid") or "" for key in public} - {""}) < len(public):
        raise InvalidClientMetadata("each of several keys in jwks must have a kid of its own")
    try:
        key_set(public)
    except (jose_errors.JoseError, ValueError, TypeError, KeyError) as error:
        raise InvalidClientMetadata("jwks holds a key that cannot be read") from error
    return public


def _public_key(key: dict[str, Any]) -> dict[str, str]:
    """The members that verifying needs; RFC 7517 section 4 lets a reader ignore the others."""
    if _PRIVATE_MEMBERS & set(key):
        raise InvalidClientMetadata("jwks holds a private key: register the public half only, and replace it")
    kept = {name: key[name] for name in _PUBLIC_MEMBERS if name in key}
    if not all(isinstance(value, str) for value in kept.values()):
        raise InvalidClientMetadata("jwks holds a member that is not a text")
    signs = kept.get("use", "sig") == "sig" and kept.get("alg", ALGORITHMS[0]) in ALGORITHMS
    if not signs or (kept.get("kty"), kept.get("crv")) not in _KEY_TYPES:
        raise InvalidClientMetadata("jwks may hold P-256 and Ed25519 keys for signing")
    return kept


def _declared(declared: _Declared, registry: Registry) -> DeclaredUse:
    use = registry.use(declared.use)
    if use is None:
        raise InvalidClientMetadata("declared_uses names a use that is not in this cockpit's registry")
    if use.actor is Actor.INSIDE:
        raise InvalidClientMetadata(f"declared_uses: {use.reference} runs inside the cockpit, for the person alone")
    published = {part.kind: set(part.fields) for part in use.inputs}
    for kind, names in declared.fields.items():
        if not names or not set(names) <= published.get(Kind(kind), set()):
            raise InvalidClientMetadata(f"declared_uses: {use.reference} does not have all these fields")
    if not declared.fields:
        raise InvalidClientMetadata(f"declared_uses: {use.reference} names no field")
    months = _RETENTION.fullmatch(declared.retention)
    if months is None or int(months.group(1)) > use.max_retention_months:
        raise InvalidClientMetadata(f"declared_uses: {use.reference} is kept P{use.max_retention_months}M at most")
    fields = {Kind(kind): tuple(sorted(set(names))) for kind, names in declared.fields.items()}
    places = use.places if declared.places is None else tuple(sorted(set(declared.places)))
    onward = use.onward_to if declared.onward is None else tuple(sorted(set(declared.onward)))
    automation = use.automation if declared.automation is None else declared.automation
    made = DeclaredUse(UseId(use.id), use.version, fields, int(months.group(1)), places, onward, automation)
    exceeded = exceeds_handling(use, made)
    if exceeded:
        raise InvalidClientMetadata(f"declared_uses: {use.reference}: {exceeded[1]}")
    return made
