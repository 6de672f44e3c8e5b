"""Envelope v1: a body sealed for one place, to a public key or under a secret key.

Layout, big-endian: magic ``MS`` | version (1) | suite (1) | kind (1) | flags (1) | key epoch (4) | seq (8) |
previous envelope's hash (16) | record count (4) | wrapped DEK | key commitment (16) | nonce (12) | ciphertext and tag.
Suite 0 wraps the DEK under a secret key (AES-256-GCM, 60 bytes); suite 1 to a public key, so that whoever writes cannot
read (HPKE base mode, RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, 80 bytes). Then AES-256-GCM for
the body: length (4) | zstd | Padmé padding, so that sizes say little. ``docs/reference/envelope-format.md`` is enough
to write another implementation.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
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
MAX_BODY_BYTES = 256 * 1024 * 1024
ZSTD_LEVEL = 1

_HEADER = struct.Struct(">2sBBBBIQ16sI")
_LENGTH = struct.Struct(">I")
_COMMITMENT = 16
_TAG = 16
_HPKE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_threads = threading.local()

FIRST_PREVIOUS = bytes(16)
"""The previous hash of the first envelope of a stream, and of any envelope that stands in no chain."""


class Suite(IntEnum):
    """How the DEK is wrapped."""

    SECRET = 0
    X25519 = 1


_WRAPPED = {Suite.SECRET: NONCE_BYTES + 32 + _TAG, Suite.X25519: 32 + 32 + _TAG}


class EnvelopeKind(IntEnum):
    """What an envelope holds; part of what is authenticated. A number keeps its meaning for ever."""

    INBOX = 1
    VAULT = 2
    GRANT = 3
    MANIFEST = 4
    INDEX = 5
    BLOB = 6
    BACKUP = 7


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

    def header(self, suite: Suite) -> bytes:
        """The 38 bytes that come first and are authenticated."""
        return _HEADER.pack(MAGIC, VERSION, suite, self.kind, 0, self.epoch, self.seq, self.previous, self.count)

    def bound(self, suite: Suite) -> bytes:
        """Person, stream and header: the data authenticated with the body and the key."""
        return b"\x00".join((self.person.encode(), self.stream.encode(), self.header(suite)))


def new_key_pair() -> tuple[bytes, bytes]:
    """A fresh X25519 pair as raw (private, public) bytes, 32 each."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def envelope_hash(envelope: bytes) -> bytes:
    """BLAKE2b-128 of an envelope, the link of a stream's chain."""
    return hashlib.blake2b(envelope, digest_size=16).digest()


def seal_to(public_key: bytes, body: bytes, place: Place) -> bytes:
    """Seal ``body`` (at most 256 MiB) to a public key (32 raw bytes), bound to its place."""
    dek, bound = new_key(), place.bound(Suite.X25519)
    wrapped = _HPKE.encrypt(dek, X25519PublicKey.from_public_bytes(public_key), info=bound)
    return _seal(dek, wrapped, body, place.header(Suite.X25519), bound)


def open_with(private_key: bytes, envelope: bytes, place: Place) -> bytes:
    """Open an envelope sealed to a public key, with its private one; it must stand at ``place``.

    Raises ``Tampered`` when any bit differs: wrong key, person, stream, kind, epoch, position, previous hash, count.
    """
    bound, wrapped = _parts(envelope, place, Suite.X25519)
    try:
        dek = _HPKE.decrypt(wrapped, X25519PrivateKey.from_private_bytes(private_key), info=bound)
    except InvalidTag as error:
        raise Tampered("an envelope does not open with this key in this place") from error
    return _unpack(_open(dek, memoryview(envelope)[_HEADER.size + len(wrapped) :], bound))


def seal_under_key(key: bytes, body: bytes | memoryview, place: Place, level: int = ZSTD_LEVEL) -> bytes:
    """Seal ``body`` (at most 256 MiB) under a secret key (32 bytes), bound to its place.

    ``level`` is zstd's: more for what is written seldom and kept long.
    """
    dek, bound, nonce = new_key(), place.bound(Suite.SECRET), os.urandom(NONCE_BYTES)
    wrapped = nonce + AESGCM(key).encrypt(nonce, dek, bound)
    return _seal(dek, wrapped, body, place.header(Suite.SECRET), bound, level)


def open_under_key(key: bytes, envelope: bytes, place: Place) -> bytes:
    """Open an envelope sealed under a secret key; it must stand at ``place``. Raises ``Tampered``."""
    return _unpack(_packed_under_key(key, envelope, place))


def open_into(key: bytes, envelope: bytes, place: Place, room: memoryview) -> int:
    """The same, into ``room``, from its start; how many bytes. Raises ``Tampered``, also for a body that is larger.

    Other threads go on meanwhile: a large whole is put together from several envelopes side by side.
    """
    compressed, size = _compressed(_packed_under_key(key, envelope, place), len(room))
    try:
        with _decompressor().stream_reader(compressed) as body:
            done = body.readinto(room)
    except zstandard.ZstdError as error:
        raise Tampered("an envelope's body is not what it should be") from error
    if done != size:
        raise Tampered("an envelope's body is not of the size it says")
    return size


