"""The fields a 2D-Doc message may hold: how long each is, how it is written, and what it is called."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType


class Format(StrEnum):
    """How a value is written, and so how it is read; a value that does not fit its format is kept as written."""

    TEXT = "text"
    PERSON = "person"
    """``TITLE/LAST/FIRST``."""
    NAMES = "names"
    """Names separated by ``/``."""
    DAYS = "days"
    """Days since 2000-01-01, four hexadecimal digits."""
    DATE = "date"
    """``DDMMYYYY``; a day or month that is not known is ``00``."""
    DATETIME = "datetime"
    """``DDMMYYYYhhmm`` or ``DDMMYYYYhhmmss``."""
    TIME = "time"
    """``hhmm`` or ``hhmmss``."""
    AMOUNT = "amount"
    """A decimal number with a comma."""
    FLAG = "flag"
    """``1`` for yes, ``0`` for no."""
    HEX = "hex"
    BASE36 = "base36"
    BASE32 = "base32"
    """UTF-8 text in base32, because the code has no lower case."""


@dataclass(frozen=True, slots=True)
class FieldSheet:
    """One row of the table.

    ``length`` is None for a field that GS or RS ends; such a field needs neither when it is ``longest`` characters
    long, and None means that nothing but a separator ends it.
    """

    id: str
    length: int | None
    longest: int | None
    format: Format
    label_fr: str
    label_en: str


@cache
def field_sheets() -> Mapping[str, FieldSheet]:
    """Every field we know of, by its two-character identifier (ANTS, specification of 2D-Doc, annex 7).

    Only lengths on which independent readings of the specification (v3.1.3 to v3.3.9) agree are in the table: a
    wrong length would shift every field that follows. EORI numbers (D2, DH, DP, DW) end at 17 characters, as the
    specification's own examples do and European law has it, and not at the 20 of its later tables.
    """
    table = files(__package__).joinpath("fields.csv").read_text(encoding="utf-8")
    sheets = (_sheet(row) for row in csv.DictReader(table.splitlines(), delimiter=";"))
    return MappingProxyType({sheet.id: sheet for sheet in sheets})


def _sheet(row: dict[str, str]) -> FieldSheet:
    return FieldSheet(
        id=row["id"],
        length=int(row["length"]) if row["length"] else None,
        longest=int(row["longest"]) if row["longest"] else None,
        format=Format(row["format"]),
        label_fr=row["label_fr"],
        label_en=row["label_en"],
    )
