"""Compaction: what lies in the inbox is folded into the vault, sorted by day, under the collection's current key.

It needs an unlocked space. It reads without the writer's lock and commits in one short transaction: if another
compaction came first, its work is thrown away and nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeAlias

from sqlalchemy import Connection, select

from cockpit.domain.ids import Collection, Kind, PersonId
from cockpit.domain.record import Versions
from cockpit.sealing.envelope import envelope_hash
from cockpit.sealing.keyring import Keyring
from cockpit.store import tables
from cockpit.store.lines import Glance, Line, encode_line, fold, glance, read_line, split
from cockpit.store.manifest import Manifest, Piece, Run
from cockpit.store.pieces import Item, cut, item
from cockpit.store.rewriting import Work, commit
from cockpit.store.space import Spaces
from cockpit.store.streams import INBOX, Opened

BATCH_BYTES = 32 * 1024 * 1024
"""How much of an inbox one compaction takes in: what it holds in memory."""

_SEGMENT = tables.segment
_Seen: TypeAlias = tuple[Glance, bytes]


def compact(spaces: Spaces, keyring: Keyring, collection: Collection) -> bool:
    """Take one batch of a collection's inbox into the vault; True when there may be more to take.

    Raises ``Moved`` when another compaction came first, ``Tampered``, or ``NotFound`` for a collection without keys.
    """
    with spaces.read(keyring) as reader:
        opened = reader.opened(collection)
        taken = _take(opened)
        if taken is None:
            return False
        last_seq, lines = taken
        work = Work(opened, opened.manifest.next_seq)
        runs, histories = dict(opened.manifest.runs), dict(opened.manifest.histories)
        for kind, raws in lines.items():
            run, history = runs.get(kind, Run()), histories.get(kind, Run())
            runs[kind], histories[kind] = _merged(work, spaces.versions, kind, run, history, raws)
        base_hash = _hash_of(opened, last_seq)
    new = Manifest(last_seq, base_hash, work.next_seq, runs, histories)
    with spaces.database.write(opened.person) as connection:
        commit(connection, work, spaces.mac_key(opened.person), new)
    return last_seq < opened.head.seq


def waiting(connection: Connection, person: PersonId) -> dict[Collection, int]:
    """How many inbox segments each collection of a space has: what a compaction would take in."""
    rows = connection.execute(
        select(_SEGMENT.c.collection).where(_SEGMENT.c.person_id == person, _SEGMENT.c.stream == INBOX)
    )
    counts: dict[Collection, int] = {}
    for row in rows:
        counts[Collection(row.collection)] = counts.get(Collection(row.collection), 0) + 1
    return counts


def _take(opened: Opened) -> tuple[int, dict[str, list[_Seen]]] | None:
    """A batch of the inbox by kind, and the number of its last segment."""
    lines: dict[str, list[_Seen]] = {}
    last_seq, size = opened.manifest.base_seq, 0
    for seq, content in opened.tail():
        # The whole tail is walked, so that a stream cut short is never compacted; only a batch of it is kept.
        if size < BATCH_BYTES:
            for raw in split(content):
                seen = glance(raw)
                lines.setdefault(seen.family, []).append((seen, raw))
            size += len(content)
            last_seq = seq
    return (last_seq, lines) if last_seq > opened.manifest.base_seq else None


def _merged(
    work: Work, rules: Mapping[Kind, Versions], kind: str, run: Run, history: Run, lines: list[_Seen]
) -> tuple[Run, Run]:
    """The run and the history of one kind with new lines in them."""
    if not kind:
        return _extended(work, run, (item(raw, seen) for seen, raw in lines)), history
    versions: dict[str, list[_Seen]] = {}
    for seen, raw in lines:
        versions.setdefault(seen.uid, []).append((seen, raw))
    known = {uid for uid, ((first, _), *_) in versions.items() if first.changed or first.gone}
    bases = _bases(work, run, known)
    items, past, erased = _folded(rules, versions, bases)
    moved = {*bases, *(uid for uid in versions if uid not in bases)}
    run = _placed(work, run, items, moved, {one.day for one in bases.values()})
    return run, _history(work, history, past, erased)


def _bases(work: Work, run: Run, uids: set[str]) -> dict[str, Item]:
    """The vault's lines of records that were brought before."""
    if not uids:
        return {}
    found = {}
    needles = [f'"uid":"{uid}"'.encode() for uid in uids]
    for content in work.opened.pieces(list(run)):
        if any(needle in content for needle in needles):
            found.update({one.uid: one for one in map(item, split(content)) if one.uid in uids})
    return found


