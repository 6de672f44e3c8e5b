"""A service's registration that is accepted, its keys, and what tests change in it."""

from __future__ import annotations

import json
import secrets
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from cockpit.domain.service import Service
from cockpit.grants.metadata import service_from_metadata
from tests.consent.worlds import NOW, REGISTRY

ISSUER = "http://localhost:8000"
CALLBACK = "http://localhost:9000/retour"
KEY = ECKey.generate_key("P-256", private=True)
STRANGER_KEY = ECKey.generate_key("P-256", private=True)
EDWARDS = OKPKey.generate_key("Ed25519", private=True)
FIELDS = {"energy.series": ["interval", "start", "unit", "values"], "invoice.document": ["issue_date", "total"]}


def registration(**changes: Any) -> dict[str, Any]:
    """RFC 7591 metadata; a change to ``None`` leaves the member out."""
    metadata = {
        "client_name": "Coach énergie",
        "client_uri": "http://localhost:9000",
        "contacts": ["bonjour@coach-energie.example"],
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [KEY.as_dict(private=False)]},
        "declared_uses": [{"use": "energy-advice-v1", "fields": FIELDS, "retention": "P6M"}],
        **changes,
    }
    return {name: value for name, value in metadata.items() if value is not None}


def service(**changes: Any) -> Service:
    return service_from_metadata(json.dumps(registration(**changes)).encode(), REGISTRY, NOW)


def assertion(client_id: str, now: int, key: Any = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A signed assertion; a change to ``None`` leaves the claim out."""
    claims = {
        "iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 60,
        "jti": secrets.token_urlsafe(12), **changes,
    }  # fmt: skip
    kept = {name: value for name, value in claims.items() if value is not None}
    signed = header or {"alg": "Ed25519" if key is EDWARDS else "ES256"}
    return jwt.encode(signed, kept, key, algorithms=["ES256", "EdDSA", "Ed25519", "RS256", "HS256", "ES384"])
