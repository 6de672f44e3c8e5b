"""A document gets a small picture, and a hostile one gets none: the parent never decodes it."""

from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from cockpit.sources import preview as previews
from cockpit.sources import wire
from cockpit.sources.depict import LONGEST_SIDE
from cockpit.sources.preview import LIMITS, PREVIEW_BYTES, media_type_of, preview


def pdf() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842))
    canvas.setFillColorRGB(1, 0, 0)
    canvas.rect(0, 421, 595, 421, stroke=0, fill=1)
    canvas.save()
    return out.getvalue()


def picture(format_: str, size: tuple[int, int] = (1000, 500), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, format_, **options)
    return out.getvalue()


def shown(content: bytes) -> Image.Image:
    made = preview(content)
    assert made is not None and len(made) < PREVIEW_BYTES
    return Image.open(io.BytesIO(made), formats=["WEBP"])


def test_a_pdf_shows_its_first_page() -> None:
    image = shown(pdf()).convert("RGB")
    assert max(image.size) == LONGEST_SIDE
    red, white = image.getpixel((100, 50)), image.getpixel((100, 400))
    assert isinstance(red, tuple) and isinstance(white, tuple)
    assert red[0] > 240 and red[1] < 20
    assert min(white) > 240


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_picture_shows_itself_smaller(format_: str) -> None:
    assert shown(picture(format_)).size == (480, 240)


def test_a_photo_is_turned_upright_and_its_metadata_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: to be turned by a quarter.
    exif[0x010F] = "KANARIENVOGEL"  # The device's maker.
    content = picture("JPEG", exif=exif)
    assert b"KANARIENVOGEL" in content
    made = preview(content)
    assert made is not None and b"KANARIENVOGEL" not in made
    assert Image.open(io.BytesIO(made)).size == (240, 480)


@pytest.mark.parametrize("content", [b"", b"text", b"OFXHEADER:100", b"\0\1\2"])
def test_what_is_no_page_has_no_picture(content: bytes) -> None:
    assert preview(content) is None


def bomb() -> bytes:
    """A PNG of a few hundred kilobytes that says it holds 50 000 x 50 000 pixels."""

    def part(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(bytes(10**7))) + part(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"%PDF-1.7\n" + b"\xff" * 5000, id="no PDF"),
        pytest.param(pdf()[:300], id="cut PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * 500, id="no PNG"),
        pytest.param(picture("JPEG")[:200], id="cut JPEG"),
        pytest.param(bomb(), id="bomb"),
    ],
)
def test_a_hostile_file_has_no_picture_and_hurts_nobody(content: bytes) -> None:
    assert preview(content) is None


@pytest.mark.parametrize(
    "tight",
    [{"memory_bytes": 20 * 1024 * 1024}, {"wall_seconds": 0.0}, {"output_bytes": 10}],
    ids=["memory", "time", "output"],
)
def test_a_limit_met_gives_no_picture(tight: dict[str, Any]) -> None:
    assert preview(pdf(), dataclasses.replace(LIMITS, **tight)) is None


@pytest.mark.parametrize("given", [b"<html>", b"RIFF....WEBP" + bytes(PREVIEW_BYTES)], ids=["other type", "too big"])
def test_a_child_taken_over_cannot_pass_anything_else_off_as_a_picture(
    given: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def frames(_: object) -> list[wire.Frame]:
        return [wire.Depicted(given), wire.Done()]

    monkeypatch.setattr(previews.Child, "frames", frames)
    assert preview(pdf()) is None


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", "application/octet-stream"),
        ("Date;Montant\r\n1er\tœuf".encode(), "text/plain"),
        (b"", "application/octet-stream"),
        (b"PK\x03\x04", "application/zip"),
    ],
)
def test_the_first_bytes_tell_the_type(content: bytes, media_type: str) -> None:
    assert media_type_of(content) == media_type
