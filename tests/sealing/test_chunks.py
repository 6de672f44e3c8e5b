"""A document sealed in chunks opens whole, in part, and nowhere but in its place."""

from __future__ import annotations

import hashlib
import io
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.domain.errors import Tampered
from cockpit.sealing import chunks
from cockpit.sealing.chunks import (
    CHUNK_BYTES,
    SEALED_CHUNK_BYTES,
    DocumentHeader,
    new_header,
    open_chunks,
    open_header,
    seal_chunks,
    seal_header,
)
from cockpit.sealing.envelope import new_key_pair

PERSON, BLOB = "a" * 32, "b" * 32
VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/documents/v1.json").read_text())


def content_of(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def sealed(content: bytes, person: str = PERSON, blob: str = BLOB) -> tuple[DocumentHeader, bytes]:
    header = new_header(len(content), "application/pdf")
    return header, b"".join(seal_chunks(io.BytesIO(content).read, header, person, blob))


def from_bytes(stored: bytes) -> Callable[[int, int], bytes]:
    return lambda start, stop: stored[start:stop]


def opened(header: DocumentHeader, stored: bytes, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join(open_chunks(from_bytes(stored), header, PERSON, BLOB, start, stop))


def test_nothing_of_the_content_is_in_the_object_and_two_sealings_differ() -> None:
    content = b"KANARIENVOGEL" * 1000
    first, second = sealed(content)[1], sealed(content)[1]
    assert b"KANARIENVOGEL" not in first
    assert first[:1000] != second[:1000]


@pytest.mark.parametrize("length", [0, 1, 2, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 5])
def test_what_is_sealed_opens(length: int) -> None:
    content = content_of(length)
    header, stored = sealed(content)
    assert opened(header, stored) == content
    assert len(stored) == header.sealed_bytes


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_range_is_the_slice(data: st.DataObject) -> None:
    small = 64
    with pytest.MonkeyPatch.context() as patched:
        # Borders are what matters: chunks of 64 bytes have as many of them in a few hundred bytes.
        patched.setattr(chunks, "CHUNK_BYTES", small)
        patched.setattr(chunks, "SEALED_CHUNK_BYTES", small + 16)
        length = data.draw(st.integers(0, 9 * small + 3))
        start, stop = data.draw(st.integers(0, length + 2)), data.draw(st.integers(0, length + 2))
        content = content_of(length)
        header, stored = sealed(content)
        assert opened(header, stored, start, stop) == content[start:stop]


def test_a_range_fetches_only_the_chunks_it_touches() -> None:
    header, stored = sealed(content_of(10 * CHUNK_BYTES))
    asked: list[tuple[int, int]] = []

    def fetch(start: int, stop: int) -> bytes:
        asked.append((start, stop))
        return stored[start:stop]

    got = b"".join(open_chunks(fetch, header, PERSON, BLOB, 3 * CHUNK_BYTES - 1, 3 * CHUNK_BYTES + 1))
    assert len(got) == 2
    assert asked == [(2 * SEALED_CHUNK_BYTES, 4 * SEALED_CHUNK_BYTES)]


def test_sizes_say_little() -> None:
    sizes = {new_header(length, "").sealed_bytes for length in range(1_000_000, 1_030_000)}
    assert len(sizes) <= 3


def test_content_that_changes_under_the_sealing_is_refused() -> None:
    header = new_header(1000, "")
    for other in (999, 1001):
        with pytest.raises(ValueError, match="than it was said to be"):
            list(seal_chunks(io.BytesIO(content_of(other)).read, header, PERSON, BLOB))


def test_a_stream_that_gives_little_at_a_time_is_sealed_the_same() -> None:
    header, content = new_header(5000, ""), io.BytesIO(content_of(5000))
    stored = b"".join(seal_chunks(lambda size: content.read(min(size, 7)), header, PERSON, BLOB))
    assert opened(header, stored) == content_of(5000)


class TestAnAttackerWithTheObject:
    @pytest.fixture
    def whole(self) -> tuple[DocumentHeader, bytes]:
        return sealed(content_of(3 * CHUNK_BYTES - 500_000))

    def pieces(self, stored: bytes) -> list[bytes]:
        return [stored[at : at + SEALED_CHUNK_BYTES] for at in range(0, len(stored), SEALED_CHUNK_BYTES)]

    @pytest.mark.parametrize("cut", [1, 16, 5000, SEALED_CHUNK_BYTES])
    def test_cannot_cut_its_end(self, whole: tuple[DocumentHeader, bytes], cut: int) -> None:
        with pytest.raises(Tampered):
            opened(whole[0], whole[1][:-cut])

    def test_cannot_drop_the_last_chunk_even_from_a_header_that_was_not_sealed(
        self, whole: tuple[DocumentHeader, bytes]
    ) -> None:
        # STREAM's own promise: the last chunk says that it is the last, whatever length is believed.
        header, stored = whole
        shorter = replace(header, length=2 * CHUNK_BYTES)
        with pytest.raises(Tampered):
            opened(shorter, stored[: 2 * SEALED_CHUNK_BYTES])

    def test_cannot_reorder(self, whole: tuple[DocumentHeader, bytes]) -> None:
        first, second, third = self.pieces(whole[1])
        with pytest.raises(Tampered):
            opened(whole[0], second + first + third)

    def test_cannot_repeat(self, whole: tuple[DocumentHeader, bytes]) -> None:
        first, _, third = self.pieces(whole[1])
        with pytest.raises(Tampered):
            opened(whole[0], first + first + third)

    @pytest.mark.parametrize("at", [0, 7, CHUNK_BYTES, SEALED_CHUNK_BYTES, SEALED_CHUNK_BYTES + 3, -1, -17])
    def test_cannot_flip_a_bit(self, whole: tuple[DocumentHeader, bytes], at: int) -> None:
        stored = bytearray(whole[1])
        stored[at] ^= 1
        with pytest.raises(Tampered):
            opened(whole[0], bytes(stored))

    def test_cannot_move_it_to_another_document_or_person(self) -> None:
        content = content_of(1000)
        header, stored = sealed(content)
        for person, blob in ((PERSON, "c" * 32), ("d" * 32, BLOB)):
            with pytest.raises(Tampered):
                list(open_chunks(from_bytes(stored), header, person, blob))

    def test_gives_no_byte_of_a_bad_chunk(self, whole: tuple[DocumentHeader, bytes]) -> None:
        stored = bytearray(whole[1])
        stored[SEALED_CHUNK_BYTES + 1] ^= 1
        pieces = open_chunks(from_bytes(bytes(stored)), whole[0], PERSON, BLOB)
        assert next(pieces) == content_of(CHUNK_BYTES)
        with pytest.raises(Tampered):
            next(pieces)


class TestTheHeader:
    def test_opens_in_its_place_only(self) -> None:
        private, public = new_key_pair()
        header = new_header(123, "application/pdf")
        envelope = seal_header(public, header, PERSON, BLOB, 2)
        assert open_header(private, envelope, PERSON, BLOB, 2) == header
        for person, blob, epoch in (("d" * 32, BLOB, 2), (PERSON, "c" * 32, 2), (PERSON, BLOB, 1)):
            with pytest.raises(Tampered):
                open_header(private, envelope, person, blob, epoch)

    def test_says_nothing_and_shows_no_key(self) -> None:
        header = new_header(123, "application/x-kanarienvogel")
        assert b"kanarienvogel" not in seal_header(new_key_pair()[1], header, PERSON, BLOB, 1)
        assert header.dek.hex() not in repr(header)
        assert repr(header.dek) not in repr(header)


@pytest.mark.parametrize("vector", VECTORS["documents"], ids=lambda vector: vector["name"])
class TestGoldenVectors:
    def test_the_object_is_the_same_byte_for_byte(self, vector: dict[str, Any]) -> None:
        header = header_of(vector)
        read = io.BytesIO(content_of(vector["length"])).read
        stored = b"".join(seal_chunks(read, header, VECTORS["person"], VECTORS["blob"]))
        assert (header.padded, header.chunks, len(stored)) == (
            vector["padded"],
            vector["chunks"],
            vector["object_bytes"],
        )
        assert hashlib.sha256(stored).hexdigest() == vector["object_sha256"]
        assert (stored[:64].hex(), stored[-64:].hex()) == (vector["object_beginning"], vector["object_end"])

    def test_the_header_opens(self, vector: dict[str, Any]) -> None:
        private, envelope = bytes.fromhex(VECTORS["private_key"]), bytes.fromhex(vector["header_envelope"])
        found = open_header(private, envelope, VECTORS["person"], VECTORS["blob"], VECTORS["epoch"])
        assert found == header_of(vector)

    def test_a_reader_written_from_the_reference_alone_opens_it(self, vector: dict[str, Any]) -> None:
        """Follows docs/reference/document-format.md, with nothing of ours."""
        read = io.BytesIO(content_of(vector["length"])).read
        stored = b"".join(seal_chunks(read, header_of(vector), VECTORS["person"], VECTORS["blob"]))
        dek, prefix, plain = bytes.fromhex(vector["dek"]), bytes.fromhex(vector["prefix"]), b""
        positions = range(0, len(stored), 1_048_592)
        for number, at in enumerate(positions):
            last = 1 if number == len(positions) - 1 else 0
            tail = struct.pack(">IB", number, last)
            names = (b"mesinfos document chunk 1", VECTORS["person"].encode(), VECTORS["blob"].encode(), tail)
            plain += AESGCM(dek).decrypt(prefix + tail, stored[at : at + 1_048_592], b"\0".join(names))
        assert plain[: vector["length"]] == content_of(vector["length"])
        assert not any(plain[vector["length"] :])


def header_of(vector: dict[str, Any]) -> DocumentHeader:
    dek, prefix = bytes.fromhex(vector["dek"]), bytes.fromhex(vector["prefix"])
    return DocumentHeader(dek, prefix, vector["length"], vector["media_type"])
