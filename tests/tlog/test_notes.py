"""Notes and checkpoints against a log written by another implementation."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.domain.errors import Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from cockpit.tlog.leaf import Leaf, commit, tag
from cockpit.tlog.merkle import Edge
from cockpit.tlog.note import Signature, open_note, parse_note, sign_note, vkey

LOG = Path(__file__).parent.parent / "vectors" / "tlog-tiles" / "log"
ORIGIN = "example.com/log/testdata"
VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
ROOT = base64.b64encode(bytes(32)).decode()
KEY = VerifyKey(base64.b64decode(VKEY.split("+", 2)[2])[1:])


@pytest.mark.parametrize("size", range(1, 16))
def test_the_sample_logs_checkpoints_are_signed_and_their_roots_are_ours(size: int) -> None:
    checkpoint = parse_checkpoint((LOG / f"checkpoint.{size}").read_bytes(), KEY, ORIGIN)
    hashes = (LOG / "tile" / "0" / "000.p" / str(size)).read_bytes()
    edge = Edge()
    for index in range(size):
        edge.append(hashes[32 * index : 32 * index + 32])
    assert (checkpoint.size, checkpoint.root) == (size, edge.root())


def test_the_sample_logs_empty_and_newest_checkpoints_are_read() -> None:
    empty = parse_checkpoint((LOG / "checkpoint.0").read_bytes(), KEY, ORIGIN)
    assert (empty.size, empty.root) == (0, Edge().root())
    newest = (LOG / "checkpoint").read_bytes()
    assert parse_checkpoint(newest, KEY, ORIGIN).size == 15
    for other in ("example.com/log", "example.com/log/testdata2"):
        with pytest.raises(Tampered):
            parse_checkpoint(newest, KEY, other)


def test_a_vkey_is_printed_as_others_print_it() -> None:
    assert vkey(ORIGIN, KEY) == VKEY


def test_a_checkpoint_may_carry_extension_lines() -> None:
    key = SigningKey.generate()
    note = sign_note(f"log.example\n1\n{ROOT}\nextension\n", "log.example", key)
    assert parse_checkpoint(note, key.verify_key(), "log.example").size == 1


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


names = st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters="+"), min_size=1, max_size=8)
lines = st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"])), min_size=1, max_size=4)
values = st.lists(st.tuples(names, st.binary(min_size=5, max_size=70)), min_size=1, max_size=4)


@given(lines, values)
def test_printing_a_note_again_gives_the_same_bytes(text: list[str], made: list[tuple[str, bytes]]) -> None:
    body = "".join(f"{line}\n" for line in text)
    signed = "".join(f"\u2014 {name} {base64.b64encode(value).decode()}\n" for name, value in made)
    note = f"{body}\n{signed}".encode()
    expected = (body, tuple(Signature(name, value[:4], value[4:]) for name, value in made))
    assert parse_note(note) == expected


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"a\n\n\u2014 {text}\n".encode()))
def test_any_bytes_are_a_note_or_refused(note: bytes) -> None:
    with contextlib.suppress(Tampered):
        text, signatures = parse_note(note)
        printed = [f"\u2014 {one.name} {base64.b64encode(one.key_hash + one.value).decode()}\n" for one in signatures]
        assert f"{text}\n{''.join(printed)}".encode() == note


@pytest.mark.parametrize("text", ["", "no newline", "a bell \x07\n", "a return\r\n"])
def test_no_note_is_made_of_a_text_that_could_not_be_read_back(text: str) -> None:
    with pytest.raises(ValueError, match="note"):
        sign_note(text, "log.example", SigningKey.generate())


@pytest.mark.parametrize("name", ["", "two words", "plus+plus", "line\nline", "no\u00a0break"])
def test_no_note_is_signed_by_a_name_that_could_not_be_read_back(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        sign_note("text\n", name, SigningKey.generate())


@pytest.mark.parametrize(
    "note",
    [
        b"", b"\n\n", b"text\n\nnot a signature\n", b"\xff\xfe\n\n", b"text\n\n\xe2\x80\x94 a b",
        "text\n\n\u2014 a \u00e9\n".encode(), "te\rxt\n\n\u2014 a QUFBQUFB\n".encode(),
        ("text\n\n" + "\u2014 a QUFBQUFB\n" * 101).encode(), ("x" * 1_000_001 + "\n\n\u2014 a QUFBQUFB\n").encode(),
    ],
    ids=["empty", "blank", "text", "latin", "cut", "accent", "control", "many", "huge"],
)  # fmt: skip
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(Tampered):
        open_note(note, "log.example", SigningKey.generate().verify_key())


@pytest.mark.parametrize(
    "body",
    ["log.example\n01\nAAAA\n", "log.example\n-1\nAAAA\n", "other\n1\nAAAA\n", "log.example\n"]
    + [f"log.example\n{size}\n{ROOT}\n" for size in ("01", "+1", "1_0", "\u0661", "9" * 5000, "")]
    + [f"log.example\n1\n{text}\n" for text in (ROOT[:-4], ROOT[:-2] + "B=", "\u00e9", "")]
    + [f"log.example\n1\n{ROOT}\n\nextension\n"],
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
