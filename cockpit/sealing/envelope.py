"""Envelope v1: a body sealed to a collection's public key, so that whoever writes cannot read.

Layout, big-endian: magic ``MS`` | version (1) | suite (1) | kind (1) | flags (1) | key epoch (4) | seq (8) |
previous envelope's hash (16) | record count (4) | wrapped DEK (80) | key commitment (16) | nonce (12) | ciphertext
and tag. Suite 1: HPKE base mode (RFC 9180) DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM for the DEK, then
AES-256-GCM for the body. The body is length (4) | zstd | Padmé padding, so that sizes say little.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from enum import IntEnum

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cockpit.domain.errors import Tampered
from cockpit.sealing.box import NONCE_BYTES, derive, new_key

MAGIC = b"MS"
VERSION = 1
SUITE_X25519 = 1
MAX_BODY_BYTES = 256 * 1024 * 1024

_HEADER = struct.Struct(">2sBBBBIQ16sI")
_WRAPPED_DEK = 80
_COMMITMENT = 16
_PREFIX = _HEADER.size + _WRAPPED_DEK + _COMMITMENT + NONCE_BYTES
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_LENGTH = struct.Struct(">I")

FIRST_PREVIOUS = bytes(16)
"""The previous hash of the first envelope of a stream."""


class EnvelopeKind(IntEnum):
    """What an envelope holds; part of what is authenticated."""

    INBOX = 1
    BLOB = 6
    WRAP = 7


@dataclass(frozen=True, slots=True)
class Place:
    """Where an envelope stands: it opens nowhere else."""

    person: str
    stream: str
    kind: EnvelopeKind
    epoch: int
    seq: int
    previous: bytes
    count: int

    def header(self) -> bytes:
        """The 38 bytes that come first and are authenticated."""
        return _HEADER.pack(MAGIC, VERSION, SUITE_X25519, self.kind, 0, self.epoch, self.seq, self.previous, self.count)

    def bound(self) -> bytes:
        """Person, stream and header: the data authenticated with the body and the key."""
        return b"\x00".join((self.person.encode(), self.stream.encode(), self.header()))


def new_key_pair() -> tuple[bytes, bytes]:
    """A fresh X25519 pair as raw (private, public) bytes, 32 each."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def envelope_hash(envelope: bytes) -> bytes:
    """BLAKE2b-128 of an envelope, the link of a stream's chain."""
    return hashlib.blake2b(envelope, digest_size=16).digest()


def seal_to(public_key: bytes, body: bytes, place: Place) -> bytes:
    """Seal ``body`` (at most 256 MiB) to a collection's public key (32 raw bytes), bound to its place."""
    dek = new_key()
    bound = place.bound()
    wrapped = _SUITE.encrypt(dek, X25519PublicKey.from_public_bytes(public_key), info=bound)
    commitment = derive(dek, "envelope commitment")[:_COMMITMENT]
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(derive(dek, "envelope body")).encrypt(nonce, _pack(body), bound)
    return b"".join((place.header(), wrapped, commitment, nonce, ciphertext))


def open_with(private_key: bytes, envelope: bytes, place: Place) -> bytes:
    """Open an envelope that must stand at ``place``.

    Raises ``Tampered`` when any bit differs: wrong key, person, stream, kind, epoch, position, previous hash, count.
    """
    if len(envelope) < _PREFIX + 16 or envelope[: _HEADER.size] != place.header():
        raise Tampered("an envelope is not the one that belongs in its place")
    bound = place.bound()
    wrapped_end = _HEADER.size + _WRAPPED_DEK
    commitment_end = wrapped_end + _COMMITMENT
    try:
        dek = _SUITE.decrypt(
            envelope[_HEADER.size : wrapped_end], X25519PrivateKey.from_private_bytes(private_key), info=bound
        )
        # AES-GCM does not commit to its key: the commitment refuses an envelope that two keys would open.
        if derive(dek, "envelope commitment")[:_COMMITMENT] != envelope[wrapped_end:commitment_end]:
            raise Tampered("an envelope's key commitment does not match")
        packed = AESGCM(derive(dek, "envelope body")).decrypt(
            envelope[commitment_end:_PREFIX], envelope[_PREFIX:], bound
        )
    except InvalidTag as error:
        raise Tampered("an envelope does not open with this key in this place") from error
    return _unpack(packed)


def padded_size(length: int) -> int:
    """The Padmé size for ``length`` bytes: at most 12 % more, so that sizes leak little (PURBs, section 4)."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    zero_bits = exponent - exponent.bit_length()
    mask = (1 << zero_bits) - 1 if zero_bits > 0 else 0
    return (length + mask) & ~mask


def _pack(body: bytes) -> bytes:
    compressed = zstandard.ZstdCompressor(level=3).compress(body)
    length = _LENGTH.size + len(compressed)
    return _LENGTH.pack(len(compressed)) + compressed + bytes(padded_size(length) - length)


def _unpack(packed: bytes) -> bytes:
    (length,) = _LENGTH.unpack_from(packed)
    return zstandard.ZstdDecompressor().decompress(
        packed[_LENGTH.size : _LENGTH.size + length], max_output_size=MAX_BODY_BYTES
    )
