"""Every term the documents hold and in how many: what a word begun may become, and what a mistyped one meant.

Kept as one sorted text, a line a term (``term count``): 300,000 terms are 4 MB and load in a few milliseconds.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

MOST_CANDIDATES = 6_000
"""How many terms are compared with a mistyped word at most: it bounds the time whatever the vocabulary."""
MOST_CORRECTIONS = 4
_SHORTEST_TYPO = 4
_TWO_TYPOS_FROM = 8
_LINE = 16
_MOST_FRESH = 20_000
_LAST = "\U0010ffff"


@dataclass(slots=True)
class Vocabulary:
    """Terms with the number of documents of each: those loaded, and those that came since. Never shrinks."""

    base: str = field(default="\n", repr=False)
    fresh: Counter[str] = field(default_factory=Counter, repr=False)

    def add(self, terms: Iterable[str]) -> None:
        """Count the terms of one more document."""
        self.fresh.update(terms)

    def dump(self) -> str:
        """The sorted text of all, to load again as ``base``; what was fresh is part of it from now on."""
        if self.fresh:
            counts = Counter({term: int(count) for term, _, count in map(_line, self.base.split("\n")) if term})
            counts.update(self.fresh)
            self.base = "\n" + "".join(f"{term} {counts[term]}\n" for term in sorted(counts))
            self.fresh = Counter()
        return self.base

    def count(self, term: str) -> int:
        """In how many documents ``term`` is, or was."""
        start = self._position(f"{term} ")
        known = self.base.startswith(f"{term} ", start)
        loaded = int(self.base[start + len(term) + 1 : self.base.index("\n", start)]) if known else 0
        return loaded + self.fresh[term]

    def starting(self, prefix: str, most: int) -> tuple[list[str], int, int]:
        """The ``most`` commonest terms that begin with ``prefix``; how many there are; the sum of their counts."""
        self._settle()
        lines = self.base[self._position(prefix) : self._position(prefix + _LAST)].split("\n")
        counts = Counter({term: int(count) for term, _, count in map(_line, lines) if term})
        counts.update({term: count for term, count in self.fresh.items() if term.startswith(prefix)})
        return heapq.nlargest(most, counts, key=lambda term: (counts[term], term)), len(counts), counts.total()

    def closest(self, word: str) -> list[str]:
        """The terms that ``word`` may be a mistyping of, at most four, the nearest and commonest first.

        Words of four letters may have one mistake (a letter wrong, missing, added, or two exchanged), of eight two.
        Numbers are never corrected. The beginning or the end of the word must be right.
        """
        if len(word) < _SHORTEST_TYPO or not word.isalpha():
            return []
        self._settle()
        allowed = 2 if len(word) >= _TWO_TYPOS_FROM else 1
        found = process.extract(
            word, self._candidates(word, allowed), scorer=OSA.distance, score_cutoff=allowed, limit=64
        )
        nearest = sorted((distance, -self.count(term), term) for term, distance, _ in found)
        return [term for distance, _, term in nearest if distance == nearest[0][0]][:MOST_CORRECTIONS]

    def _candidates(self, word: str, allowed: int) -> list[str]:
        # With so few mistakes, one of the parts of the word is written right: only terms that begin or end alike
        # are compared.
        part = max(2, len(word) // (allowed + 1))
        start, end = self._position(word[:part]), self._position(word[:part] + _LAST)
        lines = self.base[start : min(end, start + MOST_CANDIDATES * _LINE)].split("\n")
        found = {term for term, _, _ in map(_line, lines)}
        ending, at = f"{word[-part:]} ", self._position("a")  # Numbers come before words.
        while len(found) < MOST_CANDIDATES and (at := self.base.find(ending, at)) >= 0:
            at += part
            found.add(self.base[self.base.rindex("\n", 0, at) + 1 : at])
        near = range(len(word) - allowed, len(word) + allowed + 1)
        alike = [term for term in self.fresh if term.startswith(word[:part]) or term.endswith(word[-part:])]
        return [term for term in [*found, *alike] if len(term) in near and term.isalpha()][:MOST_CANDIDATES]

    def _settle(self) -> None:
        if len(self.fresh) > _MOST_FRESH:
            self.dump()

    def _position(self, wanted: str) -> int:
        """Where the first line that is not before ``wanted`` begins: a binary search on the text itself."""
        # Both ends are line feeds; the line after ``low`` may be the one, the line after ``high`` is not before it.
        low, high = 0, len(self.base) - 1
        while low < high:
            feed = self.base.rindex("\n", 0, (low + high) // 2 + 1)
            ends = self.base.index("\n", feed + 1)
            if self.base[feed + 1 : ends] < wanted:
                low = ends
            else:
                high = feed
        return low + 1


def _line(line: str) -> tuple[str, str, str]:
    return line.partition(" ")