def _folded(
    rules: Mapping[Kind, Versions], versions: Mapping[str, list[_Seen]], bases: Mapping[str, Item]
) -> tuple[list[Item], list[bytes], set[str]]:
    """The new state of each record, the versions to keep as history, and the records erased."""
    items: list[Item] = []
    past: list[bytes] = []
    erased: set[str] = set()
    for uid, lines in versions.items():
        base, (first, content) = bases.get(uid), lines[0]
        if base is None and len(lines) == 1 and not first.gone:
            items.append(item(content, first))
            continue
        state: Line | None = read_line(base.raw) if base else None
        kept = [base.raw] if base and state and state.get("version", 1) == 1 else []
        for _, raw in lines:
            line = read_line(raw)
            state = fold(state, line, rules)
            if state is None:
                erased.add(uid)
                kept = []
            else:
                kept.append(raw)
        if state is not None:
            items.append(item(encode_line(state)))
            past += kept if state.get("version", 1) > 1 else []
    return items, past, erased


def _placed(work: Work, run: Run, items: list[Item], moved: set[str], days: set[int]) -> Run:
    """The run with ``items`` in their places and the lines of ``moved`` records gone from the ``days`` they were on."""
    if not len(run):
        return Run.of(work.put(cut(sorted(items), between_days=True, newest=True)))
    ranges: dict[tuple[int, int], list[Item]] = {}
    for one in items:
        ranges.setdefault(run.around(one.day), []).append(one)
    for day in days:
        ranges.setdefault(run.around(day), [])
    pieces: list[Piece] = []
    done = 0
    for start, end, fresh in _joined(ranges):
        pieces += [run[index] for index in range(done, start)]
        old = [one for one in map(item, work.take([run[index] for index in range(start, end)])) if one.uid not in moved]
        pieces += work.put(cut(sorted([*old, *fresh]), between_days=True, newest=end == len(run)))
        done = end
    pieces += [run[index] for index in range(done, len(run))]
    return Run.of(pieces)


def _joined(ranges: Mapping[tuple[int, int], list[Item]]) -> Iterator[tuple[int, int, list[Item]]]:
    """Ranges of pieces that overlap are one range."""
    current: tuple[int, int, list[Item]] | None = None
    for (start, end), fresh in sorted(ranges.items(), key=lambda entry: entry[0]):
        if current is not None and start < current[1]:
            current = (current[0], max(current[1], end), [*current[2], *fresh])
            continue
        if current is not None:
            yield current
        current = (start, end, list(fresh))
    if current is not None:
        yield current


def _extended(work: Work, run: Run, items: Iterable[Item]) -> Run:
    """The run with items after all others, in the order they came; its last piece is filled up."""
    pieces = list(run)
    last = map(item, work.take([pieces.pop()])) if pieces else iter(())
    return Run.of([*pieces, *work.put(cut(list(chain(last, items)), between_days=False))])


def _history(work: Work, history: Run, past: list[bytes], erased: set[str]) -> Run:
    """The history with more versions at its end, and without those of erased records."""
    pieces = list(history)
    if erased:
        raws = [raw for raw in work.take(pieces) if glance(raw).uid not in erased]
        return Run.of(work.put(cut([item(raw) for raw in [*raws, *past]], between_days=False)))
    if not past:
        return history
    last = list(work.take([pieces.pop()])) if pieces else []
    return Run.of([*pieces, *work.put(cut([item(raw) for raw in [*last, *past]], between_days=False))])


def _hash_of(opened: Opened, seq: int) -> bytes:
    """The hash of an inbox segment: where the chain goes on after it was taken in."""
    if seq == opened.head.seq:
        return opened.head.hash
    found = opened.connection.execute(
        select(_SEGMENT.c.envelope).where(
            _SEGMENT.c.person_id == opened.person,
            _SEGMENT.c.collection == opened.collection,
            _SEGMENT.c.stream == INBOX,
            _SEGMENT.c.seq == seq,
        )
    ).scalar_one()
    return envelope_hash(found)
