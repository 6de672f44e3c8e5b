"""Whether the records made here squeeze as real ones do: the same measure on both, printed side by side.

Small samples are all we may publish of real statements, and a compressor does badly on small samples; so ours are cut
to the same number of bytes before they are compressed, in many places, and the median is told.
"""

from __future__ import annotations

import csv
import json
import pickle
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import zstandard

from benchmarks.measure import machine
from cockpit.domain.record import Record
from cockpit.sealing.envelope import ZSTD_LEVEL

HERE = Path(__file__).parent
LABELS = HERE / "samples" / "bank_labels.csv"
STATEMENTS = HERE.parent / "tests" / "connectors" / "ofx" / "golden"
WINDOWS = 40
_LEVEL = 19
"""The most zstd does: what is left is close to what could not be guessed."""


def calibration(count: int, batches: Sequence[bytes], month: tuple[str, str]) -> dict[str, object]:
    """The machine, the records, and how ours squeeze beside real ones (compressed bits a character, ratios)."""
    some = [record for packed in batches[-6:] for record in pickle.loads(packed)]
    bank = [record for record in some if record.kind == "bank.transaction"]
    ours = "\n".join(_label(record) for record in bank).encode()
    real = "\n".join(real_labels()).encode()
    statements = b"".join(real_transactions())
    lines = b"".join(msgspec.json.encode(record.data) + b"\n" for record in bank)
    return {
        "machine": machine(),
        "records": count,
        "month": f"{month[0]} to {month[1]}",
        "zstd_level": ZSTD_LEVEL,
        "label_bits_real": round(_bits(real), 2),
        "label_bits_ours": round(statistics.median(map(_bits, _windows(ours, len(real)))), 2),
        "ofx_json_ratio_real": round(_ratio(statements), 2),
        "ofx_json_ratio_ours": round(statistics.median(map(_ratio, _windows(lines, len(statements)))), 2),
    }


def real_labels() -> Iterator[str]:
    """What real statements say of a line, one a line; lines said twice are kept, as statements keep them."""
    with LABELS.open(encoding="utf-8", newline="") as content:
        for row in csv.DictReader(content, delimiter=";"):
            if row["Payee"].strip():
                yield row["Payee"].strip()


def real_transactions() -> Iterator[bytes]:
    """The transactions of the OFX samples as the connector reads them, empty fields left out, one JSON a line."""
    for golden in sorted(STATEMENTS.glob("*.json")):
        for record in json.loads(golden.read_text())["records"]:
            if record["kind"] == "bank.transaction":
                said = {name: value for name, value in record["data"].items() if value is not None}
                yield msgspec.json.encode(said) + b"\n"


def _label(record: Record) -> str:
    return " ".join(str(record.data[name]) for name in ("label", "details") if name in record.data)


def _windows(text: bytes, size: int) -> list[bytes]:
    size = min(size, len(text))
    step = max((len(text) - size) // WINDOWS, 1)
    return [text[start : start + size] for start in range(0, len(text) - size + 1, step)]


def _bits(text: bytes) -> float:
    return _squeezed(text) * 8 / len(text)


def _ratio(text: bytes) -> float:
    return len(text) / _squeezed(text)


def _squeezed(text: bytes) -> int:
    return len(zstandard.ZstdCompressor(level=_LEVEL, write_content_size=False).compress(text))
