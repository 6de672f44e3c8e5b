"""Which kind of file this is, and the DataMatrix codes in it."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.sources.port import Fault, FaultKind

from .image_frames import scan_image
from .pdf_pages import scan_pdf
from .sight import Found

_IMAGE_MARKS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")


def is_pdf(head: bytes) -> bool:
    """Whether a file begins as a PDF does, its mark within the first 1,024 bytes as readers accept it."""
    return b"%PDF-" in head[:1024]


def is_image(head: bytes) -> bool:
    """Whether a file begins as a PNG, JPEG, TIFF or WebP does."""
    return head.startswith(_IMAGE_MARKS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def scan(content: bytes) -> Iterator[Found | Fault]:
    """Every DataMatrix of a file, page by page, and what could not be looked at. Never raises."""
    if is_image(content):
        yield from scan_image(content)
    elif is_pdf(content):
        yield from scan_pdf(content)
    else:
        sentence = "The file is neither a PDF nor a PNG, JPEG, TIFF or WebP image."
        yield Fault(FaultKind.UNSUPPORTED, "not-a-page", sentence)
