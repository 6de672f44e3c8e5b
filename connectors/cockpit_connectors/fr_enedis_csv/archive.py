"""The CSV files inside a supplier's zip, read within limits; nothing is ever written to a disk."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.sources.port import Fault, FaultKind

MOST_ENTRIES = 50
MOST_BYTES = 64 * 1024 * 1024
"""Of all files of the archive together, once uncompressed."""

_ENCRYPTED = 0x1
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    # A zip that asks for a password, or whose two directories disagree, ends in a bare RuntimeError.
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One CSV file of an archive: its rank (from 1), its own name, and its bytes."""

    rank: int
    name: str
    content: bytes


def is_zip(head: bytes) -> bool:
    """Whether the bytes begin as a zip does (APPNOTE 4.3.7, or 4.3.16 for one that is empty)."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def entries(content: bytes) -> Iterator[Entry | Fault]:
    """The CSV files of a zip, in its order, and a fault for each other file or for an archive that is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            refusal = _refusal(archive.infolist())
            if refusal is not None:
                yield refusal
                return
            files = [entry for entry in archive.infolist() if not entry.is_dir()]
            if not files:
                yield _unsupported("empty-zip", "The archive is empty.")
            for rank, entry in enumerate(files, start=1):
                yield _opened(archive, entry, rank)
    except _BROKEN:
        yield _unsupported("bad-zip", "The archive is damaged and cannot be opened.")


def _refusal(listed: list[zipfile.ZipInfo]) -> Fault | None:
    """Why the archive as a whole is not opened, if it is not."""
    if len(listed) > MOST_ENTRIES:
        return Fault(FaultKind.TOO_BIG, "zip-too-many-files", f"The archive holds more than {MOST_ENTRIES} files.")
    if sum(entry.file_size for entry in listed) > MOST_BYTES:
        return Fault(FaultKind.TOO_BIG, "zip-too-big", "The archive would be larger than 64 MiB once uncompressed.")
    if any(_is_unsafe(entry.orig_filename) for entry in listed):
        return _unsupported("zip-unsafe-name", "The archive holds a file whose name leads outside it.")
    return None


def _is_unsafe(name: str) -> bool:
    path = name.replace("\\", "/")
    return path.startswith("/") or path[1:2] == ":" or ".." in path.split("/") or "\x00" in path


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, rank: int) -> Entry | Fault:
    place = f"file {rank}"
    if entry.flag_bits & _ENCRYPTED:
        return _unsupported("zip-encrypted", "This file of the archive is protected by a password.", place)
    if not entry.filename.lower().endswith(".csv"):
        return unsupported_file(place)
    try:
        with archive.open(entry) as stream:
            # The declared size bounds what zipfile reads; the sum of the declared sizes was checked above.
            content = stream.read(entry.file_size + 1)
    except _BROKEN:
        return _unsupported("bad-zip-entry", "This file of the archive is damaged.", place)
    if is_zip(content):
        return unsupported_file(place)
    return Entry(rank, entry.filename.rpartition("/")[2], content)


def unsupported_file(place: str) -> Fault:
    """A file of the archive that holds no curve, for example an index or a picture."""
    return _unsupported("unsupported-file-in-zip", "This file of the archive does not hold a load curve.", place)


def _unsupported(code: str, sentence: str, place: str | None = None) -> Fault:
    return Fault(FaultKind.UNSUPPORTED, code, sentence, place)


def first_bytes(head: bytes, size: int = 4096) -> bytes:
    """The first ``size`` uncompressed bytes of the first file of a zip, from the zip's beginning alone.

    Empty when they cannot be told (APPNOTE 4.3.7: local file header; methods 0 and 8 only).
    """
    try:
        flags, method = struct.unpack_from("<HH", head, 6)
        name_size, extra_size = struct.unpack_from("<HH", head, 26)
        begins = 30 + name_size + extra_size
        if flags & _ENCRYPTED or method not in {0, 8}:
            return b""
        return head[begins : begins + size] if method == 0 else zlib.decompressobj(-15).decompress(head[begins:], size)
    except (struct.error, zlib.error):
        return b""
