"""What the vault's benchmark asks of a store, ours or a peer's, and the records it is fed with."""

from __future__ import annotations

import pickle
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from benchmarks.realistic import records
from cockpit.domain.ids import Kind
from cockpit.domain.record import Record

BATCH = 10_000
"""Records a transaction, for every store; all of one source, as an import brings them."""

TURN = 1
"""Batches a turn: enough to warm the processor's caches, and few enough to meet the same minute as the others."""

AT = "2026-01-05T08:00:00Z"
BANK = Kind("bank.transaction")
KINDS = (BANK, Kind("invoice.document"), Kind("energy.series"))
_WORD, _LETTERS = re.compile(r"\b[^\W\d_]+\b"), re.compile(r"[^\W\d_]+")


class Store(Protocol):
    """A place to keep one person's records."""

    def ingest(self, batch: Sequence[Record]) -> None:
        """Keep one batch; on return it survives a power cut."""

    def settle(self) -> None:
        """Bring what was ingested to its lasting form: write-ahead log emptied, inbox compacted."""

    def disk_bytes(self) -> int:
        """What it takes on disk, indexes and free pages included."""

    def newest(self, count: int) -> int:
        """Read the newest bank lines, each as an object; how many there were."""

    def month(self, since: str, until: str) -> int:
        """Read the bank lines of a period, each as an object; how many there were."""

    def export(self) -> Iterator[bytes]:
        """Everything, as JSON Lines, in blocks of whole lines."""

    def search(self, word: str) -> int:
        """How many records say ``word``."""

    def close(self) -> None:
        """Stop, and leave nothing running."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The same batches for every store. They are kept packed: a million objects would slow whatever is measured."""

    count: int
    packed: tuple[bytes, ...]
    rare_word: str
    rare_hits: int

    def turns(self) -> Iterator[list[list[Record]]]:
        """The batches, some at a time: as many as a store gets before it is another's turn."""
        waiting = map(pickle.loads, self.packed)
        while some := list(islice(waiting, TURN)):
            yield some


def feed(count: int) -> Feed:
    """Batches of ``count`` realistic records, and a word that few of them say."""
    waiting: dict[str, list[Record]] = {}
    packed: list[bytes] = []
    said: Counter[str] = Counter()
    letters: set[str] = set()
    for record in records(count):
        batch = waiting.setdefault(record.provenance.connector, [])
        batch.append(record)
        text = text_of(record)
        said.update(set(_WORD.findall(text)))
        letters.update(_LETTERS.findall(text))
        if len(batch) == BATCH:
            packed.append(pickle.dumps(batch, 5))
            batch.clear()
    packed += [pickle.dumps(batch, 5) for batch in waiting.values() if batch]
    word = _rare(said, letters)
    return Feed(count, tuple(packed), word, said[word])


def _rare(said: Counter[str], letters: set[str]) -> str:
    """A word said by about five records, in capitals alone, and part of no other word or reference.

    So a scan of bytes, which knows no capitals, and an index, which takes a word for the beginning of others, agree.
    """
    folded = "\n".join(unicodedata.normalize("NFKD", word).casefold() for word in letters)
    for word, _ in sorted(said.items(), key=lambda entry: (abs(entry[1] - 5), entry[0])):
        if len(word) >= 7 and word.isascii() and word.isupper() and folded.count(word.lower()) == 1:
            return word
    raise ValueError("no word is rare enough: more records are needed")


def text_of(record: Record) -> str:
    """What a search in a record looks at: its words, not its numbers."""
    data = record.data
    lines = data.get("lines")
    named = (line.get("name") for line in lines if isinstance(line, dict)) if isinstance(lines, list) else ()
    return " ".join(
        str(value) for value in (data.get("label"), data.get("details"), data.get("seller"), *named) if value
    )
