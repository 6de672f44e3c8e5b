"""Signing a version of a consent's record, and reading a signed one: any changed byte is refused."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cockpit.consent.record.form import record_bytes
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey
from cockpit.tlog.note import vkey

RECORD_CONTEXT = b"mesinfos-cockpit consent record v1\n"
"""What a record's signature covers first, so that it can be taken for nothing else."""


def receipts_name(origin: str) -> str:
    """The name of the receipts key: a log's origin, whose last part says what it is for."""
    return origin.partition("/log")[0] + "/receipts"


class SignatureType(StrEnum):
    """Ed25519 is the cockpit's own. WebAuthn is room for the person's passkey over the record's hash; not verified."""

    ED25519 = "ed25519"
    WEBAUTHN = "webauthn"


@dataclass(frozen=True, slots=True)
class RecordSignature:
    """One signature. ``key`` is a verifier key (C2SP) or a credential id; ``value`` is base64.

    ``authenticator`` and ``client`` are what a passkey signed beside the hash (WebAuthn section 6.3.3, base64), empty
    for Ed25519.
    """

    type: SignatureType
    key: str
    value: str
    authenticator: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A version and its signatures, the cockpit's first."""

    record: ConsentRecord
    signatures: tuple[RecordSignature, ...]


def sign_record(record: ConsentRecord, key: SigningKey, origin: str) -> SignedRecord:
    """The record with an Ed25519 signature over its RFC 8785 bytes after ``RECORD_CONTEXT``."""
    value = key.sign(RECORD_CONTEXT, record_bytes(record))
    named = vkey(receipts_name(origin), key.verify_key())
    return SignedRecord(record, (RecordSignature(SignatureType.ED25519, named, encode(value)),))


def check_record(signed: SignedRecord, key: VerifyKey, origin: str) -> ConsentRecord:
    """The record, when the cockpit of ``origin`` signed it with ``key``. Raises ``Tampered``.

    The cockpit's signature must be the only Ed25519 one; further ones (a passkey's) are carried, not verified.
    """
    ours = _ours(signed.signatures)
    if ours.key != vkey(receipts_name(origin), key) or ours.authenticator or ours.client:
        raise Tampered("the record is not signed by the key expected")
    key.verify(RECORD_CONTEXT, record_bytes(signed.record), decode(ours.value))
    return signed.record


def _ours(signatures: Sequence[RecordSignature]) -> RecordSignature:
    found = [signature for signature in signatures if signature.type is SignatureType.ED25519]
    if len(found) != 1:
        raise Tampered("the record is not signed once by the cockpit")
    return found[0]


def encode(value: bytes) -> str:
    """Bytes as base64 text."""
    return base64.b64encode(value).decode()


def decode(text: str) -> bytes:
    """The bytes of base64 text in its one form. Raises ``Tampered``."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Tampered("not base64") from error
    # Stray bits in the last character would make a second text of the same bytes.
    if encode(value) != text:
        raise Tampered("not base64 in its one form")
    return value
