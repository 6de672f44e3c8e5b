"""Who a service is: its registration (RFC 7591), and its signed assertion at each call (RFC 7523)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from authlib.oauth2.rfc7591 import ClientMetadataClaims
from joserfc import errors as jose_errors
from joserfc import jwt
from joserfc.jwk import KeySet

from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.ids import Kind, ServiceId, UseId
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.service import DeclaredUse, Service
from cockpit.registry import Registry
from cockpit.sealing.operator import OperatorKeys

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES256", "EdDSA", "Ed25519")
MAX_ASSERTION_SECONDS = 300
SKEW_SECONDS = 10
MAX_ASSERTION_BYTES = 4096

_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
_CURVES = {"P-256", "Ed25519"}
_RETENTION = re.compile(r"P([1-9][0-9]{0,2})M")


class InvalidClientMetadata(ServiceMustAct):
    """The registration cannot be accepted; the message says what to change (RFC 7591 section 3.2.2)."""

    code = "invalid_client_metadata"


class InvalidClient(ServiceMustAct):
    """The service did not prove who it is; unknown, wrong and replayed look the same (RFC 6749 section 5.2)."""

    code = "invalid_client"


class _Declared(msgspec.Struct, forbid_unknown_fields=True):
    use: str
    fields: dict[str, list[str]]
    retention: str


class _Metadata(msgspec.Struct):
    client_name: str
    client_uri: str
    contacts: list[str]
    redirect_uris: list[str]
    jwks: dict[str, list[dict[str, Any]]]
    declared_uses: list[_Declared]
    token_endpoint_auth_method: str = "private_key_jwt"  # noqa: S105 - a method's name


def service_from_metadata(body: bytes, registry: Registry, now: datetime) -> Service:
    """The service a registration describes, with a fresh id. Raises ``InvalidClientMetadata``."""
    try:
        metadata = msgspec.json.decode(body, type=_Metadata)
        ClientMetadataClaims(msgspec.json.decode(body), {}).validate()
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidClientMetadata(f"client metadata: {error}") from error
    except (jose_errors.JoseError, ValueError) as error:
        raise InvalidClientMetadata("client metadata: a member is not what RFC 7591 asks") from error
    if metadata.token_endpoint_auth_method != "private_key_jwt":  # noqa: S105 - a method's name
        raise InvalidClientMetadata("token_endpoint_auth_method must be private_key_jwt")
    if not metadata.client_name.strip() or len(metadata.client_name) > 80 or not metadata.contacts:
        raise InvalidClientMetadata("client_name (at most 80 characters) and contacts are needed")
    if not metadata.redirect_uris or not all(_may_redirect(uri) for uri in metadata.redirect_uris):
        raise InvalidClientMetadata(
            "redirect_uris must be https, or http on this machine, without fragment", code="invalid_redirect_uri"
        )
    if not _may_redirect(metadata.client_uri):
        raise InvalidClientMetadata("client_uri must be https, or http on this machine")
    return Service(
        id=ServiceId("c_" + secrets.token_hex(12)),
        name=" ".join(metadata.client_name.split()),
        homepage=metadata.client_uri,
        contact=metadata.contacts[0][:120],
        redirect_uris=tuple(metadata.redirect_uris),
        jwks={"keys": _public_keys(metadata.jwks)},
        uses=tuple(_declared(declared, registry) for declared in metadata.declared_uses),
        registered_at=instant(now),
    )


def assertion_client(assertion: str) -> ServiceId | None:
    """Whose assertion this claims to be, before any proof; None when it is no JWT."""
    try:
        payload = assertion.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return ServiceId(str(claims["iss"]))
    except (IndexError, ValueError, KeyError, TypeError, msgspec.DecodeError):
        return None


def checked_assertion(assertion: str, service: Service | None, issuer: str, now: datetime) -> tuple[str, str]:
    """The hash of a proved assertion's ``jti`` and when it expires; the caller makes sure that it comes once.

    An unknown service costs the same work and gives the same answer. Raises ``InvalidClient``.
    """
    refusal = InvalidClient("the client could not be authenticated")
    if len(assertion) > MAX_ASSERTION_BYTES:
        raise refusal
    try:
        keys = KeySet.import_key_set({"keys": list(service.jwks["keys"])} if service else _nobodys_keys())
        token = jwt.decode(assertion, keys, algorithms=list(ALGORITHMS))
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": service.id if service else "nobody"},
            sub={"essential": True, "value": service.id if service else "nobody"},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(token.claims)
    except (jose_errors.JoseError, ValueError, TypeError, KeyError) as error:
        raise refusal from error
    claims = token.claims
    # The audience is the issuer alone, as one string: a token for several could be replayed by one of them.
    if claims.get("aud") != issuer or token.header.get("typ") not in {None, "JWT", "client-authentication+jwt"}:
        raise refusal
    if not isinstance(claims["exp"], int) or claims["exp"] > now.timestamp() + MAX_ASSERTION_SECONDS:
        raise refusal
    if not isinstance(claims["jti"], str) or not 8 <= len(claims["jti"]) <= 256:
        raise refusal
    digest = hashlib.sha256(f"{claims['iss']}\n{claims['jti']}".encode()).hexdigest()
    return digest, instant(now + timedelta(seconds=MAX_ASSERTION_SECONDS + 2 * SKEW_SECONDS))


def new_initial_access_token(operator: OperatorKeys, now: datetime, days: int) -> str:
    """A token with which one service may register, once, within ``days`` (RFC 7591 section 3)."""
    body = f"{instant(now + timedelta(days=days))}.{secrets.token_hex(8)}"
    return f"{body}.{_registration_mac(operator, body)}"


def checked_initial_access_token(operator: OperatorKeys, token: str, now: datetime) -> tuple[str, str]:
    """The hash and end of a valid initial access token; the caller makes sure of once. Raises ``InvalidClient``."""
    body, _, mac = token.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _registration_mac(operator, body).encode()):
        raise InvalidClient("the initial access token is not valid", code="invalid_token")
    expires = body.partition(".")[0]
    if parse_instant(expires) <= now:
        raise InvalidClient("the initial access token has expired", code="invalid_token")
    return hashlib.sha256(token.encode()).hexdigest(), expires


def _registration_mac(operator: OperatorKeys, body: str) -> str:
    return hmac.new(operator.duty("registration"), body.encode(), hashlib.sha256).hexdigest()


def _may_redirect(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return False
    local = host in {"localhost", "127.0.0.1", "::1"}
    printable = uri.isascii() and uri.isprintable() and " " not in uri
    return (
        printable
        and len(uri) <= 512
        and bool(host)
        and not parts.fragment
        and "@" not in parts.netloc
        and (parts.scheme == "https" or (parts.scheme == "http" and local))
    )


def _public_keys(jwks: dict[str, list[dict[str, Any]]]) -> list[dict[str, str]]:
    keys = jwks.get("keys", [])
    if not 1 <= len(keys) <= 8:
        raise InvalidClientMetadata("jwks must hold one to eight public keys")
    for key in keys:
        if _PRIVATE_MEMBERS & set(key):
            raise InvalidClientMetadata("jwks holds a private key: register the public half only, and replace it")
        if key.get("crv") not in _CURVES or not all(isinstance(value, str) for value in key.values()):
            raise InvalidClientMetadata("jwks may hold P-256 and Ed25519 keys")
    try:
        KeySet.import_key_set({"keys": list(keys)})
    except (jose_errors.JoseError, ValueError, TypeError, KeyError) as error:
        raise InvalidClientMetadata("jwks holds a key that cannot be read") from error
    return [dict(key) for key in keys]


def _declared(declared: _Declared, registry: Registry) -> DeclaredUse:
    use = registry.use(declared.use)
    if use is None:
        raise InvalidClientMetadata("declared_uses names a use that is not in this cockpit's registry")
    published = {part.kind: set(part.fields) for part in use.inputs}
    for kind, names in declared.fields.items():
        if not names or not set(names) <= published.get(Kind(kind), set()):
            raise InvalidClientMetadata(f"declared_uses: {use.reference} does not have all these fields")
    months = _RETENTION.fullmatch(declared.retention)
    if not declared.fields or months is None or int(months.group(1)) > use.max_retention_months:
        raise InvalidClientMetadata(f"declared_uses: {use.reference} is kept P{use.max_retention_months}M at most")
    fields = {Kind(kind): tuple(sorted(set(names))) for kind, names in declared.fields.items()}
    return DeclaredUse(UseId(use.id), use.version, fields, int(months.group(1)))


def _nobodys_keys() -> dict[str, Any]:
    """A valid key that nobody holds the private half of: the generator of P-256 (SEC 2, section 2.4.2)."""
    return {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
                "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
            }
        ]
    }
