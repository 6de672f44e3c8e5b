"""Small secrets under a key: authenticated encryption, key derivation, keyed hashes."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cockpit.domain.errors import Tampered

KEY_BYTES = 32
NONCE_BYTES = 12


def new_key() -> bytes:
    """A fresh random key of 32 bytes."""
    return os.urandom(KEY_BYTES)


def derive(secret: bytes, label: str) -> bytes:
    """A 32-byte key for one named duty from a secret of full entropy (HKDF-SHA-256, RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"mesinfos-cockpit " + label.encode()).derive(secret)


def keyed_hash(key: bytes, message: bytes, size: int = 16) -> bytes:
    """A keyed BLAKE2b of ``size`` bytes: an identity that means nothing to whoever lacks the key (RFC 7693)."""
    return hashlib.blake2b(message, key=key, digest_size=size).digest()


def keyed_tag(key: bytes, message: bytes) -> str:
    """A keyed HMAC-SHA-256 in hexadecimal, for look-ups by something that must not be stored in clear."""
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def seal_under(key: bytes, plaintext: bytes, context: str) -> bytes:
    """Seal under ``key`` (32 bytes, AES-256-GCM, random nonce). ``context`` binds it to its place: no swap opens.

    Returns nonce (12) | ciphertext and tag.
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def open_under(key: bytes, sealed: bytes, context: str) -> bytes:
    """Open what ``seal_under`` made. Raises ``Tampered`` for a wrong key, a changed bit or another context."""
    if len(sealed) < NONCE_BYTES + 16:
        raise Tampered("a sealed value is too short")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except InvalidTag as error:
        raise Tampered("a sealed value does not open with this key in this place") from error
