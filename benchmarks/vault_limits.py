"""The limits ours is held against: the same lines encoded and compressed, or decompressed, and nothing else done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import msgspec
import zstandard

from benchmarks.vault_stores import AT
from cockpit.domain.record import Record
from cockpit.sealing.envelope import ZSTD_LEVEL


class Line(msgspec.Struct):
    """A record as it is sealed, its identity at hand."""

    uid: str
    stored_at: str
    record: Record


class Limit:
    """One core, no key, no database: what is left when everything but the bytes is taken away."""

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder().encode_lines
        self._compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self._bodies: list[bytes] = []
        self.plain_bytes = 0

    @staticmethod
    def lines(batch: Sequence[Record]) -> list[Line]:
        """The batch as the lines ours seals; made before the clock runs."""
        return [Line(hashlib.blake2b(one.source_key.encode(), digest_size=16).hexdigest(), AT, one) for one in batch]

    def ingest(self, lines: Sequence[Line]) -> None:
        """Encode and compress one batch."""
        body = self._encode(lines)
        self._bodies.append(self._compressor.compress(body))
        self.plain_bytes += len(body)

    def export(self) -> Iterator[bytes]:
        """Decompress every batch."""
        decompress = zstandard.ZstdDecompressor().decompress
        return map(decompress, self._bodies)

    @property
    def disk_bytes(self) -> int:
        """What the compressed batches take."""
        return sum(map(len, self._bodies))
