"""How large a signed note may be, to the byte and to the signature."""

from __future__ import annotations

import base64

import pytest

from cockpit.domain.errors import Tampered
from cockpit.tlog.note import parse_note

LINE = "\u2014 log.example " + base64.b64encode(b"\0\0\0\0signature").decode() + "\n"


def note(text: str, signatures: int) -> bytes:
    return f"{text}\n\n{LINE * signatures}".encode()


def test_a_hundred_signatures_are_read_and_one_more_is_not() -> None:
    text, signatures = parse_note(note("text", 100))
    assert (text, len(signatures)) == ("text\n", 100)
    with pytest.raises(Tampered):
        parse_note(note("text", 101))


def test_a_megabyte_is_read_and_a_byte_more_is_not() -> None:
    rest = len(note("", 1))
    assert parse_note(note("x" * (1_000_000 - rest), 1))
    with pytest.raises(Tampered):
        parse_note(note("x" * (1_000_001 - rest), 1))


def test_every_line_ends() -> None:
    with pytest.raises(Tampered):
        parse_note(note("text", 1)[:-1])
    with pytest.raises(Tampered):
        parse_note(note("text", 0))
