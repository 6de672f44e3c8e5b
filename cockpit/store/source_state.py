"""What the cockpit remembers of a source without being able to read the space: which records it already brought.

Keyed hashes sealed under the person's source key, which the operator's key wraps: a locked space can receive without
repeating itself, and a copy of the database alone says nothing. They are kept as sorted runs of entries of one size,
newest last: a refresh adds a small run, and small runs are merged as they gather, so that it rewrites little.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from cockpit.domain.errors import Tampered
from cockpit.domain.ids import ConnectorId, PersonId
from cockpit.sealing.box import open_under, seal_under
from cockpit.store import tables

UID_BYTES = 16
DIGEST_BYTES = 8
_ENTRY = UID_BYTES + DIGEST_BYTES
_WORD = 8
_words = struct.Struct("8s").iter_unpack
MERGE_RATIO = 4
"""A run is merged with the one before it until that one is so many times as long."""

SEARCHED_FROM = 2
"""From so many entries a question on, runs are searched instead of tabled."""

_SEEN = tables.seen_record


@dataclass(frozen=True, slots=True)
class _Run:
    """Entries sorted by identity, of one identity oldest first, as columns: halving them costs no Python."""

    number: int
    firsts: array[int] = field(repr=False)
    rests: bytes = field(repr=False)
    values: bytes = field(repr=False)

    @classmethod
    def of(cls, number: int, packed: bytes) -> _Run:
        """Undo ``packed``."""
        size = len(packed) // _ENTRY * _WORD
        firsts = array("Q", packed[:size])
        _big_endian(firsts)
        return cls(number, firsts, packed[size : 2 * size], packed[2 * size :])

    def __len__(self) -> int:
        return len(self.firsts)

    def digests(self, first: int, rest: bytes) -> bytes:
        """The digests of one identity, in its two halves, oldest first."""
        index, found = bisect_left(self.firsts, first), b""
        while index < len(self.firsts) and self.firsts[index] == first:
            here = slice(index * _WORD, (index + 1) * _WORD)
            if self.rests[here] == rest:
                found += self.values[here]
            index += 1
        return found

    def entries(self) -> list[bytes]:
        """Identity and digest of each, in order."""
        firsts = array("Q", self.firsts)
        _big_endian(firsts)
        columns = (_words(firsts.tobytes()), _words(self.rests), _words(self.values))
        return [first + rest + value for (first,), (rest,), (value,) in zip(*columns, strict=True)]


def packed(entries: list[bytes]) -> bytes:
    """Sorted entries as columns: first halves of identities (big-endian), second halves, digests."""
    cuts = (slice(0, _WORD), slice(_WORD, 2 * _WORD), slice(2 * _WORD, None))
    return b"".join(b"".join([entry[cut] for entry in entries]) for cut in cuts)


@dataclass(slots=True)
class SourceState:
    """The digests of the versions seen of each record, by the record's identity of 16 bytes."""

    connection: Connection = field(repr=False)
    key: bytes = field(repr=False)
    person: PersonId
    connector: ConnectorId
    runs: list[_Run] = field(repr=False)
    known: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    searching: bool = False
    fresh: list[bytes] = field(default_factory=list, repr=False)

    def reconcile(self, uid: bytes, digest: bytes, *, keep_all: bool) -> Literal["new", "changed"] | None:
        """Whether the record is new, changed or (None) already here; remembers it.

        With ``keep_all`` a version seen at any time adds nothing: for kinds whose versions are merged.
        """
        seen = self.known.get(uid)
        if seen is None:
            seen = b""
            if self.searching:
                first, rest = int.from_bytes(uid[:_WORD], "big"), uid[_WORD:]
                for run in self.runs:
                    seen += run.digests(first, rest)
        if not seen:
            self._remember(uid, digest, b"")
            return "new"
        if seen.endswith(digest) or (keep_all and digest in _cut(seen)):
            return None
        self._remember(uid, digest, seen)
        return "changed"

    def save(self) -> None:
        """Seal and keep what is new, as a run of its own or merged with the small ones before it."""
        if not self.fresh:
            return
        runs, gathered = list(self.runs), sorted(self.fresh, key=_uid)
        number = runs[-1].number + 1 if runs else 1
        replaced = []
        while runs and len(runs[-1]) < MERGE_RATIO * len(gathered):
            run = runs.pop()
            replaced.append(run.number)
            # A stable sort of sorted parts is a merge, and leaves the older of two versions first.
            gathered = sorted([*run.entries(), *gathered], key=_uid)
        where = (_SEEN.c.person_id == self.person, _SEEN.c.source_id == self.connector)
        if replaced:
            self.connection.execute(delete(_SEEN).where(*where, _SEEN.c.run.in_(replaced)))
        sealed = seal_under(self.key, packed(gathered), _context(self.person, self.connector, number, len(gathered)))
        row = {"person_id": self.person, "source_id": self.connector, "run": number}
        self.connection.execute(insert(_SEEN).values(**row, entries=len(gathered), sealed=sealed))

    def _remember(self, uid: bytes, digest: bytes, seen: bytes) -> None:
        self.known[uid] = seen + digest
        self.fresh.append(uid + digest)


def load_state(
    connection: Connection, key: bytes, person: PersonId, connector: ConnectorId, expected: int
) -> SourceState:
    """The state of one source, empty on its first run, for about ``expected`` questions. Raises ``Tampered``."""
    where = (_SEEN.c.person_id == person, _SEEN.c.source_id == connector)
    rows = connection.execute(select(_SEEN).where(*where).order_by(_SEEN.c.run))
    runs = [_Run.of(row.run, _opened(key, row.sealed, person, connector, row.run, row.entries)) for row in rows]
    # A few questions are cheaper by halving sorted runs, many by a table of them all.
    searching = sum(map(len, runs)) > SEARCHED_FROM * expected
    state = SourceState(connection, key, person, connector, runs, searching=searching)
    for run in runs if not searching else ():
        for entry in run.entries():
            uid = entry[:UID_BYTES]
            state.known[uid] = state.known.get(uid, b"") + entry[UID_BYTES:]
    return state


def _opened(key: bytes, sealed: bytes, person: PersonId, connector: ConnectorId, number: int, entries: int) -> bytes:
    plain = open_under(key, sealed, _context(person, connector, number, entries))
    if len(plain) != entries * _ENTRY:
        raise Tampered("what is remembered of a source is damaged")
    return plain


def _context(person: PersonId, connector: ConnectorId, number: int, entries: int) -> str:
    return f"seen records {person} {connector} {number} {entries}"


def _big_endian(words: array[int]) -> None:
    if sys.byteorder == "little":
        words.byteswap()


def _uid(entry: bytes) -> bytes:
    return entry[:UID_BYTES]


def _cut(digests: bytes) -> list[bytes]:
    return [digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES)]
