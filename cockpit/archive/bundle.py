"""The archive a person takes away: one zip that opens without us, every byte of it under one signature.

The format is described in ``docs/reference/archive-format.md``; ``cockpit/verifier`` reads it from that text alone.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Self

from cockpit.domain.record import Json
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey

FORMAT = "mesinfos-cockpit-archive"
VERSION = 1
SEAL_CONTEXT = b"mesinfos-cockpit archive v1\n"
SEAL_PREFIX = f"{FORMAT}/{VERSION} ".encode()
SEAL_BYTES = len(SEAL_PREFIX) + 88 + 1
"""The zip's comment: the prefix, an Ed25519 signature in base64, a newline."""

MEDIA_TYPE = b"application/vnd.mesinfos-cockpit-archive+zip"
"""What the first member says, uncompressed, as EPUB and OpenDocument do: a file cut short is still known for ours."""

_CONTENTS = ("records/", "files/", "consents/", "receipts/")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
_MAX_NAME_BYTES = 120
_FORMULA = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """One entry of a log about the person, with both openings and its proof to the archive's checkpoint of that log.

    ``batch`` is its position, record and path in the batch that the leaf commits to, None for a leaf of its own.
    """

    log: str
    index: int
    number: int
    leaf: bytes
    audit: tuple[str, Mapping[str, Json]]
    subject: tuple[str, Mapping[str, Json]]
    proof: tuple[bytes, ...]
    batch: tuple[int, bytes, tuple[bytes, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """Where a log stood: its name, size, root (32 bytes) and signed checkpoint."""

    log: str
    size: int
    root: bytes
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class LogPart:
    """What the archive says of the logs: what begins their origins, their trees, the tag key, both vkeys, the entries.

    ``log_vkey`` is the consent log's; the others are signed with the same key under their own names.
    """

    origin: str
    trees: tuple[Tree, ...]
    tag_key: bytes
    log_vkey: str
    receipts_vkey: str
    entries: tuple[ProvenEntry, ...]


class ArchiveWriter:
    """Writes an archive in two steps: the contents, whose digest is logged; then the log, and the seal.

    ``out`` must be seekable and empty. Leaving the ``with`` before ``seal`` leaves an archive without a seal in it.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._listed: list[dict[str, Json]] = []
        self._paths = {"manifest.json"}
        self._digest_taken = False
        self._store("mimetype", MEDIA_TYPE, zipfile.ZIP_STORED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        # A zip left open closes itself when it is collected, into a file that is closed by then.
        with suppress(OSError):
            self._zip.close()

    def add(self, path: str, content: bytes) -> str:
        """Add one file. Raises ``ValueError`` for a path that is taken or could leave the archive.

        So it does for contents that come after their digest was taken: the log would not have committed to them.
        """
        if self._digest_taken and path.startswith(_CONTENTS):
            raise ValueError("the digest of the contents was taken already")
        return self._store(path, content, zipfile.ZIP_DEFLATED)

    def add_original(self, number: int, name: str, pieces: Iterable[bytes]) -> str:
        """Add an original file, piece by piece, under a safe form of its name; returns its path."""
        path = f"files/{number:04d}-{safe_name(name)}"
        return self._stream(path, pieces)

    def add_records(self, kind: str, rows: Callable[[], Iterable[Mapping[str, Any]]]) -> None:
        """Add one kind's records as JSON Lines and as CSV.

        ``rows`` gives them from the beginning each time it is called, the same ones: they are gone through twice and
        never held, since a CSV's first line names every column there will be.
        """
        columns: dict[str, None] = {}

        def lines() -> Iterator[bytes]:
            for row in rows():
                columns.update(dict.fromkeys(_flat(row)))
                yield canonical(row) + b"\n"

        self._stream(f"records/{kind}.jsonl", lines())
        self._stream(f"records/{kind}.csv", _csv(rows(), list(columns)))

    def add_json(self, path: str, value: object) -> None:
        """Add one canonical JSON document."""
        self.add(path, canonical(value))

    def contents_sha256(self) -> str:
        """The digest of all contents: what the log's ``export.made`` entry commits to. None may be added after it."""
        self._digest_taken = True
        listed = [entry for entry in self._listed if str(entry["path"]).startswith(_CONTENTS)]
        return hashlib.sha256(canonical(sorted(listed, key=_path))).hexdigest()

    def add_log(self, log: LogPart) -> None:
        """Add the logs' part: entries with proofs, checkpoints, tag key."""
        self.add("log/entries.jsonl", b"".join(canonical(_entry(entry)) + b"\n" for entry in log.entries))
        for tree in log.trees:
            self.add(f"log/checkpoints/{tree.log}", tree.checkpoint)
        self.add("log/tag_key", log.tag_key.hex().encode())

    def seal(self, log: LogPart, created_at: str, key: SigningKey) -> None:
        """Write the manifest, close the zip, and sign every byte of it."""
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "created_at": created_at,
            "origin": log.origin,
            "keys": {"log": log.log_vkey, "receipts": log.receipts_vkey},
            "trees": [{"log": tree.log, "size": tree.size, "root": tree.root.hex()} for tree in log.trees],
            "entries": len(log.entries),
            "files": sorted(self._listed, key=_path),
        }
        self._write("manifest.json", canonical(manifest), zipfile.ZIP_DEFLATED)
        self._zip.comment = SEAL_PREFIX + b"A" * 88 + b"\n"
        self._zip.close()
        end = self._out.seek(0, io.SEEK_END) - SEAL_BYTES
        signature = key.sign(SEAL_CONTEXT, _digest(self._out, end))
        self._out.seek(end)
        self._out.write(SEAL_PREFIX + base64.b64encode(signature) + b"\n")

    def _store(self, path: str, content: bytes, method: int) -> str:
        if path.casefold() in self._paths or not is_safe(path):
            raise ValueError("an archive path is taken or unsafe")
        self._paths.add(path.casefold())
        self._write(path, content, method)
        self._listed.append({"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
        return path

    def _stream(self, path: str, pieces: Iterable[bytes]) -> str:
        """Add a file whose size is known at its end only."""
        if self._digest_taken and path.startswith(_CONTENTS):
            raise ValueError("the digest of the contents was taken already")
        if path.casefold() in self._paths or not is_safe(path):
            raise ValueError("an archive path is taken or unsafe")
        self._paths.add(path.casefold())
        digest, size, gathered = hashlib.sha256(), 0, bytearray()
        with self._zip.open(_member(path, zipfile.ZIP_DEFLATED), "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                # Deflate is handed blocks, not lines: each call costs as much as compressing a few hundred bytes.
                gathered += piece
                if len(gathered) >= _CHUNK:
                    member.write(gathered)
                    gathered = bytearray()
            member.write(gathered)
        self._listed.append({"path": path, "size": size, "sha256": digest.hexdigest()})
        return path

    def _write(self, path: str, content: bytes, method: int) -> None:
        self._zip.writestr(_member(path, method), content)


def _member(path: str, method: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(path, _EPOCH)
    member.compress_type = method
    member.external_attr = 0o600 << 16
    return member


def is_safe(path: str) -> bool:
    """Whether a path stays inside the folder an archive is unpacked in, on every system."""
    parts = path.split("/")
    return all(part not in {"", ".", ".."} and re.fullmatch(r"[\w .,'()+@=-]+", part) for part in parts)


def safe_name(name: str) -> str:
    """A file name with nothing in it that a system could misread; never empty."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    cleaned = re.sub(r"[^\w .,'()+@=-]", "_", plain).strip(" .")
    # The end is kept, where the extension is; in bytes, since file systems count them.
    short = cleaned.encode()[-_MAX_NAME_BYTES:].decode(errors="ignore").strip(" .")
    return short or "file"


def _path(entry: Mapping[str, Json]) -> str:
    return str(entry["path"])


def _entry(entry: ProvenEntry) -> dict[str, Any]:
    said: dict[str, Any] = {
        "log": entry.log,
        "index": entry.index,
        "number": entry.number,
        "leaf": base64.b64encode(entry.leaf).decode(),
        "audit": {"salt": entry.audit[0], "part": entry.audit[1]},
        "subject": {"salt": entry.subject[0], "part": entry.subject[1]},
        "proof": [base64.b64encode(digest).decode() for digest in entry.proof],
    }
    if entry.batch is not None:
        position, record, path = entry.batch
        said["batch"] = {
            "position": position,
            "record": base64.b64encode(record).decode(),
            "path": [base64.b64encode(digest).decode() for digest in path],
        }
    return said


def _digest(out: BinaryIO, end: int) -> bytes:
    digest, left = hashlib.sha256(), end
    out.seek(0)
    while left:
        chunk = out.read(min(_CHUNK, left))
        digest.update(chunk)
        left -= len(chunk)
    return digest.digest()


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
    """RFC 4180 with a comma, UTF-8 with a mark so that spreadsheets see the accents; one line a record."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    text.write("\ufeff")
    writer.writeheader()
    for row in rows:
        writer.writerow(_flat(row))
        if text.tell() >= _CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _flat(row: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in row.items():
        inner: Iterable[tuple[str, Any]] = value.items() if isinstance(value, Mapping) else [("", value)]
        for key, cell in inner:
            flat[f"{name}.{key}" if key else name] = _cell(cell)
    return flat


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = value.replace("\r", " ").replace("\n", " ")
    # A spreadsheet would run a text that begins like a formula; plain numbers are left as they are.
    formula = text.startswith(_FORMULA) and not re.fullmatch(r"[+-]?\d+([.,]\d+)?", text)
    return f"'{text}" if formula else text
