"""Ed25519 signatures (RFC 8032) over a context and a message; verifying raises."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cockpit.domain.errors import OperatorMustAct, Tampered


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key: 32 raw bytes."""

    raw: bytes

    def verify(self, context: bytes, message: bytes, signature: bytes) -> None:
        """Return when the signature (64 bytes) is over ``context + message``. Raises ``Tampered``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, context + message)
        except (InvalidSignature, ValueError) as error:
            raise Tampered("a signature does not verify") from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; its repr says nothing."""

    _key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKey:
        """The key in a PKCS #8 PEM file. Raises ``OperatorMustAct``."""
        try:
            key = load_pem_private_key(pem, password=None)
        except TypeError as error:
            raise OperatorMustAct("a signing key file is under a password; store it without", code="keys") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise OperatorMustAct("a signing key file is damaged; restore it from its backup", code="keys") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise OperatorMustAct("a signing key file does not hold an Ed25519 key", code="keys")
        return cls(key)

    def to_pem(self) -> bytes:
        """The key as PKCS #8 PEM, unencrypted: the file's mode protects it."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, context: bytes, message: bytes) -> bytes:
        """64 bytes over ``context + message``; the context says what is signed, so that nothing is taken for else."""
        return self._key.sign(context + message)

    def verify_key(self) -> VerifyKey:
        """The public half."""
        return VerifyKey(self._key.public_key().public_bytes_raw())
