"""The receipt of a version of a consent's record: the signed record, and both openings of its leaf in the log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import msgspec

from cockpit.consent.record.form import record_from_json, record_sha256
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import Tampered
from cockpit.domain.record import Json
from cockpit.receipts.signed_records import (
    RecordSignature,
    SignedRecord,
    check_record,
    decode,
    encode,
    receipts_name,
)
from cockpit.sealing.canonical import canonical, parse_canonical
from cockpit.sealing.signing import SigningKey, VerifyKey
from cockpit.tlog.leaf import commit
from cockpit.tlog.note import vkey

RECEIPT_SCHEMA = "mesinfos-cockpit receipt v2"
RECEIPT_CONTEXT = b"mesinfos-cockpit receipt v2\n"
"""What a receipt's signature covers first, so that it can be taken for nothing else."""

RECORD_MEMBER = "record_sha256"
"""The member of a leaf's subject part that names the record: what ties the receipt to the log."""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the leaf stands: the log's origin, its index, and the SHA-256 of its bytes."""

    origin: str
    index: int
    leaf_sha256: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What one commitment of a leaf hides: the salt (64 hexadecimal digits) and the part."""

    salt: str
    part: dict[str, Json]


@dataclass(frozen=True, slots=True)
class OpenedLeaf:
    """A leaf (base64 of its bytes) and both its openings."""

    leaf: str
    audit: Opening
    subject: Opening


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a person takes home for a consent, a refusal or a withdrawal.

    ``proof`` is a ``.tlog-proof`` text and ``acknowledgement`` the recipient's JWS; both come later than the
    signature, are empty until then, and carry their own proof.
    """

    schema: str
    record: ConsentRecord
    signatures: tuple[RecordSignature, ...]
    log: LogPlace
    opened: OpenedLeaf
    key: str
    signature: str = field(default="")
    proof: str = field(default="")
    acknowledgement: str = field(default="")


def make_receipt(signed: SignedRecord, log: LogPlace, opened: OpenedLeaf, key: SigningKey) -> Receipt:
    """The signed receipt. Raises ``Tampered`` when the leaf is not that of this record."""
    named = vkey(receipts_name(log.origin), key.verify_key())
    bare = Receipt(RECEIPT_SCHEMA, signed.record, signed.signatures, log, opened, named)
    _check_leaf(bare)
    value = encode(key.sign(RECEIPT_CONTEXT, _body(bare)))
    return Receipt(bare.schema, bare.record, bare.signatures, log, opened, named, value)


def receipt_bytes(receipt: Receipt) -> bytes:
    """The receipt as canonical JSON (RFC 8785), as it is kept and handed out."""
    return canonical(msgspec.to_builtins(receipt))


def receipt_from_bytes(data: bytes) -> Receipt:
    """The receipt of its canonical bytes, not verified. Raises ``Tampered`` for an unknown or missing field."""
    try:
        value = parse_canonical(data)
        receipt = msgspec.convert(value, Receipt)
        same = receipt_bytes(receipt) == data
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        raise Tampered("not the receipt of a consent") from error
    if not same or receipt.schema != RECEIPT_SCHEMA:
        raise Tampered("not the receipt of a consent: a field is unknown or missing, or its schema is another")
    record_from_json(value["record"])
    return receipt


def check_receipt(data: bytes, key: VerifyKey, origin: str) -> Receipt:
    """The receipt, when ``key`` signed it for the log of ``origin`` and its leaf opens to its record.

    ``proof`` and ``acknowledgement`` are returned as they are: each is for its own verifier. Raises ``Tampered``.
    """
    receipt = receipt_from_bytes(data)
    if receipt.log.origin != origin or receipt.key != vkey(receipts_name(origin), key):
        raise Tampered("the receipt is of another cockpit or another key")
    key.verify(RECEIPT_CONTEXT, _body(receipt), decode(receipt.signature))
    check_record(SignedRecord(receipt.record, receipt.signatures), key, origin)
    _check_leaf(receipt)
    return receipt


def _body(receipt: Receipt) -> bytes:
    built: dict[str, Json] = msgspec.to_builtins(receipt)
    later = {"signature", "proof", "acknowledgement"}
    return canonical({name: value for name, value in built.items() if name not in later})


def _check_leaf(receipt: Receipt) -> None:
    opened, leaf = receipt.opened, decode(receipt.opened.leaf)
    if hashlib.sha256(leaf).hexdigest() != receipt.log.leaf_sha256:
        raise Tampered("the leaf is not the one the log place names")
    try:
        committed = parse_canonical(leaf)
        audit = commit(bytes.fromhex(opened.audit.salt), opened.audit.part)
        subject = commit(bytes.fromhex(opened.subject.salt), opened.subject.part)
        opens = committed["audit"] == audit and committed["subject"] == subject
    except (ValueError, TypeError, KeyError) as error:
        raise Tampered("the leaf or its openings cannot be read") from error
    if not opens:
        raise Tampered("an opening is not that of the leaf")
    if opened.subject.part.get(RECORD_MEMBER) != record_sha256(receipt.record):
        raise Tampered("the leaf is about another record")
