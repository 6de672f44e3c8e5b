"""The envelope format is described well enough: a second implementation, in a browser, opens and refuses alike."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.browser

# WebCrypto wants a secure context. Both files of this origin are handed over below; no request leaves the browser.
ORIGIN = "https://envelopes.invalid"
MODULE = Path(__file__).with_name("envelope.js")
OPEN_EACH = """async (vectors) => {
  const { openEnvelope } = await import("/envelope.js");
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const outcomes = [];
  for (const vector of vectors) {
    try {
      const { frame, padding } = await openEnvelope(vector);
      outcomes.push({ frame: hex(frame), padding: hex(padding) });
    } catch (error) {
      if (error.name !== "Refusal") throw error;
      outcomes.push({ refused: error.stage });
    }
  }
  return outcomes;
}"""

Vector = dict[str, Any]
Opener = Callable[[list[Vector]], list[dict[str, str]]]

VECTORS: list[Vector] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "envelopes-v1.json").read_text(encoding="ascii")
)
WRAPPED = {0: 60, 1: 80}
SUITES = pytest.mark.parametrize("suite", [0, 1], ids=["secret-key", "x25519"])


@pytest.fixture(scope="module")
def open_each(chromium: Browser) -> Iterator[Opener]:
    """Opens vectors in a browser page: for each the frame and the padding, or the check that refused it."""

    def hand_over(route: Route) -> None:
        if route.request.url == f"{ORIGIN}/":
            route.fulfill(content_type="text/html", body="<!doctype html><title>Envelopes</title>")
        elif route.request.url == f"{ORIGIN}/envelope.js":
            route.fulfill(content_type="text/javascript", body=MODULE.read_text(encoding="utf-8"))
        else:
            route.abort()

    context = chromium.new_context()
    context.route("**/*", hand_over)
    page = context.new_page()
    page.goto(f"{ORIGIN}/")
    yield lambda vectors: page.evaluate(OPEN_EACH, vectors)
    context.close()


def of_suite(suite: int) -> Vector:
    """A vector whose body is not empty and whose envelope is small."""
    return next(vector for vector in VECTORS if vector["suite"] == suite and vector["count"] == 1)


def fields(vector: Vector) -> dict[str, range]:
    """Where each field of the vector's envelope stands."""
    wrapped = WRAPPED[vector["suite"]]
    sizes = {
        "magic": 2,
        "version": 1,
        "suite": 1,
        "kind": 1,
        "flags": 1,
        "epoch": 4,
        "seq": 8,
        "previous": 16,
        "count": 4,
        "wrapped DEK": wrapped,
        "commitment": 16,
        "nonce": 12,
        "ciphertext": len(vector["envelope"]) // 2 - 66 - wrapped,
    }
    places, at = {}, 0
    for name, size in sizes.items():
        places[name] = range(at, at + size)
        at += size
    return places


