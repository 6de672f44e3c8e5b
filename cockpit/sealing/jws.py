"""A JWS in compact form (RFC 7515 section 7.1), signed with Ed25519 (RFC 8037): the private key stays on this floor."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey

# RFC 9864 names the curve and deprecates RFC 8037's EdDSA.
_ALGORITHM = "Ed25519"


def compact_jws(header: Mapping[str, str], payload: bytes, key: SigningKey) -> str:
    """The payload signed under ``header``, to which ``alg`` is added."""
    protected = canonical({**header, "alg": _ALGORITHM})
    signing_input = f"{_encode(protected)}.{_encode(payload)}"
    # It covers ASCII without spaces: no context line of ours can begin it, so neither is taken for the other.
    return f"{signing_input}.{_encode(key.sign(b'', signing_input.encode()))}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
