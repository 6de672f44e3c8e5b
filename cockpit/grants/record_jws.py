"""A record as a JWS in compact form (RFC 7515), signed with Ed25519 (RFC 8037, RFC 9864), and its reading."""

from __future__ import annotations

from joserfc import errors as jose_errors
from joserfc import jws
from joserfc.jwk import OKPKey

from cockpit.consent.record.form import record_bytes, record_from_bytes
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import Tampered
from cockpit.domain.record import Json
from cockpit.sealing.canonical import canonical
from cockpit.sealing.jws import compact_jws
from cockpit.sealing.signing import SigningKey

RECORD_TYPE = "consent-record+json"
KANTARA_TYPE = "consent-receipt+json"
# RFC 9864 names the curve and deprecates RFC 8037's EdDSA.
_ALGORITHM = "Ed25519"


def record_jws(record: ConsentRecord, key: SigningKey, key_name: str) -> str:
    """The record's canonical bytes as a JWS; ``key_name`` is the verifier key's name, its ``kid``."""
    return _signed(record_bytes(record), RECORD_TYPE, key, key_name)


def kantara_jws(receipt: dict[str, Json], key: SigningKey, key_name: str) -> str:
    """A Kantara receipt as a JWS (section 4.5 of its specification recommends a signed form)."""
    return _signed(canonical(receipt), KANTARA_TYPE, key, key_name)


def record_from_jws(text: str, public: dict[str, str]) -> ConsentRecord:
    """The record in a JWS that the key ``public`` (a JWK) signed. Raises ``Tampered``."""
    try:
        read = jws.deserialize_compact(
            text, OKPKey.import_key(dict[str, str | list[str]](public)), algorithms=[_ALGORITHM]
        )
    except (jose_errors.JoseError, ValueError) as error:
        raise Tampered("the JWS does not verify") from error
    if read.headers().get("typ") != RECORD_TYPE:
        raise Tampered("the JWS is not that of a record")
    return record_from_bytes(read.payload)


def _signed(payload: bytes, of: str, key: SigningKey, key_name: str) -> str:
    return compact_jws({"kid": key_name, "typ": of}, payload, key)