def flipped(vector: Vector, bit: int) -> Vector:
    envelope = bytearray.fromhex(vector["envelope"])
    envelope[bit // 8] ^= 1 << bit % 8
    return vector | {"envelope": envelope.hex()}


def test_it_opens_every_vector_and_finds_its_body(open_each: Opener) -> None:
    assert {vector["suite"] for vector in VECTORS} == {0, 1}
    outcomes = open_each(VECTORS)
    assert len(outcomes) == len(VECTORS)
    for vector, outcome in zip(VECTORS, outcomes, strict=True):
        assert "refused" not in outcome, outcome
        frame = bytes.fromhex(outcome["frame"])
        body = zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
        assert body.hex() == vector["body"]
        assert zstandard.frame_content_size(frame) == len(body)


@SUITES
@pytest.mark.parametrize("field", list(fields(of_suite(0))))
def test_it_refuses_any_bit_of_a_field_flipped(open_each: Opener, suite: int, field: str) -> None:
    vector = of_suite(suite)
    places = fields(vector)[field]
    altered = [flipped(vector, 8 * at + bit) for at in places for bit in range(8)]
    stage = {"nonce": "body", "ciphertext": "body"}.get(field, field)
    untouched, *refused = open_each([vector, *altered])
    assert untouched.keys() == {"frame", "padding"}
    assert refused == [{"refused": stage}] * len(altered)


@SUITES
def test_it_refuses_an_envelope_cut_short_or_made_longer(open_each: Opener, suite: int) -> None:
    vector = of_suite(suite)
    envelope = vector["envelope"]
    lengths = [vector | {"envelope": envelope[:size]} for size in range(0, len(envelope), 2)]
    outcomes = open_each([*lengths, vector | {"envelope": envelope + "00"}])
    assert {outcome.get("refused") for outcome in outcomes} == {"length", "body"}


@SUITES
@pytest.mark.parametrize("name", ["person", "stream"])
def test_it_refuses_an_envelope_of_another_person_or_stream(open_each: Opener, suite: int, name: str) -> None:
    vector = of_suite(suite)
    longer, shorter = vector[name] + "0", vector[name][:-1]
    others = [vector | {name: other} for other in (longer, shorter, vector[name].upper(), "")]
    assert open_each(others) == [{"refused": "wrapped DEK"}] * len(others)


@SUITES
def test_it_refuses_a_boundary_moved_between_person_and_stream(open_each: Opener, suite: int) -> None:
    vector = of_suite(suite)
    moved = vector | {"person": vector["person"] + vector["stream"][0], "stream": vector["stream"][1:]}
    assert open_each([moved]) == [{"refused": "wrapped DEK"}]


@SUITES
def test_it_refuses_a_header_altered_as_the_asker_expects(open_each: Opener, suite: int) -> None:
    vector = of_suite(suite)
    altered = []
    others: list[tuple[str, int | str]] = [("kind", 2), ("epoch", 9), ("seq", 8), ("previous", "00" * 16), ("count", 5)]
    for name, other in others:
        assert vector[name] != other
        place = fields(vector)[name]
        value = bytes.fromhex(other) if isinstance(other, str) else other.to_bytes(len(place), "big")
        envelope = bytearray.fromhex(vector["envelope"])
        envelope[place.start : place.stop] = value
        altered.append(vector | {name: other, "envelope": envelope.hex()})
    assert open_each(altered) == [{"refused": "wrapped DEK"}] * len(altered)


@SUITES
def test_it_refuses_another_key(open_each: Opener, suite: int) -> None:
    assert open_each([of_suite(suite) | {"key": "42" * 32}]) == [{"refused": "wrapped DEK"}]


def sealed(plaintext: bytes) -> Vector:
    """A suite 0 envelope, rightly sealed around whatever plaintext."""
    key, dek = os.urandom(32), os.urandom(32)
    vector: Vector = {"suite": 0, "kind": 2, "epoch": 2**32 - 1, "seq": 2**53 - 1, "previous": "00" * 16}
    vector |= {"count": 2**31, "person": "a", "stream": "b", "key": key.hex()}
    header = b"MS\x01\x00\x02\x00" + b"\xff" * 4 + (2**53 - 1).to_bytes(8, "big") + bytes(16) + b"\x80\0\0\0"
    bound = b"a\0b\0" + header

    def derive(label: bytes) -> bytes:
        return HKDF(SHA256(), 32, None, b"mesinfos-cockpit " + label).derive(dek)

    wrapping, nonce = os.urandom(12), os.urandom(12)
    wrapped = wrapping + AESGCM(key).encrypt(wrapping, dek, bound)
    body = AESGCM(derive(b"envelope body")).encrypt(nonce, plaintext, bound)
    envelope = header + wrapped + derive(b"envelope commitment")[:16] + nonce + body
    return vector | {"envelope": envelope.hex()}


def length(size: int) -> bytes:
    return size.to_bytes(4, "big")


# Nineteen bytes with their length: the Padmé size is 20, which leaves one byte of padding.
FRAME = zstandard.compress(b"abcdef")
# A frame of one segment that says 256 MiB, or one byte more, in four bytes.
LARGEST = bytes.fromhex("28b52ffda0") + (2**28).to_bytes(4, "little") + bytes(6)
TOO_LARGE = bytes.fromhex("28b52ffda0") + (2**28 + 1).to_bytes(4, "little") + bytes(6)
SILENT = zstandard.ZstdCompressor(write_content_size=False).compress(b"abcdefg")


@pytest.mark.parametrize("frame", [FRAME, LARGEST])
def test_it_opens_an_envelope_sealed_from_the_description(open_each: Opener, frame: bytes) -> None:
    assert len(frame) == 15
    outcome = open_each([sealed(length(15) + frame + b"\0")])
    assert outcome == [{"frame": frame.hex(), "padding": "00"}]


@pytest.mark.parametrize(
    ("plaintext", "stage"),
    [
        pytest.param(length(15) + FRAME + b"\1", "padding", id="padding that is not zero"),
        pytest.param(length(15) + FRAME, "plaintext", id="no padding"),
        pytest.param(length(15) + FRAME + bytes(2), "plaintext", id="too much padding"),
        pytest.param(length(17) + FRAME + b"\0", "plaintext", id="a length beyond the end"),
        pytest.param(length(2**32 - 1) + FRAME + b"\0", "plaintext", id="a length far beyond the end"),
        pytest.param(b"", "plaintext", id="nothing"),
        pytest.param(b"\0\0\0", "plaintext", id="less than a length"),
        pytest.param(length(0), "content size", id="no frame"),
        pytest.param(length(16) + b"z" + FRAME, "content size", id="something other than a frame"),
        pytest.param(length(15) + TOO_LARGE + b"\0", "content size", id="more than 256 MiB"),
        pytest.param(length(len(SILENT)) + SILENT, "content size", id="a frame that does not say its size"),
    ],
)
def test_it_refuses_a_plaintext_of_another_form(open_each: Opener, plaintext: bytes, stage: str) -> None:
    assert open_each([sealed(plaintext)]) == [{"refused": stage}]
