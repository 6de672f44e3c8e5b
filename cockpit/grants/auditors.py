"""Proof of which auditor calls: the public key of a mandate, and a short signed assertion (RFC 7523) under it."""

from __future__ import annotations

from datetime import datetime

from joserfc import errors as jose_errors
from joserfc.jwk import OKPKey

from cockpit.domain.audit_mandate import AuditorMandate
from cockpit.domain.errors import OperatorMustAct
from cockpit.grants.clients import checked_caller


def public_key(pem: bytes) -> tuple[dict[str, str], str]:
    """The JWK and the RFC 7638 thumbprint of an Ed25519 public key in a PEM file. Raises ``OperatorMustAct``."""
    try:
        key = OKPKey.import_key(pem)
    except (jose_errors.JoseError, ValueError, TypeError) as error:
        raise OperatorMustAct("this is not an Ed25519 public key in PEM; see: cockpit audit key", code="key") from error
    if key.is_private:
        raise OperatorMustAct("this is a private key: ask the auditor for the public one", code="key")
    if key.curve_name != "Ed25519":
        raise OperatorMustAct("this key is of another type; an Ed25519 key is needed", code="key")
    return {"kty": "OKP", "crv": "Ed25519", "x": str(key.as_dict(private=False)["x"])}, key.thumbprint()


def checked_auditor(assertion: str, mandate: AuditorMandate | None, audience: str, now: datetime) -> tuple[str, str]:
    """The hash of a proved assertion's ``jti`` and when it expires. Raises ``InvalidClient``.

    An unknown mandate costs the same work and gives the same answer as a wrong key.
    """
    return checked_caller(assertion, (mandate.id, [mandate.jwk]) if mandate else None, audience, now)
