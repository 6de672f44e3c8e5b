"""Canaries: words planted in what is personal, and looked for in every form a program might have left them in."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import zstandard

_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|\x28\xb5\x2f\xfd")
"""Where a zlib, gzip or zstd stream may begin (RFC 1950, RFC 1952, RFC 8878)."""

_MOST_UNPACKED = 64 * 1024 * 1024


def assert_nowhere(directory: Path, canaries: Iterable[str]) -> list[Path]:
    """Fail when a file under ``directory``, or its name, holds a canary in any form.

    Returns the files that were searched: a search of nothing proves nothing, so ask it for those you mean.
    """
    wanted = tuple(canaries)
    assert wanted
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    for path in files:
        for content in (path.read_bytes(), str(path.relative_to(directory)).encode()):
            found = found_in(content, wanted)
            assert found is None, f"a canary lies in {path.name}: {found}"
    return files


def found_in(content: bytes, canaries: Iterable[str], depth: int = 2) -> str | None:
    """The form in which a canary lies in ``content``, or None. Compressed streams are opened, ``depth`` deep."""
    plain = content.lower()
    for canary in canaries:
        for form, spelling in spellings(canary):
            # Base64 means its capitals; everything else is found whatever they are.
            if spelling in content if form.startswith("base64") else spelling.lower() in plain:
                return form
    if depth:
        for name, inner in _unpacked(content):
            found = found_in(inner, canaries, depth - 1)
            if found is not None:
                return f"{name}, {found}"
    return None


def spellings(canary: str) -> Iterator[tuple[str, bytes]]:
    """The canary as it might lie around, by the name of the form."""
    for word in dict.fromkeys((canary, canary.lower(), canary.upper())):
        raw = word.encode()
        yield "raw", raw
        yield "hexadecimal", raw.hex().encode()
        for encoding in ("utf-16-le", "utf-16-be"):
            yield encoding, word.encode(encoding)
        for form in (raw, word.encode("utf-16-le")):
            for before in range(3):
                yield from _base64(form, before)


def _base64(raw: bytes, before: int) -> Iterator[tuple[str, bytes]]:
    """The characters that are the same whatever stands around, ``before`` bytes into a group of three."""
    whole = (before + len(raw)) // 3 * 4
    for name, alphabet in (("base64", b"+/"), ("base64url", b"-_")):
        written = base64.b64encode(bytes(before) + raw, alphabet)
        yield f"{name} at {before}", written[(0, 2, 3)[before] : whole]


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every stream in ``content`` that can be opened, as far as it can be."""
    for match in _PACKED.finditer(content):
        packed = content[match.start() :]
        if packed.startswith(zstandard.FRAME_HEADER):
            name, inner = "zstd", _unzstd(packed)
        else:
            name, inner = "zlib", _inflated(packed)
        if inner:
            yield name, inner


def _unzstd(packed: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().stream_reader(packed).read(_MOST_UNPACKED)
    except (zstandard.ZstdError, MemoryError):
        return b""


def _inflated(packed: bytes) -> bytes:
    # 32 + 15: zlib or gzip, whichever header there is.
    stream, opened = zlib.decompressobj(47), b""
    try:
        opened = stream.decompress(packed, _MOST_UNPACKED)
    except zlib.error:
        return b""
    return opened
