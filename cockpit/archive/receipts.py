"""Signing receipts, so that a decision can be proved without trusting whoever holds the database."""

from __future__ import annotations

import base64

from cockpit.consent.receipt import RECEIPT_CONTEXT
from cockpit.domain.record import Json
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.note import vkey


def receipts_name(origin: str) -> str:
    """The name of the receipts key: a log's origin, whose last part says what it is for."""
    return origin.partition("/log")[0] + "/receipts"


def signed_receipt(receipt: dict[str, Json], key: SigningKey, origin: str) -> dict[str, Json]:
    """The receipt with an Ed25519 signature over its canonical bytes (RFC 8785) after a context line."""
    signature = key.sign(RECEIPT_CONTEXT, canonical(receipt))
    return {
        "receipt": receipt,
        "signature": {
            "key": vkey(receipts_name(origin), key.verify_key()),
            "value": base64.b64encode(signature).decode(),
        },
    }
