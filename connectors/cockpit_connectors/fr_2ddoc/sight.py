"""Look at one picture for DataMatrix codes, and know when a file has been looked at for long enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import zxingcpp
from PIL import Image

from cockpit.sources.port import Fault, FaultKind

MOST_PAGES = 40
"""Pages of a PDF, or frames of a TIFF, that are looked at."""

MOST_PIXELS = 40_000_000
"""The largest page or image looked at: 40 megapixels, an A4 page at 600 dots an inch or a large photograph."""

MOST_LOOKED = 640_000_000
"""Pixels looked at in one file, all sizes together: enough for 40 scanned A4 pages, and under a minute of noise."""


_DATA_MATRIX = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix)


@dataclass(frozen=True, slots=True)
class Found:
    """One DataMatrix: the bytes it holds, and the page it is on."""

    payload: bytes
    place: str


class Patience:
    """How many pixels may still be looked at; the time a file takes grows with them."""

    def __init__(self) -> None:
        self._left = MOST_LOOKED

    def spend(self, pixels: int) -> bool:
        """Whether an image of so many pixels may be looked at; if so, it is counted."""
        if pixels > self._left:
            return False
        self._left -= pixels
        return True

    def is_fresh(self) -> bool:
        """Whether more than half is left."""
        return 2 * self._left > MOST_LOOKED


def look(image: Image.Image, seen: set[bytes], place: str) -> Iterator[Found]:
    """Every DataMatrix in view that ``seen`` does not hold yet, in any direction, dark on light or light on dark."""
    for code in zxingcpp.read_barcodes(image, formats=_DATA_MATRIX):
        # The signature covers bytes; the library's text would be a guess at their encoding.
        payload = bytes(code.bytes)
        if payload not in seen:
            seen.add(payload)
            yield Found(payload, place)


def more_pages() -> Fault:
    """There are pages beyond those that are looked at."""
    sentence = f"The file has more than {MOST_PAGES} pages; only the first {MOST_PAGES} were looked at."
    return Fault(FaultKind.TOO_BIG, "too-many-pages", sentence)


def too_long(place: str) -> Fault:
    """Patience ran out."""
    sentence = "Looking at all of the file would take too long; it was left at this page."
    return Fault(FaultKind.TOO_BIG, "too-long-to-look-at", sentence, place)
