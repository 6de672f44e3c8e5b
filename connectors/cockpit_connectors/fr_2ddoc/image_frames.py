"""The codes of a photograph or a scan: each frame is looked at as it is, and resized."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from cockpit.sources.port import Fault, FaultKind

from .sight import MOST_PAGES, MOST_PIXELS, Found, Patience, look, more_pages, too_long

IMAGE_SIDES = (1200, 2400, 4800)
"""An image is also looked at with its longer side brought to each of these lengths, in pixels."""

IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")

_BROKEN_IMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders are known to raise on damaged files; each means the same to the person."""


class _PageBroken(Exception):
    """One of several pages cannot be decoded, and the others may still be; never leaves this module."""


def scan_image(content: bytes) -> Iterator[Found | Fault]:
    """Every DataMatrix of an image, frame by frame, and what could not be looked at. Never raises."""
    try:
        with _only_bombs():
            image = Image.open(io.BytesIO(content), formats=IMAGE_FORMATS)
        with image:
            yield from _frames(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        yield _too_many_pixels("page 1")
    except _BROKEN_IMAGE:
        sentence = "The image is damaged and cannot be opened. Take or download it again."
        yield Fault(FaultKind.UNSUPPORTED, "image-unreadable", sentence)


@contextmanager
def _only_bombs() -> Iterator[None]:
    """Pillow warns of odd metadata, which is nothing, and of a small file that unfolds into an enormous image."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _frames(image: Image.Image) -> Iterator[Found | Fault]:
    patience = Patience()
    for number in range(MOST_PAGES):
        place = f"page {number + 1}"
        try:
            frame = _frame(image, number, place)
        except _PageBroken:
            yield Fault(FaultKind.BAD_LINE, "page-unreadable", "A page of the image cannot be shown.", place)
            continue
        if frame is None:
            return
        if isinstance(frame, Fault):
            yield frame
            continue
        seen: set[bytes] = set()
        for picture in (frame, *_resized(frame)):
            if not patience.spend(picture.width * picture.height):
                yield too_long(place)
                return
            yield from look(picture, seen, place)
    if _has_page(image, MOST_PAGES):
        yield more_pages()


def _frame(image: Image.Image, number: int, place: str) -> Image.Image | Fault | None:
    """One frame in shades of gray; a fault when it is too large, None after the last."""
    with _only_bombs():
        try:
            image.seek(number)
        except EOFError:
            return None
        if image.width * image.height > MOST_PIXELS:
            return _too_many_pixels(place)
        try:
            return _gray(image)
        except _BROKEN_IMAGE as error:
            if number == 0 and not _has_page(image, 1):
                # An image of one page is damaged as a whole.
                raise
            raise _PageBroken from error


def _has_page(image: Image.Image, number: int) -> bool:
    """Whether there is a page of this number, counted from 0; it is not decoded."""
    with _only_bombs():
        try:
            image.seek(number)
        except EOFError:
            return False
        return True


def _gray(frame: Image.Image) -> Image.Image:
    """The frame in shades of gray; what is transparent becomes white, as paper is."""
    if "A" not in frame.getbands() and "transparency" not in frame.info:
        return frame.convert("L")
    layer = frame.convert("RGBA")
    paper = Image.new("L", frame.size, 255)
    paper.paste(layer.convert("L"), mask=layer.getchannel("A"))
    return paper


def _resized(image: Image.Image) -> Iterator[Image.Image]:
    longer = max(image.size)
    for side in IMAGE_SIDES:
        # Beyond three times its size a small picture gains nothing.
        if side != longer and side <= 3 * longer:
            size = (max(1, image.width * side // longer), max(1, image.height * side // longer))
            yield image.resize(size, Image.Resampling.BICUBIC)


def _too_many_pixels(place: str) -> Fault:
    sentence = f"The image has more than {MOST_PIXELS // 1_000_000} million pixels. Bring a smaller one."
    return Fault(FaultKind.TOO_BIG, "image-too-big", sentence, place)
