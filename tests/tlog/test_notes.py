"""Notes and checkpoints against a log written by another implementation."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import pytest

from cockpit.domain.errors import Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from cockpit.tlog.leaf import Leaf, commit, tag
from cockpit.tlog.merkle import Node, appended, root
from cockpit.tlog.note import open_note, sign_note, vkey

LOG = Path(__file__).parent.parent / "vectors" / "tlog-tiles" / "log"
ORIGIN = "example.com/log/testdata"
VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
KEY = VerifyKey(base64.b64decode(VKEY.split("+", 2)[2])[1:])


@pytest.mark.parametrize("size", range(1, 16))
def test_the_sample_logs_checkpoints_are_signed_and_their_roots_are_ours(size: int) -> None:
    checkpoint = parse_checkpoint((LOG / f"checkpoint.{size}").read_bytes(), KEY, ORIGIN)
    hashes = (LOG / "tile" / "0" / "000.p" / str(size)).read_bytes()
    nodes: dict[Node, bytes] = {}

    def read(wanted: Sequence[Node]) -> list[bytes]:
        return [nodes[node] for node in wanted]

    for index in range(size):
        nodes.update(appended(read, index, hashes[32 * index : 32 * index + 32]))
    assert (checkpoint.size, checkpoint.root) == (size, root(read, size))


def test_a_vkey_is_printed_as_others_print_it() -> None:
    assert vkey(ORIGIN, KEY) == VKEY


def test_a_checkpoint_is_read_back() -> None:
    key, checkpoint = SigningKey.generate(), Checkpoint("cockpit.example/log", 42, bytes(range(32)))
    assert parse_checkpoint(sign_checkpoint(checkpoint, key), key.verify_key(), checkpoint.origin) == checkpoint


def test_every_changed_byte_of_a_note_is_refused() -> None:
    key = SigningKey.generate()
    note = sign_note("cockpit.example/log\n1\nAAAA\n", "cockpit.example/log", key)
    for position in range(len(note)):
        changed = bytearray(note)
        changed[position] ^= 1
        with pytest.raises(Tampered):
            assert open_note(bytes(changed), "cockpit.example/log", key.verify_key()) == "never"


def test_signatures_of_others_are_ignored() -> None:
    mine, other = SigningKey.generate(), SigningKey.generate()
    text = "log.example\n1\nAAAA\n"
    note = sign_note(text, "witness.example", other) + sign_note(text, "log.example", mine).partition(b"\n\n")[2]
    assert open_note(note, "log.example", mine.verify_key()) == text


@pytest.mark.parametrize(
    "note", [b"", b"\n\n", b"text\n\nnot a signature\n", b"\xff\xfe\n\n", b"text\n\n\xe2\x80\x94 a b"]
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(Tampered):
        open_note(note, "log.example", SigningKey.generate().verify_key())


@pytest.mark.parametrize(
    "body", ["log.example\n01\nAAAA\n", "log.example\n-1\nAAAA\n", "other\n1\nAAAA\n", "log.example\n"]
)
def test_what_is_no_checkpoint_is_refused(body: str) -> None:
    key = SigningKey.generate()
    with pytest.raises(Tampered):
        parse_checkpoint(sign_note(body, "log.example", key), key.verify_key(), "log.example")


def test_the_bytes_of_a_leaf_never_change() -> None:
    leaf = Leaf("consent.given", "2026-11-23T09:30Z", "0" * 64, "1" * 64, "2" * 64, "3" * 32)
    assert leaf.to_bytes() == (
        b'{"at":"2026-11-23T09:30Z","audit":"' + b"1" * 64 + b'","policy":"' + b"0" * 64 + b'","subject":"' + b"2" * 64
        + b'","tag":"' + b"3" * 32 + b'","type":"consent.given","v":1}'
    )  # fmt: skip


def test_commitments_and_tags_never_change() -> None:
    assert commit(bytes(32), {"a": 1}) == "e0baad27ae5335a93e2979e6693e7630de7d66b4d5bfd687cdbf1f0018f79cb8"
    assert tag(bytes(32), 0) == "e616d2aff9c7b0f3092c23686c0a1559"
    assert tag(bytes(32), 1) == "f9f8fa8cc4180240e7f3f5ecc3ec84dc"
