"""Proof of who calls: a service's signed assertion (RFC 7523), and the token that lets one register (RFC 7591)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
from joserfc import errors as jose_errors
from joserfc import jwt
from joserfc.jwk import KeySet, KeySetSerialization

from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.ids import ServiceId
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.service import Service
from cockpit.sealing.operator import OperatorKeys

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# EdDSA is what RFC 8037 called it; RFC 9864 names the curve. Services in the field still say the former.
ALGORITHMS = ("ES256", "EdDSA", "Ed25519")
MAX_ASSERTION_SECONDS = 300
SKEW_SECONDS = 10
MAX_ASSERTION_BYTES = 4096

# A valid key that nobody holds the private half of: the generator of P-256 (SEC 2, section 2.4.2).
_NOBODYS_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
    "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
}


class InvalidClient(ServiceMustAct):
    """The service did not prove who it is; unknown, wrong and replayed look the same (RFC 6749 section 5.2)."""

    code = "invalid_client"


def assertion_client(assertion: str) -> ServiceId | None:
    """Whose assertion this claims to be, before any proof; None when it is no JWT."""
    if len(assertion) > MAX_ASSERTION_BYTES:
        return None
    try:
        payload = assertion.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return ServiceId(str(claims["iss"]))
    except (IndexError, ValueError, KeyError, TypeError, RecursionError, msgspec.DecodeError):
        return None


def checked_assertion(assertion: str, service: Service | None, issuer: str, now: datetime) -> tuple[str, str]:
    """The hash of a proved assertion's ``jti`` and when it expires; the caller makes sure that it comes once.

    An unknown service costs the same work and gives the same answer. Raises ``InvalidClient``.
    """
    caller = (service.id, service.jwks["keys"]) if service else None
    return checked_caller(assertion, caller, issuer, now)


def checked_caller(
    assertion: str, caller: tuple[str, Iterable[Mapping[str, str]]] | None, audience: str, now: datetime
) -> tuple[str, str]:
    """The same for whoever signs: ``caller`` is their name and public keys (RFC 7517), or None. For one audience.

    Raises ``InvalidClient``.
    """
    refusal = InvalidClient("the client could not be authenticated")
    name, known = caller or ("nobody", [_NOBODYS_KEY])
    if len(assertion) > MAX_ASSERTION_BYTES:
        raise refusal
    try:
        keys = key_set(known)
        token = jwt.decode(assertion, keys, algorithms=list(ALGORITHMS))
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": name},
            sub={"essential": True, "value": name},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(token.claims)
    except (jose_errors.JoseError, ValueError, TypeError, KeyError) as error:
        raise refusal from error
    claims = token.claims
    # The audience is one address, as one string: a token for several could be replayed by one of them.
    if claims.get("aud") != audience or token.header.get("typ") not in {None, "JWT", "client-authentication+jwt"}:
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


def key_set(keys: Iterable[Mapping[str, str]]) -> KeySet:
    """Public keys as joserfc takes them. Raises what joserfc raises."""
    serialised: KeySetSerialization = {"keys": [dict(key) for key in keys]}
    return KeySet.import_key_set(serialised)