def _packed_under_key(key: bytes, envelope: bytes, place: Place) -> bytes:
    bound, wrapped = _parts(envelope, place, Suite.SECRET)
    try:
        dek = AESGCM(key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
    except InvalidTag as error:
        raise Tampered("an envelope does not open with this key in this place") from error
    return _open(dek, memoryview(envelope)[_HEADER.size + len(wrapped) :], bound)


def previous_of(envelope: bytes) -> bytes:
    """The previous hash an envelope claims (16 bytes): proved only by opening it where that is expected."""
    return envelope[18:34]


def padded_size(length: int) -> int:
    """The Padmé size for ``length`` bytes: at most 12 % more, so that sizes leak little (PURBs, section 4)."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    zero_bits = exponent - exponent.bit_length()
    mask = (1 << zero_bits) - 1 if zero_bits > 0 else 0
    return (length + mask) & ~mask


def _parts(envelope: bytes, place: Place, suite: Suite) -> tuple[bytes, bytes]:
    """What is bound to ``place``, and the wrapped DEK."""
    wrapped_end = _HEADER.size + _WRAPPED[suite]
    whole = len(envelope) >= wrapped_end + _COMMITMENT + NONCE_BYTES + _TAG
    if not whole or envelope[: _HEADER.size] != place.header(suite):
        raise Tampered("an envelope is not the one that belongs in its place")
    return place.bound(suite), envelope[_HEADER.size : wrapped_end]


def _seal(
    dek: bytes, wrapped: bytes, body: bytes | memoryview, header: bytes, bound: bytes, level: int = ZSTD_LEVEL
) -> bytes:
    commitment, nonce = derive(dek, "envelope commitment")[:_COMMITMENT], os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(derive(dek, "envelope body")).encrypt(nonce, _pack(body, level), bound)
    return b"".join((header, wrapped, commitment, nonce, ciphertext))


def _open(dek: bytes, sealed: memoryview, bound: bytes) -> bytes:
    # AES-GCM does not commit to its key: the commitment refuses an envelope that two keys would open.
    if derive(dek, "envelope commitment")[:_COMMITMENT] != sealed[:_COMMITMENT]:
        raise Tampered("an envelope's key commitment does not match")
    nonce_end = _COMMITMENT + NONCE_BYTES
    try:
        return AESGCM(derive(dek, "envelope body")).decrypt(sealed[_COMMITMENT:nonce_end], sealed[nonce_end:], bound)
    except InvalidTag as error:
        raise Tampered("an envelope does not open with this key in this place") from error


def _pack(body: bytes | memoryview, level: int) -> bytes:
    if len(body) > MAX_BODY_BYTES:
        raise ValueError("a body has at most 256 MiB")
    compressed = _compressor(level).compress(body)
    length = _LENGTH.size + len(compressed)
    return _LENGTH.pack(len(compressed)) + compressed + bytes(padded_size(length) - length)


def _unpack(packed: bytes) -> bytes:
    compressed, _ = _compressed(packed, MAX_BODY_BYTES)
    try:
        return _decompressor().decompress(compressed, max_output_size=MAX_BODY_BYTES)
    except zstandard.ZstdError as error:
        raise Tampered("an envelope's body is not what it should be") from error


def _compressed(packed: bytes, most: int) -> tuple[memoryview, int]:
    """The compressed body, and its size once it is not. Raises ``Tampered`` beyond ``most`` bytes."""
    # Whoever may write to a public key may have written anything: nothing is allocated on the body's own word.
    try:
        (length,) = _LENGTH.unpack_from(packed)
        compressed = memoryview(packed)[_LENGTH.size : _LENGTH.size + length]
        size = zstandard.frame_content_size(compressed)
    except (struct.error, zstandard.ZstdError) as error:
        raise Tampered("an envelope's body is not what it should be") from error
    if size not in range(most + 1):
        raise Tampered("an envelope's body says no size, or one beyond the limit")
    return compressed, size


def _compressor(level: int) -> zstandard.ZstdCompressor:
    if level != ZSTD_LEVEL:
        return zstandard.ZstdCompressor(level=level)
    # A context costs more to make than a small body to compress, and may serve one thread at a time.
    found: zstandard.ZstdCompressor | None = getattr(_threads, "compressor", None)
    if found is None:
        found = _threads.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    return found


def _decompressor() -> zstandard.ZstdDecompressor:
    found: zstandard.ZstdDecompressor | None = getattr(_threads, "decompressor", None)
    if found is None:
        found = _threads.decompressor = zstandard.ZstdDecompressor()
    return found
