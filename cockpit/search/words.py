"""Words as a person types them: accents and case folded, elisions dropped, numbers, dates and amounts in one form.

Documents and questions pass through the same ``words``: what is folded on one side is folded on the other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LETTERS = 40
"""Longer words are cut: nobody types them to their end."""
SHORTEST_NUMBER = 6
BETWEEN = " ; "
"""Stands between the parts of a document's text; no word goes across it."""

MONTHS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
    "decembre",
)  # fmt: skip
_ENGLISH_MONTHS = dict(
    zip(
        (
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ),
        MONTHS,
        strict=True,
    )
)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "’": "'", "ʼ": "'"})
_WORD = r"[^\W_]++"
_NUMBERED = rf"(?=[^\W\d_]*+\d){_WORD}"
_PATTERN = re.compile(
    rf"""
      (?P<elision>\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w))
    | (?P<date>\b(?:(?P<y>\d{{4}})-(?P<m>\d\d)-(?P<d>\d\d)|(?P<d2>\d\d?)[/.-](?P<m2>\d\d?)[/.-](?P<y2>\d{{4}}))\b)
    | (?P<amount>(?<![\w.,])(?P<whole>\d{{1,3}}(?:[ .]\d{{3}})+|\d++)[.,](?P<cents>\d\d?)(?![\w.,]*\d)(?!\w))
    | (?P<numbers>{_NUMBERED}(?:(?:[./-]|[ ](?!\d+[.,]\d\d?(?!\w))){_NUMBERED})+)
    | (?P<compound>{_WORD}(?:[-'./&]{_WORD})+)
    | (?P<word>{_WORD})
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One thing typed: ``forms`` are the ways to write it, each of one or more terms that must all be there."""

    typed: str
    forms: tuple[tuple[str, ...], ...]

    @property
    def term(self) -> str | None:
        """The only term of a plain word, or None for what is written in several pieces."""
        return self.forms[0][0] if len(self.forms[0]) == 1 else None


def fold(text: str) -> str:
    """``text`` without case, accents or ligatures: ``Œuvre d'Été`` gives ``oeuvre d'ete``."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return plain.casefold().translate(_LIGATURES)


def words(text: str) -> Iterator[Word]:
    """The words of ``text`` in order. Total: any text gives words, perhaps none."""
    for match in _PATTERN.finditer(fold(text)):
        found = match.group()
        match match.lastgroup:
            case "elision":
                continue
            case "date":
                yield Word(found, (_day_terms(match),))
            case "amount":
                whole = re.sub(r"\D", "", match["whole"])
                yield Word(found, ((f"{whole}·{match['cents']}",),))
            case "numbers" | "compound":
                pieces = tuple(_cut(piece) for piece in re.findall(_WORD, found))
                # 03/10 is looked for as it is written; a number in groups (SIRET, IBAN, telephone) also in one piece.
                whole = _cut("".join(pieces))
                short = match.lastgroup == "numbers" and len(whole) < SHORTEST_NUMBER
                yield Word(found, (pieces,) if short else (pieces, (whole,)))
            case _:
                month = _ENGLISH_MONTHS.get(found)
                yield Word(found, ((_cut(found),), (month,)) if month else ((_cut(found),),))


def terms(text: str, seen: dict[str, list[str]] | None = None) -> list[str]:
    """Each term of a document's text, once: the pieces of what is written in pieces, and the whole.

    ``seen`` remembers the parts (between `` ; ``) met before: days and amounts come again and again. It holds personal
    words, so it must not outlive the call that made it.
    """
    seen = {} if seen is None else seen
    found: dict[str, None] = {}
    for part in text.split(BETWEEN):
        known = seen.get(part)
        if known is None:
            known = seen[part] = [
                term
                for word in words(part)
                for form in (word.forms[:1] if word.typed in _ENGLISH_MONTHS else word.forms)
                for term in form
            ]
        found.update(dict.fromkeys(known))
    return list(found)


def day_words(day: str) -> str:
    """``2026-10-03`` as ``3 octobre 2026``, folded; empty when it is no date."""
    try:
        year, month, number = (int(part) for part in day.split("-"))
        return f"{number} {MONTHS[month - 1]} {year:04d}" if 1 <= month <= len(MONTHS) else ""
    except ValueError:
        return ""


def amount_words(cents: int) -> str:
    """An amount in cents as it may be typed: ``64000`` gives ``640,00 640``, ``7418`` gives ``74,18``."""
    whole, rest = divmod(cents, 100)
    return f"{whole},{rest:02d}" if rest else f"{whole},00{BETWEEN}{whole}"


def _cut(word: str) -> str:
    return word[:MOST_LETTERS]


def _day_terms(match: re.Match[str]) -> tuple[str, ...]:
    year, month, number = (match["y"] or match["y2"]), (match["m"] or match["m2"]), (match["d"] or match["d2"])
    name = MONTHS[int(month) - 1] if 1 <= int(month) <= len(MONTHS) else month
    return str(int(number)), name, year
