"""The signed bundle: entries with their openings, checkpoints, the register, the answers, under the house's own key."""

from __future__ import annotations

import base64
import hashlib
import io
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from cockpit.audit.cases import known_state
from cockpit.audit.facts import register
from cockpit.audit.house import House
from cockpit.audit.integrity import integrity
from cockpit.audit.queries import QUERIES, Asked
from cockpit.audit.sampling import Sample
from cockpit.audit.sync import newest, stored
from cockpit.audit.wire import CaseFile
from cockpit.sealing.canonical import canonical

FORMAT = "mesinfos-cockpit-audit-bundle"
CONTEXT = b"mesinfos-cockpit audit bundle v1\n"
"""What the signature covers before the manifest, so that it can be taken for nothing else."""

_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle's bytes (a ZIP), and the SHA-256 of its manifest, which the cockpit is told."""

    content: bytes = field(repr=False)
    manifest_sha256: str


def bundle(
    house: House, kept: sqlite3.Connection, now: str, asked: Asked, sample: Sample | None = None,
    case: CaseFile | None = None,
) -> Bundle:  # fmt: skip
    """Everything the house has, and the answers to every question, signed. Raises ``HouseError`` before a sync."""
    key = house.signing_key()
    files = dict(_files(kept, asked, sample, case))
    listed = [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in sorted(files.items())
    ]
    state = known_state(kept)
    manifest = canonical(
        {
            "format": FORMAT,
            "version": 1,
            "made_at": now,
            "cockpit": state.issuer,
            "mandate": state.mandate.id,
            "key": key.verify_key().raw.hex(),
            "files": listed,
        }
    )
    signature = base64.b64encode(key.sign(CONTEXT, manifest)) + b"\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, said in {"manifest.json": manifest, "manifest.sig": signature, **files}.items():
            packed.writestr(zipfile.ZipInfo(path, _DATE), said, zipfile.ZIP_DEFLATED)
    return Bundle(content.getvalue(), hashlib.sha256(manifest).hexdigest())


def _files(
    kept: sqlite3.Connection, asked: Asked, sample: Sample | None, case: CaseFile | None
) -> Iterator[tuple[str, bytes]]:
    yield "state.json", msgspec.json.encode(known_state(kept))
    for (log,) in kept.execute("SELECT DISTINCT log FROM seen ORDER BY log").fetchall():
        seen = newest(kept, log)
        size = seen.checkpoint.size if seen else 0
        lines = (msgspec.json.encode(entry) + b"\n" for entry in stored(kept, log) if entry.index < size)
        yield f"logs/{log}/entries.jsonl", b"".join(lines)
        rows = kept.execute("SELECT origin, size, note, seen_at FROM seen WHERE log = ? ORDER BY size", (log,))
        notes = [{"origin": row[0], "size": row[1], "note": row[2], "seen_at": row[3]} for row in rows]
        yield f"logs/{log}/checkpoints.json", msgspec.json.encode(notes)
    known = register(kept)
    if known is not None:
        yield "register.json", msgspec.json.encode(known)
    for name, query in QUERIES.items():
        yield f"answers/{name}.json", msgspec.json.encode({"asked": asked, "answer": query(kept, asked)})
    yield "integrity.json", msgspec.json.encode(integrity(kept))
    if sample is not None:
        yield "sample.json", msgspec.json.encode(sample)
    if case is not None:
        yield "case.json", msgspec.json.encode(case)
