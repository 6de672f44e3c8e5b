"""Dates, amounts and words of a statement, in the one form they have in records."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[0-9T:.,+\-Z ]{0,24})(?:\[[^\]]{0,30}\]?)?")
_AMOUNT = re.compile(r"([+-]?)([0-9]{1,15}|[0-9]{1,3}(?:[.,'][0-9]{3}){1,4})?(?:([.,])([0-9]{0,8}))?")
_BLANKS = str.maketrans("", "", " \u00a0\u202f")
_CURRENCY = re.compile(r"[A-Z]{3}")
_FIRST_YEAR, _LAST_YEAR = 1970, 2099


def day(text: str) -> str | None:
    """``YYYY-MM-DD`` of an OFX date (OFX §3.2.8.2), or None when it is none.

    The day is the one written, which is the bank's own: the time and the zone in brackets do not move it.
    """
    found = _DATE.fullmatch(text)
    if not found or not _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


def amount(text: str) -> str | None:
    """A decimal string with at least two decimals and no needless zero (``-12.34``, ``120.00``), or None.

    The decimal mark is a point or a comma (OFX §3.2.9.1). Thousands in groups of three, which the format
    advises against and some banks write, are read only when the decimals follow or the group mark is repeated.
    """
    found = _AMOUNT.fullmatch(text.translate(_BLANKS).replace("\u2212", "-"))
    if not found or not (found[2] or found[4]):
        return None
    sign, whole, mark, cents = found[1], found[2] or "0", found[3], (found[4] or "").rstrip("0")
    groups = set(whole) & set(".,'")
    if len(groups) > 1 or mark in groups:
        return None
    number = Decimal(f"{sign}{re.sub('[^0-9]', '', whole)}.{cents.ljust(2, '0')}")
    return f"{number:f}" if number else "0.00"


def currency(text: str | None) -> str | None:
    """An ISO 4217 code in capitals, or None."""
    code = (text or "").upper()
    return code if _CURRENCY.fullmatch(code) else None


def bare(label: str) -> str:
    """A label without case and with single blanks, for keys only."""
    return " ".join(label.casefold().split())
