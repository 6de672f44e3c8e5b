"""The invoice inside a PDF: an XML file attached to it under one of a few agreed names."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import DictionaryObject

from cockpit.sources.port import Fault, FaultKind

from .specifications import content as content_of
from .specifications import specifications

INVOICE_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
"""Factur-X 1.0 and ZUGFeRD 2 (§6.2.2 of the specification), best first; compared without regard to case.

``ZUGFeRD-invoice.xml``, the name of version 1.0, is the second in capitals.
"""

ORDER_NAME = "order-x.xml"
MARKS = (*INVOICE_NAMES, ORDER_NAME)

MOST_XML_BYTES = 16 * 1024 * 1024

BROKEN_PDF = (
    PyPdfError,
    DependencyError,
    OSError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What pypdf is known to raise on damaged files, recursion without end included."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attached XML file and the agreed name it bears, in lower case."""

    name: str
    content: bytes


def is_pdf(head: bytes) -> bool:
    """Whether a file begins as a PDF does: its mark within the first 1,024 bytes, as readers accept it.

    A file that begins as XML does is none, whatever its comments quote.
    """
    blank_free = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return b"%PDF-" in head[:1024] and not blank_free.startswith((b"<?xml", b"<!--"))


def is_marked(content: bytes) -> bool:
    """Whether the bytes name an invoice or an order in clear, as uncompressed file specifications and XMP do."""
    lowered = content.lower()
    return any(mark.encode("ascii") in lowered for mark in MARKS)


def attached_invoice(content: bytes) -> Attachment | Fault:
    """The invoice a PDF carries, or why there is none. Never raises."""
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            sentence = "The PDF needs a password. Save a copy without one and bring that."
            return Fault(FaultKind.UNSUPPORTED, "pdf-encrypted", sentence)
        found = _attachments(reader)
    except BROKEN_PDF:
        if is_marked(content):
            return _unreadable()
        # Others may still see the pages of a PDF whose attachments cannot be listed.
        sentence = "The PDF is damaged and names no invoice."
        return Fault(FaultKind.UNSUPPORTED, "no-invoice-inside", sentence)
    return _chosen(found)


def _attachments(reader: PdfReader) -> dict[str, bytes | None]:
    """The attached files that bear an agreed name, None for one that cannot be taken out."""
    found: dict[str, bytes | None] = {}
    for names, specification in specifications(reader):
        for name in names.intersection(MARKS):
            # A second file of the same name counts only where the first is lost.
            if found.get(name) is None:
                found[name] = _content(specification)
    return found


def _content(specification: DictionaryObject) -> bytes | None:
    try:
        whole = content_of(specification)
    except BROKEN_PDF:
        return None
    return whole[: MOST_XML_BYTES + 1] if whole is not None else None


def _chosen(found: dict[str, bytes | None]) -> Attachment | Fault:
    for name in INVOICE_NAMES:
        document = found.get(name)
        if document is not None:
            return Attachment(name, document)
    if found.keys() & set(INVOICE_NAMES):
        return _unreadable()
    if found:
        return order_not_invoice(ORDER_NAME)
    sentence = "The PDF carries no invoice that a program can read. Ask the seller for the Factur-X file."
    return Fault(FaultKind.UNSUPPORTED, "no-invoice-inside", sentence)


def _unreadable() -> Fault:
    sentence = "The PDF is damaged: its invoice cannot be taken out. Download it again."
    return Fault(FaultKind.UNSUPPORTED, "pdf-unreadable", sentence)


def order_not_invoice(place: str) -> Fault:
    """An Order-X file: what was ordered, not what is owed."""
    sentence = "The file is an order, not an invoice; orders are not read."
    return Fault(FaultKind.UNSUPPORTED, "order-not-invoice", sentence, place)
