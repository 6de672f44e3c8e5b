"""The lines of a segment: one JSON object a version of a record, a note, or the trace of an erasure.

A line of a record is ``{uid, stored_at, blob?, file_name?, record}``, with ``changed`` when the source had brought the
record before, and once folded ``version`` and ``history``. A tombstone is ``{uid, at, kind, gone}``; a note has no
``record``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from cockpit.domain.ids import Kind
from cockpit.domain.record import Record, StoredRecord, Versions
from cockpit.domain.series import merged

Line = dict[str, Any]
"""One line of a segment: a JSON object."""

encode_line = msgspec.json.Encoder(order="deterministic").encode
_decode_line = msgspec.json.Decoder().decode


class Dated(msgspec.Struct, frozen=True, gc=False):
    """The part of a record that says where its line belongs."""

    kind: str
    day: str
    until: str | None = None


class Glance(msgspec.Struct, frozen=True, gc=False):
    """What sorting and folding must know of a line; the rest stays the bytes it is."""

    uid: str
    stored_at: str = ""
    at: str = ""
    record: Dated | None = None
    kind: str = ""
    changed: bool = False
    gone: bool = False
    version: int = 1

    @property
    def family(self) -> str:
        """The kind whose run the line belongs to; notes have none."""
        return self.record.kind if self.record else self.kind


glance = msgspec.json.Decoder(Glance).decode
read_stored = msgspec.json.Decoder(StoredRecord).decode
"""The bytes of a folded line as the record it is: decoded at once into its own types."""


def split(body: bytes) -> list[bytes]:
    """The lines of a segment's body, without their ends."""
    return body.split(b"\n")[:-1] if body.endswith(b"\n") else body.split(b"\n") if body else []


def last_lines(body: bytes, count: int) -> list[bytes]:
    """At most ``count`` lines from the end of a body, last one first: the rest is not even cut."""
    found: list[bytes] = []
    end = len(body) - body.endswith(b"\n")
    while end > 0 and len(found) < count:
        start = body.rfind(b"\n", 0, end) + 1
        found.append(body[start:end])
        end = start - 1
    return found


def read_line(raw: bytes) -> Line:
    """A line as an object."""
    line: Line = _decode_line(raw)
    return line


def read_lines(bodies: Iterable[bytes]) -> Iterator[Line]:
    """Every line of some bodies, in order."""
    for body in bodies:
        for raw in split(body):
            yield _decode_line(raw)


def day_number(day: str | None) -> int:
    """A day ``YYYY-MM-DD`` as the number YYYYMMDD, which sorts alike; 0 for what is no day."""
    try:
        return int(day[:4] + day[5:7] + day[8:10]) if day else 0
    except ValueError:
        return 0


def fold(older: Line | None, newer: Line, versions: Mapping[Kind, Versions]) -> Line | None:
    """What two versions of one record make; None when the newer is a tombstone.

    ``history`` then says when every version but the one shown was stored, oldest first.
    """
    if newer.get("gone"):
        return None
    if older is None:
        return newer
    rule = versions.get(Kind(newer["record"]["kind"]), Versions.REPLACE)
    count = older.get("version", 1) + newer.get("version", 1)
    shown, hidden = newer, older
    if rule is Versions.LATEST and newer["record"]["day"] < older["record"]["day"]:
        shown, hidden = older, newer
    record = _completed(older["record"], newer["record"]) if rule is Versions.MERGE else shown["record"]
    history = [*hidden.get("history", ()), *shown.get("history", ()), hidden["stored_at"]]
    return shown | {"record": record, "version": count, "history": sorted(history)}


def stored(line: Line) -> StoredRecord:
    """A folded line as the record it is."""
    return read_stored(encode_line(line))


def _record(value: dict[str, Any]) -> Record:
    return msgspec.convert(value, Record)


def _completed(older: dict[str, Any], newer: dict[str, Any]) -> dict[str, Any]:
    known, fresh = _record(older), _record(newer)
    whole = msgspec.structs.replace(
        fresh,
        data=merged(known.data, fresh.data),
        day=min(known.day, fresh.day),
        until=max(known.until or known.day, fresh.until or fresh.day),
    )
    builtin: dict[str, Any] = msgspec.to_builtins(whole)
    return builtin


def newest(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Group notes by ``uid``, in order of first arrival, each group oldest first."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line["uid"], []).append(line)
    return groups
