"""A demonstration certification authority, made anew at each call: it signs specimens and proves nothing.

Its keys never leave memory, and no trust list knows it: a deployment has to trust its certificate explicitly.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

CA_ID = "XX00"
CERTIFICATE_ID = "0001"
ORGANISATION = "AUTORITE DE DEMONSTRATION - SANS VALEUR"


@dataclass(frozen=True, slots=True)
class Authority:
    """A leaf key, and the certificate that the throwaway authority gave it."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    pem: bytes

    def sign(self, message: bytes) -> str:
        """The signature as a 2D-Doc carries it: ECDSA P-256 and SHA-256, ``r||s``, base32 without padding."""
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return base64.b32encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode().rstrip("=")


def new_authority(last_day: date) -> Authority:
    """An authority in force five years around ``last_day``. As ANTS does, a common name is an identifier."""
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    noon = datetime(last_day.year, last_day.month, last_day.day, 12, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .issuer_name(_name(CA_ID))
        .subject_name(_name(CERTIFICATE_ID))
        .public_key(leaf.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(noon - timedelta(days=5 * 365))
        .not_valid_after(noon + timedelta(days=5 * 365))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(root, SHA256())
    )
    return Authority(leaf, certificate.public_bytes(Encoding.PEM))


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
