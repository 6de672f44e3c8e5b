"""The index of one space: a full-text database that exists in memory only, and as bytes to be sealed.

Three tables. ``words`` (FTS5) maps terms to rows; it keeps no text, no positions and no sizes. ``day`` holds the facts
of each day's documents as packed columns. ``meta`` holds the vocabulary and what was covered. A row's number is made
of the day, counted backwards, and the place in that day: rows in order are documents from the newest to the oldest,
so the newest fifty are found without ranking the others.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from cockpit.domain.errors import Tampered, WeMustFix
from cockpit.domain.ids import Collection, ConnectorId, Kind, RecordUid
from cockpit.search import days
from cockpit.search.document import MOST_CENTS, Document, cents
from cockpit.search.query import Found, Hit, KindTitles, Plan, Query, all_of, any_of, plan, quoted, short_of
from cockpit.search.vocabulary import Vocabulary
from cockpit.search.words import terms

MOST_LIMIT = 200
FEW = 5000
"""So many documents are looked at one by one rather than narrowed by range of amount first."""
COUNTED = 500
"""Totals are counted up to this many beyond the page asked."""

Covered = dict[Collection, tuple[int, int]]
"""How far each collection was indexed: its fence and its sequence number."""

_FORMAT = f"2 {sys.byteorder}"
_SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value);
{days.SCHEMA}
CREATE VIRTUAL TABLE words USING fts5(text, content='', detail=none, columnsize=0, tokenize='ascii');
"""
_ASKED = "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid"
_NEVER = "§"
"""A term that no document has: what a filter asks for when it names nothing known."""


class _Meta(msgspec.Struct):
    format: str
    names: list[str]
    covered: dict[str, tuple[int, int]]
    gone: list[int]
    count: int


