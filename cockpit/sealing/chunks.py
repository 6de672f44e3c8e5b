"""Documents, sealed in chunks: written and read as a stream, opened in part, refused when anything moved.

A document is padded (Padmé), cut into chunks of 1 MiB, and each chunk is sealed on its own: AES-256-GCM in the
STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015). What is needed to open it stands in a small header,
sealed apart as an envelope. ``docs/reference/document-format.md`` describes every byte.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cockpit.domain.errors import Tampered
from cockpit.sealing.box import KEY_BYTES, new_key
from cockpit.sealing.envelope import FIRST_PREVIOUS, EnvelopeKind, Place, open_with, padded_size, seal_to

CHUNK_BYTES = 1024 * 1024
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
CHUNKS_A_FETCH = 4
"""How many chunks are asked for at once: what a read holds in memory, against the time of one more question."""

_VERSION = 1
_PREFIX_BYTES = 7
_FIXED = struct.Struct(f">B{KEY_BYTES}s{_PREFIX_BYTES}sQ")
_COUNTER = struct.Struct(">IB")
_DOMAIN = b"mesinfos document chunk 1"

Fetch = Callable[[int, int], bytes]
"""Gives the sealed bytes from a first position up to, not including, a second."""


@dataclass(frozen=True, slots=True)
class DocumentHeader:
    """What opens one document: its key, its nonces' prefix, its true length in bytes, its media type."""

    dek: bytes = field(repr=False)
    prefix: bytes = field(repr=False)
    length: int
    media_type: str

    @property
    def padded(self) -> int:
        """The length once padded, in bytes."""
        return padded_size(self.length)

    @property
    def chunks(self) -> int:
        """How many chunks there are, at least one."""
        return max(1, -(-self.padded // CHUNK_BYTES))

    @property
    def sealed_bytes(self) -> int:
        """The size of the sealed object."""
        return sealed_size(self.padded)


def sealed_size(padded: int) -> int:
    """The size of the object that holds ``padded`` bytes: one tag more for each chunk."""
    return padded + TAG_BYTES * max(1, -(-padded // CHUNK_BYTES))


def new_header(length: int, media_type: str) -> DocumentHeader:
    """The header of a document of ``length`` bytes, with a fresh key and prefix."""
    return DocumentHeader(new_key(), os.urandom(_PREFIX_BYTES), length, media_type)


def seal_header(public_key: bytes, header: DocumentHeader, person: str, blob: str, epoch: int) -> bytes:
    """The header as an envelope to the public key (32 bytes) of the person's files."""
    body = _FIXED.pack(_VERSION, header.dek, header.prefix, header.length) + header.media_type.encode()
    return seal_to(public_key, body, _place(person, blob, epoch))


def open_header(private_key: bytes, envelope: bytes, person: str, blob: str, epoch: int) -> DocumentHeader:
    """The header of the document ``blob``. Raises ``Tampered``."""
    body = open_with(private_key, envelope, _place(person, blob, epoch))
    if len(body) < _FIXED.size or body[0] != _VERSION:
        raise Tampered("a document's header is not of a version we know")
    _, dek, prefix, length = _FIXED.unpack_from(body)
    return DocumentHeader(dek, prefix, length, body[_FIXED.size :].decode())


def seal_chunks(read: Callable[[int], bytes], header: DocumentHeader, person: str, blob: str) -> Iterator[bytes]:
    """The sealed chunks, in order. ``read`` gives up to so many bytes, and none at the end.

    Raises ``ValueError`` when the content is not as long as the header says.
    """
    left = header.length
    for number in range(header.chunks):
        size = min(CHUNK_BYTES, header.padded - number * CHUNK_BYTES)
        content = _exactly(read, min(size, left))
        left -= len(content)
        last = number == header.chunks - 1
        if last and read(1):
            raise ValueError("the document is longer than it was said to be")
        yield AESGCM(header.dek).encrypt(
            _nonce(header, number, last), content.ljust(size, b"\0"), _bound(person, blob, number, last)
        )


def open_chunks(
    fetch: Fetch, header: DocumentHeader, person: str, blob: str, start: int = 0, stop: int | None = None
) -> Iterator[bytes]:
    """The document's bytes from ``start`` up to, not including, ``stop`` (its end when None), piece by piece.

    Only the chunks that hold them are fetched. Raises ``Tampered`` for a chunk that is cut, edited, missing, or was
    sealed for another position, document or person, before any byte of it is given.
    """
    stop = header.length if stop is None else min(stop, header.length)
    first, after = start // CHUNK_BYTES, max(1, -(-stop // CHUNK_BYTES))
    if stop <= start and header.length:
        return
    for group in range(first, after, CHUNKS_A_FETCH):
        until = min(group + CHUNKS_A_FETCH, after)
        sealed = fetch(group * SEALED_CHUNK_BYTES, min(until * SEALED_CHUNK_BYTES, header.sealed_bytes))
        for number in range(group, until):
            at = (number - group) * SEALED_CHUNK_BYTES
            chunk = _open_chunk(sealed[at : at + SEALED_CHUNK_BYTES], header, person, blob, number)
            low, high = number * CHUNK_BYTES, min((number + 1) * CHUNK_BYTES, stop)
            yield chunk[max(start - low, 0) : high - low]


def _open_chunk(sealed: bytes, header: DocumentHeader, person: str, blob: str, number: int) -> bytes:
    last = number == header.chunks - 1
    try:
        return AESGCM(header.dek).decrypt(_nonce(header, number, last), sealed, _bound(person, blob, number, last))
    except (InvalidTag, ValueError) as error:
        raise Tampered("a chunk of a document does not open in its place") from error


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    """``size`` bytes: a stream may give fewer at a time."""
    content = bytearray()
    while len(content) < size:
        piece = read(size - len(content))
        if not piece:
            raise ValueError("the document is shorter than it was said to be")
        content += piece
    return bytes(content)


def _nonce(header: DocumentHeader, number: int, last: bool) -> bytes:
    return header.prefix + _COUNTER.pack(number, last)


def _bound(person: str, blob: str, number: int, last: bool) -> bytes:
    return b"\x00".join((_DOMAIN, person.encode(), blob.encode(), _COUNTER.pack(number, last)))


def _place(person: str, blob: str, epoch: int) -> Place:
    return Place(person, f"files/{blob}", EnvelopeKind.BLOB, epoch, 0, FIRST_PREVIOUS, 1)
