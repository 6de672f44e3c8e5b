"""From bytes to lines and cells: the encoding of a CSV file, its lines, and the names of its columns."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal

LONGEST_LINE = 10_000
"""Characters; a longer line is no line of these formats, and splitting it could cost much memory."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{0,6})?")
_OTHER = re.compile(r"[^a-z0-9]+")
_METER = re.compile(r"(?<![0-9])[0-9]{14}(?![0-9])")
_BLANKS = str.maketrans("", "", " \u00a0\u202f")


class CellError(ValueError):
    """One cell cannot be read. ``code`` is the fault's stable code; the sentence holds no value of the file."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 when marked so, UTF-8 when it is valid, else Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # The supplier's files are Latin-1; Windows-1252 is the same for every printable character.
        return content.decode("cp1252", errors="replace")


def rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The number (from 1) and the cells of each line that is not blank; an overlong line has one empty cell."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if len(line) > LONGEST_LINE:
            yield number, [""]
        elif line.strip(" \t\r\n\ufeff;"):
            yield number, [cell.strip(" \t\r\n\ufeff\"'") for cell in line.split(";")]


def key(name: str) -> str:
    """A title or column name reduced to its bare letters and digits: ``Etape métier`` gives ``etapemetier``."""
    if name.isascii():
        return _OTHER.sub("", name.lower())
    return _OTHER.sub("", unicodedata.normalize("NFKD", name.casefold()))


def number(cell: str) -> Decimal | None:
    """The number in a cell, None when the cell is blank. Raises ``CellError`` (``bad-value``)."""
    text = cell.translate(_BLANKS)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise CellError("bad-value", "The measure on this line is not a number.")
    return Decimal(text.replace(",", "."))


def whole(measure: Decimal) -> int:
    """The nearest whole number."""
    return int(measure.to_integral_value(ROUND_HALF_EVEN))


def meter_in(text: str) -> str | None:
    """The first run of exactly 14 digits, which is what a meter number (PRM) is."""
    found = _METER.search(text)
    return found.group() if found else None
