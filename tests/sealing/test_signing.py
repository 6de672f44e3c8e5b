"""Signatures: they bind context and message to one key, keys are kept and read back, and a bad file has an answer."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey

# RFC 8032 section 7.1, test 2: secret key, public key, message, signature.
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def pem(key: Ed25519PrivateKey, password: bytes | None = None) -> bytes:
    under = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, under)


def test_the_vector_of_the_specification() -> None:
    key = SigningKey.from_pem(pem(Ed25519PrivateKey.from_private_bytes(SECRET)))
    assert key.verify_key() == VerifyKey(PUBLIC)
    assert key.sign(b"", b"\x72") == SIGNATURE
    VerifyKey(PUBLIC).verify(b"", b"\x72", SIGNATURE)


def test_a_signature_holds_for_its_context_message_and_key_alone() -> None:
    key = SigningKey.generate()
    signature = key.sign(b"receipt\n", b"message")
    key.verify_key().verify(b"receipt\n", b"message", signature)
    for context, message, made, by in (
        (b"archive\n", b"message", signature, key),
        (b"receipt\n", b"messagE", signature, key),
        (b"receipt\n", b"message", signature[:-1], key),
        (b"receipt\n", b"message", b"", key),
        (b"receipt\n", b"message", bytes(64), key),
        (b"receipt\n", b"message", signature, SigningKey.generate()),
    ):
        with pytest.raises(Tampered):
            by.verify_key().verify(context, message, made)


@pytest.mark.parametrize("raw", [b"", b"short", bytes(33)])
def test_a_key_of_another_length_verifies_nothing(raw: bytes) -> None:
    with pytest.raises(Tampered):
        VerifyKey(raw).verify(b"", b"\x72", SIGNATURE)


def test_a_key_is_read_back_and_never_shown() -> None:
    key = SigningKey.generate()
    assert SigningKey.from_pem(key.to_pem()).verify_key() == key.verify_key()
    assert repr(key) == "SigningKey()"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        SigningKey.generate().to_pem()[:60],
        pem(Ed25519PrivateKey.generate(), b"password"),
        generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ],
    ids=["empty", "text", "cut", "password", "another type"],
)
def test_a_bad_key_file_is_the_operators_to_mend(content: bytes) -> None:
    with pytest.raises(OperatorMustAct) as refused:
        SigningKey.from_pem(content)
    assert refused.value.reason == "keys"
