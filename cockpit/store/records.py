"""The records of one kind, read: vault segments in order of days, with what came since laid over them."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from cockpit.domain.errors import NotFound
from cockpit.domain.ids import Kind, RecordUid
from cockpit.domain.record import Record, StoredRecord, Versions
from cockpit.store.lines import (
    Dated,
    Glance,
    Line,
    day_number,
    encode_line,
    fold,
    glance,
    last_lines,
    read_line,
    read_stored,
    split,
    stored,
)
from cockpit.store.manifest import Piece, Run
from cockpit.store.streams import Opened

_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"


@dataclass(frozen=True, slots=True)
class Since:
    """What came since the compaction: the newest state of each record touched, None for one that was erased."""

    lines: Mapping[str, Line | None]
    versions: Mapping[str, list[Line]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Records:
    """One kind in one opened collection."""

    opened: Opened = field(repr=False)
    kind: Kind
    versions: Mapping[Kind, Versions] = field(repr=False)

    def stream(self, since: str | None, until: str | None) -> Iterator[StoredRecord]:
        """Every record that touches the period, latest day first, then by identity."""
        return self._between(since or _FIRST_DAY, until or _LAST_DAY, self._since())

    def newest(self, count: int) -> tuple[StoredRecord, ...]:
        """The ``count`` records whose day is the latest."""
        overlay = self._since()
        if not overlay.lines:
            return tuple(map(read_stored, self._newest_raw(count)))
        return tuple(islice(self._between(_FIRST_DAY, _LAST_DAY, overlay), count))

    def count(self) -> int:
        """How many records there are."""
        overlay = self._since()
        new = sum(line is not None and not self._was_known(overlay, uid) for uid, line in overlay.lines.items())
        gone = sum(line is None and self._was_known(overlay, uid) for uid, line in overlay.lines.items())
        return self._run.records + new - gone

    def one(self, uid: RecordUid) -> StoredRecord:
        """One record. Raises ``NotFound``."""
        overlay = self._since()
        line = overlay.lines[uid] if uid in overlay.lines else self._in_vault({uid}).get(uid)
        if line is None:
            raise NotFound("there is no such record in this space")
        return stored(line)

    def history(self, uid: RecordUid) -> tuple[StoredRecord, ...]:
        """Every version of one record as it was brought, oldest first. Raises ``NotFound``."""
        overlay = self._since()
        current = overlay.lines[uid] if uid in overlay.lines else self._in_vault({uid}).get(uid)
        if current is None:
            raise NotFound("there is no such record in this space")
        fresh = overlay.versions.get(uid, [])
        erasures = [index for index, line in enumerate(fresh) if line.get("gone")]
        if erasures:
            return tuple(map(stored, fresh[erasures[-1] + 1 :]))
        earlier = [read_line(raw) for raw in self._holding(self.opened.manifest.histories.get(self.kind), {uid})]
        if not earlier:
            earlier = list(self._in_vault({uid}).values())
        return tuple(map(stored, [*earlier, *fresh]))

    def on_days(self, days: Collection[str]) -> Iterator[StoredRecord]:
        """Every record of these days; the others of their segments are not even read."""
        overlay, run = self._since(), self._run
        wanted = sorted({index for day in days for index in range(*run.around(day_number(day)))} if len(run) else ())
        needles = [f'"day":"{day}"'.encode() for day in days]
        for body in self.opened.pieces([run[index] for index in wanted]):
            for raw in split(body):
                if any(needle in raw for needle in needles):
                    found = read_stored(raw)
                    if found.record.day in days and found.uid not in overlay.lines:
                        yield found
        for line in overlay.lines.values():
            if line is not None and line["record"]["day"] in days:
                yield stored(line)

    def changed_after(self, seq: int) -> tuple[list[StoredRecord], list[RecordUid]]:
        """What the inbox brought after its segment ``seq``: records as they now are, and those that are no more."""
        touched = {
            seen.uid
            for number, body in self.opened.tail()
            if number > seq
            for seen in map(glance, split(body))
            if seen.family == self.kind
        }
        lines = {uid: line for uid, line in self._since().lines.items() if uid in touched} if touched else {}
        here = [stored(line) for line in lines.values() if line is not None]
        return here, [RecordUid(uid) for uid, line in lines.items() if line is None]

    def export(self) -> Iterator[bytes]:
        """Every record as JSON Lines, oldest first where nothing came since the compaction."""
        overlay = self._since()
        for body in self.opened.pieces(list(self._run)):
            if overlay.lines:
                kept = [raw for raw in split(body) if glance(raw).uid not in overlay.lines]
                yield b"\n".join([*kept, b""]) if kept else b""
            else:
                yield body
        fresh = [encode_line(line) for line in overlay.lines.values() if line is not None]
        if fresh:
            yield b"\n".join([*fresh, b""])

    @property
    def _run(self) -> Run:
        return self.opened.manifest.runs.get(self.kind) or Run()

    def _between(self, first: str, last: str, overlay: Since) -> Iterator[StoredRecord]:
        here = (stored(line) for line in overlay.lines.values() if line is not None)
        fresh = [one for one in here if _touches(one.record, first, last)]
        fresh.sort(key=_order, reverse=True)
        vault = self._vault_between(first, last, overlay)
        return heapq.merge(fresh, vault, key=_order, reverse=True) if fresh else vault

    def _vault_between(self, first: str, last: str, overlay: Since) -> Iterator[StoredRecord]:
        run = self._run
        earliest, latest = day_number(first), day_number(last)
        pieces = [run[index] for index in reversed(run.within(earliest, latest))]
        for piece, body in zip(pieces, self.opened.pieces(pieces), strict=True):
            raws = reversed(split(body))
            # A piece wholly inside the period, with nothing laid over it, needs no look at its lines.
            if overlay.lines or piece.first < earliest or latest < piece.last:
                raws = (raw for raw in raws if _wanted(glance(raw), first, last, overlay))
            yield from map(read_stored, raws)

    def _newest_raw(self, count: int) -> Iterator[bytes]:
        run = self._run
        index = len(run)
        while count > 0 and index > 0:
            index -= 1
            (body,) = self.opened.pieces([run[index]])
            found = last_lines(body, count)
            count -= len(found)
            yield from found

    def _since(self) -> Since:
        """The inbox's lines of this kind, folded; what the source had brought before is completed from the vault."""
        versions: dict[str, list[Line]] = {}
        for _, body in self.opened.tail():
            for raw in split(body):
                if glance(raw).family == self.kind:
                    line = read_line(raw)
                    versions.setdefault(line["uid"], []).append(line)
        known = {uid for uid, lines in versions.items() if lines[0].get("changed")}
        bases = self._in_vault(known) if known else {}
        folded: dict[str, Line | None] = {}
        for uid, lines in versions.items():
            state: Line | None = bases.get(uid)
            for line in lines:
                state = fold(state, line, self.versions)
            folded[uid] = state
        return Since(folded, versions)

    def _was_known(self, overlay: Since, uid: str) -> bool:
        first = overlay.versions[uid][0]
        return bool((first.get("changed") or first.get("gone")) and self._in_vault({uid}))

    def _in_vault(self, uids: set[str]) -> dict[str, Line]:
        """The lines of these records in the vault."""
        return {line["uid"]: line for line in map(read_line, self._holding(self._run, uids))}

    def _holding(self, run: Run | None, uids: set[str]) -> Iterator[bytes]:
        """The lines of a run that are of these records: bodies are searched before any line is read."""
        needles = [f'"uid":"{uid}"'.encode() for uid in uids]
        pieces: list[Piece] = list(run) if run else []
        for body in self.opened.pieces(pieces):
            if any(needle in body for needle in needles):
                yield from (raw for raw in split(body) if glance(raw).uid in uids)


def _wanted(seen: Glance, first: str, last: str, overlay: Since) -> bool:
    return seen.uid not in overlay.lines and seen.record is not None and _touches(seen.record, first, last)


def _touches(record: Dated | Record, first: str, last: str) -> bool:
    # Days are stored in one form, which sorts as text.
    return record.day <= last and (record.until or record.day) >= first


def _order(one: StoredRecord) -> tuple[str, str]:
    return one.record.day, one.uid
