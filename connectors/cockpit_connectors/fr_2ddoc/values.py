"""What a field's text says: days as ISO dates, amounts with a point, names in reading order."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date, time, timedelta

from cockpit.domain.record import Json

from .fields import Format

DAY_ZERO = date(2000, 1, 1)

_AMOUNT = re.compile(r"(-?)0*(\d+)(?:,(\d+))?", re.ASCII)
_DATE = re.compile(r"(\d{2})(\d{2})(\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})?", re.ASCII)
_HEX = re.compile(r"[0-9A-F]+")
_BASE36 = re.compile(r"[0-9A-Z]+")


def readable(written: str, format_: Format) -> Json:
    """The value as a record keeps it: text, or True and False for a flag; as written when it is not of its format."""
    value = _READERS[format_](written) if written else None
    return written if value is None else value


def day_of_hex(written: str) -> date | None:
    """The day that four hexadecimal digits count from 2000-01-01; None for ``FFFF`` (no date) and for no number."""
    if len(written) != 4 or not _HEX.fullmatch(written) or written == "FFFF":
        return None
    return DAY_ZERO + timedelta(days=int(written, 16))


def amount(written: str) -> str | None:
    """``0157,50`` as ``157.50``, with the decimals that are written; None for no number."""
    found = _AMOUNT.fullmatch(written)
    if not found:
        return None
    sign, whole, decimals = found.groups()
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def iso_date(written: str) -> str | None:
    """``DDMMYYYY`` as ``YYYY-MM-DD``, or as ``YYYY-MM`` or ``YYYY`` when the day or the month is ``00``."""
    found = _DATE.fullmatch(written)
    if not found:
        return None
    day, month, year = found.groups()
    try:
        known = date(int(year), int(month) or 1, int(day) or 1).isoformat()
    except ValueError:
        return None
    if month == "00":
        return known[:4] if day == "00" else None
    return known[:7] if day == "00" else known


def person(written: str) -> str:
    """``TITLE/LAST/FIRST`` in reading order: title, first name, last name. A name without slashes stays as it is."""
    parts = [part.strip() for part in written.split("/")]
    if len(parts) == 3:
        title, last, first = parts
        parts = [title, first, last]
    return " ".join(part for part in parts if part)


def _names(written: str) -> str:
    return ", ".join(part.strip() for part in written.split("/") if part.strip())


def _days(written: str) -> str | None:
    day = day_of_hex(written)
    return day.isoformat() if day else None


def _time(written: str) -> str | None:
    found = _TIME.fullmatch(written)
    if not found:
        return None
    said = ":".join(part for part in found.groups() if part)
    try:
        time.fromisoformat(said)
    except ValueError:
        return None
    return said


def _datetime(written: str) -> str | None:
    day, hour = iso_date(written[:8]), _time(written[8:])
    return f"{day} {hour}" if day and hour else None


def _flag(written: str) -> bool | None:
    return {"0": False, "1": True}.get(written)


def _hex(written: str) -> str | None:
    return str(int(written, 16)) if _HEX.fullmatch(written) else None


def _base36(written: str) -> str | None:
    return str(int(written, 36)) if _BASE36.fullmatch(written) else None


def _base32(written: str) -> str | None:
    try:
        return base64.b32decode(written + "=" * (-len(written) % 8)).decode("utf-8")
    except ValueError:
        return None


_READERS: dict[Format, Callable[[str], Json]] = {
    Format.TEXT: str.strip,
    Format.PERSON: person,
    Format.NAMES: _names,
    Format.DAYS: _days,
    Format.DATE: iso_date,
    Format.DATETIME: _datetime,
    Format.TIME: _time,
    Format.AMOUNT: amount,
    Format.FLAG: _flag,
    Format.HEX: _hex,
    Format.BASE36: _base36,
    Format.BASE32: _base32,
}
