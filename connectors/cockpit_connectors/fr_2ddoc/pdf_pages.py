"""The codes on the pages of a PDF: each page is rendered and looked at, at several sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pypdfium2

from cockpit.sources.port import Fault, FaultKind

from .sight import MOST_PAGES, MOST_PIXELS, Found, Patience, look, more_pages, too_long

PAGE_DPI = (150, 300, 400)
"""At each of these a page is rendered; a code lost at one is read at another, and small ones need the last.

The last costs more than the others together, so only the first half of the pixels of a file may go to it.
"""

PASSWORD_NEEDED = 4
"""FPDF_ERR_PASSWORD of PDFium's public header ``fpdfview.h``."""


class _OutOfPatience(Exception):
    """Looking on would take too long; never leaves this module."""


def scan_pdf(content: bytes) -> Iterator[Found | Fault]:
    """Every DataMatrix of a PDF, page by page, and the pages that could not be looked at. Never raises."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        yield _unopened(error)
        return
    try:
        yield from _pages(document)
    finally:
        document.close()


def _unopened(error: pypdfium2.PdfiumError) -> Fault:
    if error.err_code == PASSWORD_NEEDED:
        sentence = "The PDF needs a password. Save a copy without one and bring that."
        return Fault(FaultKind.UNSUPPORTED, "pdf-encrypted", sentence)
    sentence = "The PDF is damaged and cannot be opened. Download it again."
    return Fault(FaultKind.UNSUPPORTED, "pdf-unreadable", sentence)


def _pages(document: pypdfium2.PdfDocument) -> Iterator[Found | Fault]:
    patience = Patience()
    for number in range(len(document)):
        place = f"page {number + 1}"
        if number == MOST_PAGES:
            yield more_pages()
            return
        try:
            yield from _page(document, number, place, patience)
        except _OutOfPatience:
            yield too_long(place)
            return
        except (pypdfium2.PdfiumError, ValueError, MemoryError):
            yield Fault(FaultKind.BAD_LINE, "page-unreadable", "A page of the PDF cannot be shown.", place)


def _page(document: pypdfium2.PdfDocument, number: int, place: str, patience: Patience) -> Iterator[Found]:
    page = document[number]
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise ValueError("a page without a size")
    largest = math.sqrt(MOST_PIXELS / (width * height))
    seen: set[bytes] = set()
    for dpi in PAGE_DPI:
        if dpi == PAGE_DPI[-1] and not patience.is_fresh():
            return
        scale = min(dpi / 72, largest)
        if not patience.spend(int(width * height * scale * scale)):
            raise _OutOfPatience
        yield from look(page.render(scale=scale, grayscale=True).to_pil(), seen, place)
        if scale == largest:
            return
