"""A scratch file behaves like a file of bytes, and nothing of it can be read on the disk."""

from __future__ import annotations

import io
import os
import random
import zipfile
from pathlib import Path

import pytest

from cockpit.sealing.scratch import BLOCK, SealedScratch


def test_it_behaves_like_a_file_of_bytes(tmp_path: Path) -> None:
    chance = random.Random(5)
    plain, sealed = io.BytesIO(), SealedScratch(tmp_path)
    for _ in range(300):
        at = chance.randint(0, plain.seek(0, io.SEEK_END))
        data = chance.randbytes(chance.choice([0, 1, 100, BLOCK - 1, BLOCK, BLOCK + 1]))
        plain.seek(at)
        sealed.seek(at)
        if chance.random() < 0.4:
            plain.write(data)
            sealed.write(data)
            assert sealed.tell() == plain.tell()
        else:
            expected, found = plain.read(len(data)), b""
            while len(found) < len(expected):
                found += sealed.read(len(expected) - len(found)) or b""
            assert found == expected
    plain.seek(0)
    sealed.seek(0)
    assert sealed.readall() == plain.read()


def test_a_zip_is_written_to_it_and_read_from_it(tmp_path: Path) -> None:
    content = os.urandom(3 * BLOCK)
    with SealedScratch(tmp_path) as scratch:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as written:
            for name in "ab":
                with written.open(name, "w") as member:
                    for start in range(0, len(content), 1000):
                        member.write(content[start : start + 1000])
        with zipfile.ZipFile(scratch) as read:
            assert read.testzip() is None
            assert read.read("b") == content


def test_nothing_of_it_has_a_name_or_can_be_read(tmp_path: Path) -> None:
    scratch = SealedScratch(tmp_path)
    scratch.write(b"KANARIENVOGEL" * BLOCK)
    assert list(tmp_path.iterdir()) == []
    lying = Path(f"/proc/self/fd/{scratch._file.fileno()}")
    if lying.exists():
        assert lying.stat().st_size > 10 * BLOCK
        assert b"KANARIENVOGEL" not in lying.read_bytes()
    scratch.close()
    with pytest.raises(ValueError, match="closed"):
        scratch.read(1)


def test_a_place_beyond_the_end_is_none(tmp_path: Path) -> None:
    scratch = SealedScratch(tmp_path)
    scratch.write(b"abc")
    with pytest.raises(ValueError, match="no place"):
        scratch.seek(4)
    with pytest.raises(ValueError, match="not cut"):
        scratch.truncate(1)
