"""The search for canaries finds each form it says it finds: what it does not find is not there."""

from __future__ import annotations

import base64
import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.canaries import assert_nowhere, found_in

CANARY = "KanarienVogel"
AROUND = b'{"issuer": "' + CANARY.encode() + b'", "amount": "-12.34", "currency": "EUR"}' * 20

FORMS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "in lowercase": lambda word: word.lower().encode(),
    "in capitals": lambda word: word.upper().encode(),
    "utf-16, little end first": lambda word: word.encode("utf-16-le"),
    "utf-16, big end first": lambda word: word.lower().encode("utf-16-be"),
    "hexadecimal": lambda word: word.encode().hex().encode(),
    "hexadecimal, in capitals": lambda word: word.encode().hex().upper().encode(),
    "base64": lambda word: base64.b64encode(word.encode()),
    "base64, one byte in": lambda word: base64.b64encode(b"?" + word.encode() + b"??"),
    "base64, two bytes in": lambda word: base64.b64encode(b"??" + word.lower().encode() + b"?"),
    "base64 of utf-16": lambda word: base64.urlsafe_b64encode(b"??" + word.encode("utf-16-le")),
    "zlib": lambda _: zlib.compress(AROUND),
    "zlib, fastest": lambda _: zlib.compress(AROUND, 1),
    "gzip": lambda _: gzip.compress(AROUND),
    "zstd": lambda _: zstandard.compress(AROUND),
    "zstd, cut short": lambda _: zstandard.compress(AROUND + os.urandom(400_000))[:200_000],
    "zstd in zlib": lambda _: zlib.compress(zstandard.compress(AROUND)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_canary_is_found_in_every_form_and_at_any_place(tmp_path: Path, form: str) -> None:
    written = FORMS[form](CANARY)
    for before in (0, 1, 2, 3, 5_000):
        (tmp_path / "deep").mkdir(exist_ok=True)
        (tmp_path / "deep" / "file").write_bytes(os.urandom(before) + written + os.urandom(64))
        with pytest.raises(AssertionError, match="lies in file"):
            assert_nowhere(tmp_path, ["another", CANARY])


def test_a_canary_in_a_name_is_found(tmp_path: Path) -> None:
    (tmp_path / CANARY.lower()).mkdir()
    (tmp_path / CANARY.lower() / "a").touch()
    with pytest.raises(AssertionError, match="canary"):
        assert_nowhere(tmp_path, [CANARY])


def test_what_holds_none_passes_and_says_what_was_searched(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(2_000_000))
    (tmp_path / "b").write_bytes(zstandard.compress(b"nothing personal" * 100))
    assert assert_nowhere(tmp_path, [CANARY]) == [tmp_path / "a", tmp_path / "b"]
    assert found_in(b"", [CANARY]) is None
