"""Days, months, instants, amounts and sizes as a person would say them, in either language."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

from cockpit.domain.moment import PARIS, parse_instant

_LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_KIB = 1024


def locale_of(language: str) -> str:
    """The locale whose habits a language follows; English readers here live in Europe, so days come first."""
    return _LOCALES.get(language, "fr_FR")


def day(language: str, text: str) -> str:
    """``2026-10-03`` as ``3 octobre 2026`` (``1er`` for the first of a month in French)."""
    return _ordinal(language, format_date(date.fromisoformat(text[:10]), "d MMMM y", locale_of(language)))


def weekday(language: str, text: str) -> str:
    """``2026-10-03`` as ``samedi 3 octobre 2026``."""
    return format_date(date.fromisoformat(text[:10]), "EEEE d MMMM y", locale_of(language))


def short_day(language: str, text: str) -> str:
    """``2026-10-03`` as ``3 oct. 2026``, for tables."""
    return format_date(date.fromisoformat(text[:10]), "d MMM y", locale_of(language))


def day_month(language: str, text: str) -> str:
    """``2026-10-03`` as ``3 oct.``, where the year is said elsewhere."""
    return format_date(date.fromisoformat(text[:10]), "d MMM", locale_of(language))


def month(language: str, text: str) -> str:
    """``2026-10`` as ``octobre 2026``."""
    return format_date(date.fromisoformat(f"{text[:7]}-01"), "MMMM y", locale_of(language))


def short_month(language: str, text: str) -> str:
    """``2026-10`` as ``oct.``, for an axis."""
    return format_date(date.fromisoformat(f"{text[:7]}-01"), "LLL", locale_of(language))


def instant_day(text: str) -> str:
    """The day, Europe/Paris, of a UTC instant ``YYYY-MM-DDTHH:MM:SSZ``."""
    return local(text).date().isoformat()


def clock_time(language: str, text: str) -> str:
    """The time, Europe/Paris, of a UTC instant: ``14:05``."""
    return format_time(local(text), "HH:mm", locale=locale_of(language))


def moment(language: str, text: str) -> str:
    """A UTC instant as ``3 octobre 2026 à 14:05``."""
    joint = " at " if language == "en" else " à "
    return day(language, instant_day(text)) + joint + clock_time(language, text)


def local(text: str) -> datetime:
    """A UTC instant in Europe/Paris. Raises ``ValueError``."""
    return parse_instant(text).astimezone(PARIS)


def amount(language: str, value: Decimal | str, currency: str) -> str:
    """``-1234.5`` in ``EUR`` as ``-1 234,50 €``; without a currency, the number with two decimals."""
    number = Decimal(value)
    if not currency:
        return format_decimal(number, "#,##0.00", locale=locale_of(language))
    return format_currency(number, currency, locale=locale_of(language))


def number(language: str, value: Decimal | int | str) -> str:
    """A number with its thousands grouped."""
    return format_decimal(Decimal(value), locale=locale_of(language))


def size(language: str, count: int) -> str:
    """A number of bytes as ``312 Ko`` or ``1,4 Mo``."""
    kilo, mega = ("KB", "MB") if language == "en" else ("Ko", "Mo")
    if count < _KIB * _KIB:
        return f"{number(language, max(1, round(count / _KIB)))}\u00a0{kilo}"
    return f"{format_decimal(Decimal(count) / (_KIB * _KIB), '#,##0.#', locale=locale_of(language))}\u00a0{mega}"


def _ordinal(language: str, text: str) -> str:
    return f"1er{text[1:]}" if language == "fr" and text.startswith("1 ") else text
