"""What the signature of a 2D-Doc proves, with the certificates at hand, on the day it was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from cockpit.domain.record import Verification

from .code import Code
from .trust import Leaf, TrustStore, organisation

_HASHES: dict[str, type[HashAlgorithm]] = {"secp256r1": SHA256, "secp384r1": SHA384, "secp521r1": SHA512}
"""The hash that goes with each curve (specification, §3.5)."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved, and whose certificate proved it: ``issuer`` is None when nothing was."""

    verification: Verification
    issuer: str | None = None


def verify(code: Code, store: TrustStore, today: date) -> Proof:
    """What the signature proves.

    - VALID: it verifies with a certificate that was in force, and vouched for, on the day of the signature;
    - EXPIRED: it verifies, and that day falls outside;
    - INVALID: certificates of that name are known, and it verifies with none of them;
    - UNKNOWN_CERTIFICATE: no such certificate is at hand, or no day is written, so that nothing can be said of it.

    The day is that of the signature, or of the document when the header has none. ``today`` serves one case only:
    without any day, a certificate that is not yet in force cannot have been when it signed.
    """
    leaves = store.leaves(code.authority_id, code.certificate_id)
    if not leaves:
        return Proof(Verification.UNKNOWN_CERTIFICATE)
    signers = [leaf for leaf in leaves if signature_holds(code, leaf)]
    if not signers:
        return Proof(Verification.INVALID)
    day = code.signed_on or code.emitted_on
    for signer in signers:
        if day and signer.stood_on(day):
            return Proof(Verification.VALID, organisation(signer.certificate))
    if day is None and all(today >= signer.certificate.not_valid_before_utc.date() for signer in signers):
        return Proof(Verification.UNKNOWN_CERTIFICATE)
    return Proof(Verification.EXPIRED, organisation(signers[0].certificate))


def signature_holds(code: Code, leaf: Leaf) -> bool:
    """Whether the key of ``leaf`` signed exactly the bytes of the code (ECDSA, ``r || s``, FIPS 186-4)."""
    try:
        key = leaf.certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _HASHES:
        return False
    half = (key.key_size + 7) // 8
    if len(code.signature) != 2 * half:
        return False
    r, s = (int.from_bytes(part, "big") for part in (code.signature[:half], code.signature[half:]))
    try:
        key.verify(encode_dss_signature(r, s), code.signed, ec.ECDSA(_HASHES[key.curve.name]()))
    except InvalidSignature:
        return False
    return True
