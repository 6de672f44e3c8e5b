"""A question as a person puts it, and how it is asked of the index: words only, whatever is typed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from cockpit.domain.ids import ConnectorId, Kind, RecordUid
from cockpit.search.vocabulary import Vocabulary
from cockpit.search.words import Word, words

MOST_TYPED = 200
MOST_WORDS = 12
SHORTEST_BEGINNING = 2
"""A last word of one letter is a word, not the beginning of ten thousand."""
_EXPANDED = 64
_FEW = 8_000

KindTitles = Mapping[str, frozenset[Kind]]
"""Folded words of the kinds' titles (``facture``), and the kinds they name."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question. Every word must be there, the last may be begun; empty filters let everything through.

    ``since`` and ``until`` are days (``YYYY-MM-DD``, both included); ``least`` and ``most`` are amounts without sign,
    both included. ``limit`` is from 1 to 200.
    """

    text: str = field(default="", repr=False)
    kinds: frozenset[Kind] = frozenset()
    sources: frozenset[ConnectorId] = frozenset()
    since: str | None = None
    until: str | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found. ``rank`` is 0 for the words as typed, 1 for a word begun, 2 for a word corrected."""

    short: int
    kind: Kind
    source: ConnectorId
    day: str
    rank: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave. ``total`` is exact, or a lower bound when ``at_least``.

    ``terms`` are the terms looked for, to show them in what was found; ``corrected`` maps a word nobody wrote to those
    that were taken for it; ``unknown`` are the words that nothing resembles.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    at_least: bool = False
    terms: tuple[str, ...] = field(default=(), repr=False)
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    unknown: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """Expressions to ask one after another, best first, with the rank of what each finds.

    ``most`` is about how many documents may answer: those of the rarest word.
    """

    asked: tuple[tuple[int, str], ...]
    complete: bool = True
    terms: tuple[str, ...] = ()
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    most: int = sys.maxsize


def short_of(uid: RecordUid) -> int:
    """The first 8 bytes of a record's uid as a signed number: all that the index keeps of it.

    Two records of a million share it once in 37 million spaces.
    """
    return int.from_bytes(bytes.fromhex(uid[:16]), "big", signed=True)


def plan(text: str, vocabulary: Vocabulary, titles: Mapping[str, str]) -> Plan | None:
    """How to look for ``text``; None when it holds no word. ``titles`` gives expressions for words that name kinds."""
    typed = list(words(text[:MOST_TYPED]))[:MOST_WORDS]
    if not typed:
        return None
    last = typed[-1]
    rank, parts = 0, []
    corrected: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    for word in typed:
        if _known(word, vocabulary, titles, begun=word is last):
            parts.append(_exactly(word, titles))
            continue
        meant = vocabulary.closest(word.term) if word.term else []
        if not meant:
            unknown.append(word.typed)
            continue
        corrected[word.typed], rank = tuple(meant), 2
        parts.append(any_of(map(quoted, meant)))
    terms = [term for word in typed for form in word.forms for term in corrected.get(word.typed, form)]
    if unknown:
        return Plan((), True, tuple(terms), corrected, tuple(unknown))
    asked, complete = [(rank, all_of(parts))], True
    if last.typed not in corrected:
        begun, complete = _beginning(last, vocabulary, titles)
        asked.append((max(rank, 1), all_of([*parts[:-1], begun])))
    most = min(_documents(word, vocabulary, titles, begun=word is last) for word in typed)
    return Plan(tuple(asked), complete, tuple(terms), corrected, most=most)


def quoted(term: str) -> str:
    """A term as a string of the index's language: terms hold letters and digits only, so nothing escapes."""
    return f'"{term}"'


def any_of(expressions: Iterable[str]) -> str:
    """At least one of them."""
    return "(" + " OR ".join(expressions) + ")"


def all_of(expressions: Iterable[str]) -> str:
    """All of them."""
    return "(" + " AND ".join(expressions) + ")"


def _known(word: Word, vocabulary: Vocabulary, titles: Mapping[str, str], *, begun: bool) -> bool:
    if word.typed in titles or any(all(map(vocabulary.count, form)) for form in word.forms):
        return True
    if not begun:
        return False
    if any(title.startswith(word.typed) for title in titles) and len(word.typed) > SHORTEST_BEGINNING:
        return True
    return any(
        len(form[-1]) >= SHORTEST_BEGINNING
        and vocabulary.starting(form[-1], 1)[0]
        and all(map(vocabulary.count, form[:-1]))
        for form in word.forms
    )


def _documents(word: Word, vocabulary: Vocabulary, titles: Mapping[str, str], *, begun: bool) -> int:
    """At most how many documents have a word; without bound when it may name a kind, or be corrected."""
    if any(title.startswith(word.typed) for title in titles):
        return sys.maxsize
    if begun:
        counts = [vocabulary.starting(form[-1], 1)[2] for form in word.forms]
    else:
        counts = [min(map(vocabulary.count, form)) for form in word.forms]
    return sum(counts) or sys.maxsize


def _exactly(word: Word, titles: Mapping[str, str]) -> str:
    forms = [all_of(map(quoted, form)) for form in word.forms]
    return any_of([*forms, titles[word.typed]] if word.typed in titles else forms)


def _beginning(word: Word, vocabulary: Vocabulary, titles: Mapping[str, str]) -> tuple[str, bool]:
    """The last word as the beginning of one, and whether that expression finds all there is.

    Merging the documents of every word that begins alike takes long when they are many: the commonest stand for all.
    """
    found, complete = [], True
    for form in word.forms:
        beginning = quoted(form[-1])
        if len(form[-1]) >= SHORTEST_BEGINNING:
            commonest, count, documents = vocabulary.starting(form[-1], _EXPANDED)
            if documents <= _FEW:
                beginning += "*"
            else:
                beginning = any_of(map(quoted, commonest))
                complete = complete and count <= _EXPANDED
        found.append(all_of([*map(quoted, form[:-1]), beginning]))
    if len(word.typed) > SHORTEST_BEGINNING:
        found += [expression for title, expression in titles.items() if title.startswith(word.typed)]
    return any_of(found), complete