class Index:
    """What the words of one space's records are, and where. Safe to share between threads."""

    def __init__(self, image: bytes | bytearray | None = None) -> None:
        self._lock = threading.Lock()
        self._rows = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        # Sorting and compacting must not spill words to a file in clear.
        self._rows.execute("PRAGMA temp_store=MEMORY")
        # A day's facts are some two kilobytes: on pages of four, half of the image would be empty.
        self._rows.execute("PRAGMA page_size=16384")
        self._names: list[str] = []
        self._gone: set[int] = set()
        self._read: dict[int, days.Day] = {}
        self.covered: Covered = {}
        self.count = 0
        """How many documents there are."""
        self._vocabulary = Vocabulary()
        if image is None:
            self._rows.executescript(_SCHEMA)
        else:
            self._restore(image)

    @classmethod
    def empty(cls) -> Index:
        """An index of nothing."""
        return cls()

    @classmethod
    def load(cls, image: bytes | bytearray) -> Index:
        """What ``dump`` gave. Raises ``Tampered`` for other bytes; only bytes that were sealed may be given."""
        return cls(image)

    @property
    def size(self) -> int:
        """Bytes of memory it takes, about."""
        pages, size = (self._rows.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages * size) + len(self._vocabulary.base) + 100 * len(self._vocabulary.fresh) + 60 * len(self._gone)

    @property
    def gone(self) -> int:
        """How many documents were removed or replaced whose terms still lie here: they are never found."""
        return len(self._gone)

    def dump(self) -> bytes:
        """The whole index as bytes, compacted. They say all that is searched: seal them."""
        with self._lock:
            covered = {str(name): far for name, far in self.covered.items()}
            meta = _Meta(_FORMAT, self._names, covered, sorted(self._gone), self.count)
            self._rows.execute("INSERT INTO words(words) VALUES ('optimize')")
            kept = [("meta", msgspec.msgpack.encode(meta)), ("vocabulary", self._vocabulary.dump().encode())]
            self._rows.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", kept)
            self._rows.execute("VACUUM")
            return self._rows.serialize()

    def put(self, documents: Iterable[Document]) -> None:
        """Add documents; one whose uid is known replaces it.

        Raises ``WeMustFix`` for more than a million documents of one day; nothing is added then.
        """
        newest = {document.uid: document for document in documents}
        seen: dict[str, list[str]] = {}
        by_day: dict[int, list[Document]] = defaultdict(list)
        for document in newest.values():
            by_day[days.day_number(document.day)].append(document)
        with self._lock, self._transaction():
            held = {number: self._day(number) for number in sorted(by_day)}
            if any(len(held[number].uids) + len(by_day[number]) > days.MOST_A_DAY for number in held):
                raise WeMustFix("one day has more records than the index has places for", code="index_full")
            self._drop(newest)
            # In the order of rows, so that the full-text index writes one run of postings and not one a document.
            for number, day in held.items():
                rows = [self._placed(number, day, document, seen) for document in by_day[number]]
                self._rows.executemany("INSERT INTO words(rowid, text) VALUES (?, ?)", rows)
                days.write_day(self._rows, number, day)
            self.count += len(newest)

    def remove(self, uids: Iterable[RecordUid]) -> None:
        """Find these records no more. Unknown ones change nothing."""
        with self._lock:
            self._drop(set(uids))

    def search(self, query: Query, titles: KindTitles | None = None) -> Found:
        """The records that answer, the best first and the newest first among equals. Never refuses a question.

        ``titles`` gives words that name kinds: ``facture`` then finds every invoice too.
        """
        with self._lock:
            named = {word: self._any_name("k", kinds) for word, kinds in (titles or {}).items()}
            whatever = Plan(()) if query.text.strip() else Plan(((0, self._everything()),))
            asked = plan(query.text, self._vocabulary, named) or whatever
            first, last = max(0, query.offset), max(0, query.offset) + max(1, min(query.limit, MOST_LIMIT))
            page: list[Hit] = []
            total, at_least = 0, not asked.complete
            for rank, row in self._answers(asked, query):
                if total >= last and (rank > asked.asked[0][0] or total >= last + COUNTED):
                    # Enough is known: further words begun alike, or further documents, would only be counted.
                    at_least = True
                    break
                if first <= total < last:
                    page.append(self._hit(rank, row))
                total += 1
            return Found(tuple(page), total, at_least, asked.terms, asked.corrected, asked.unknown)

    def close(self) -> None:
        """Forget everything at once."""
        with self._lock:
            self._rows.close()

    def _answers(self, asked: Plan, query: Query) -> Iterator[tuple[int, int]]:
        """The rank and row of each document that answers, best first; read lazily, for there may be a million."""
        filters = [self._any_name("k", query.kinds)] if query.kinds else []
        filters += [self._any_name("s", query.sources)] if query.sources else []
        between = days.bounds(query.least, query.most)
        if between and asked.most > FEW:
            filters.append(any_of(map(quoted, [_NEVER, *days.buckets_between(*between)])))
        seen: set[int] = set()
        for rank, expression in asked.asked:
            wanted = all_of([expression, *filters])
            for (row,) in self._rows.execute(_ASKED, (wanted, *days.span(query.since, query.until))):
                if row in seen or row in self._gone:
                    continue
                if between and not between[0] <= self._facts(row)[3] <= between[1]:
                    continue
                seen.add(row)
                yield rank, row

    def _hit(self, rank: int, row: int) -> Hit:
        short, kind, source, _ = self._facts(row)
        day = days.day_of_number(days.place_of(row)[0])
        return Hit(short, Kind(self._names[kind][1:]), ConnectorId(self._names[source][1:]), day, rank)

    def _facts(self, row: int) -> tuple[int, ...]:
        number, place = days.place_of(row)
        return tuple(column[place] for column in self._day(number).columns)

    def _day(self, number: int) -> days.Day:
        if number not in self._read:
            self._read[number] = days.read_day(self._rows, number)
        return self._read[number]

    def _everything(self) -> str:
        """Every document has a kind."""
        kinds = (f"§{place}" for place, name in enumerate(self._names) if name[0] == "k")
        return any_of(map(quoted, [_NEVER, *kinds]))

    def _any_name(self, type_: str, wanted: Iterable[str]) -> str:
        known = [self._names.index(f"{type_}{name}") for name in wanted if f"{type_}{name}" in self._names]
        return any_of(map(quoted, [_NEVER, *(f"§{place}" for place in known)]))

    def _name(self, type_: str, name: str) -> int:
        if f"{type_}{name}" not in self._names:
            self._names.append(f"{type_}{name}")
        return self._names.index(f"{type_}{name}")

    def _placed(self, number: int, day: days.Day, document: Document, seen: dict[str, list[str]]) -> tuple[int, str]:
        """Give a document its place in its day; its row and all its terms."""
        kind, source = self._name("k", document.kind), self._name("s", document.source)
        exact = None if document.amount is None else cents(document.amount)
        amount = None if exact is None else min(exact, MOST_CENTS)
        place = day.add(short_of(document.uid), kind, source, days.NO_AMOUNT if amount is None else amount)
        found = terms(document.text, seen)
        self._vocabulary.add(found)
        facts = [f"§{kind}", f"§{source}", *([] if amount is None else days.buckets(amount))]
        return days.row_of(number, place), " ".join([*found, *facts])

    def _drop(self, uids: Iterable[RecordUid]) -> None:
        shorts = {short_of(uid) for uid in uids}
        if shorts and self.count:
            rows = set(days.rows_of(self._rows, shorts)) - self._gone
            self._gone |= rows
            self.count -= len(rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._rows.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._rows.execute("ROLLBACK")
            self._read.clear()
            raise
        self._rows.execute("COMMIT")

    def _restore(self, image: bytes | bytearray) -> None:
        try:
            self._rows.deserialize(image or b"nothing")
            kept = dict(self._rows.execute("SELECT name, value FROM meta"))
            meta = msgspec.msgpack.decode(kept["meta"], type=_Meta)
            self._vocabulary.base = kept["vocabulary"].decode()
        except (sqlite3.Error, KeyError, ValueError, msgspec.MsgspecError) as error:
            raise Tampered("these bytes are no index") from error
        if meta.format != _FORMAT:
            raise Tampered("this index was written in another format")
        self._names, self._gone, self.count = meta.names, set(meta.gone), meta.count
        self.covered = {Collection(name): far for name, far in meta.covered.items()}
