"""PDFs, scans and photographs: codes are found wherever they are, and files that fight back end in typed faults."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter, TiffImagePlugin
from pypdf import PdfReader, PdfWriter

from cockpit.domain.record import Verification
from cockpit.sources.port import Fault, FaultKind
from cockpit_connectors.fr_2ddoc import connector as module
from cockpit_connectors.fr_2ddoc import sight
from cockpit_connectors.fr_2ddoc.connector import MOST_BYTES
from cockpit_connectors.fr_2ddoc.scan import is_image, is_pdf
from cockpit_connectors.fr_2ddoc.sight import MOST_LOOKED, MOST_PAGES, MOST_PIXELS, Patience

from .specimens import TEST_CERTIFICATE, barcode, data_matrix, outcomes, paper, picture, pulled, signed_code, vector

NOTICE = paper([[vector("04")]])
PERSONAL = ("RETI", "PATRICK", "63198", "2278012345678", "SPECIMEN")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def read(content: bytes, *certificates: bytes) -> list[tuple[str, str | None, Verification]]:
    """The kind, place and verification of each record; no fault is expected."""
    records, faults = pulled(content, *certificates)
    assert faults == []
    return [(each.kind, each.provenance.place, each.provenance.verification) for each in records]


def codes(content: bytes) -> list[tuple[FaultKind, str, str | None]]:
    """The faults of a file that gives no record."""
    records, faults = pulled(content, TEST_CERTIFICATE)
    assert records == []
    for fault in faults:
        assert not any(word in fault.message for word in PERSONAL)
    return [(fault.kind, fault.code, fault.place) for fault in faults]


@pytest.mark.parametrize("cell_mm", [0.254, 0.3, 0.42, 0.508, 0.847])
def test_cells_of_many_sizes_on_paper(cell_mm: float) -> None:
    assert read(paper([[vector("04")]], cell_mm)) == [("tax.notice", "page 1", Verification.UNKNOWN_CERTIFICATE)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("angle", [0, 7, 90, 180, 200, 270, 315])
def test_photographs_at_any_angle(kind: str, angle: int) -> None:
    found = read(picture(vector("01"), kind, angle=angle), TEST_CERTIFICATE)
    assert found == [("home.dwelling", "page 1", Verification.VALID)]


@pytest.mark.parametrize("cell", [2, 3, 5])
def test_photographs_small_and_large(cell: int) -> None:
    assert len(read(picture(vector("01"), "PNG", cell=cell))) == 1


def test_a_blurred_noisy_photograph() -> None:
    sheet = Image.open(io.BytesIO(picture(vector("01"), "PNG", cell=5))).convert("RGB")
    noise = Image.effect_noise(sheet.size, 40).convert("RGB")
    photo = Image.blend(sheet.filter(ImageFilter.GaussianBlur(1.2)), noise, 0.2)
    assert len(read(saved(photo, "JPEG", quality=60))) == 1


def test_light_on_dark_and_transparent() -> None:
    code = data_matrix(vector("01"))
    dark = Image.eval(code, lambda value: 255 - value)
    assert len(read(saved(dark, "PNG"))) == 1
    ink = Image.new("RGBA", code.size, (0, 0, 0, 0))
    ink.paste((0, 0, 0, 255), mask=Image.eval(code, lambda value: 255 - value))
    assert len(read(saved(ink, "PNG"))) == 1
    assert len(read(saved(code.convert("P"), "PNG", transparency=250))) == 1


def test_several_codes_on_a_page_and_on_several_pages() -> None:
    content = paper([[vector("A7"), vector("B1"), vector("00")], [], [vector("04")]])
    found = read(content, TEST_CERTIFICATE)
    assert sorted(found[:3]) == [
        ("attestation.signed", "page 1", Verification.EXPIRED),
        ("attestation.signed", "page 1", Verification.EXPIRED),
        ("home.dwelling", "page 1", Verification.VALID),
    ]
    assert found[3:] == [("tax.notice", "page 3", Verification.EXPIRED)]


def test_the_same_code_twice_is_one_record() -> None:
    assert read(paper([[vector("04")], [vector("04"), vector("04")]])) == [
        ("tax.notice", "page 1", Verification.UNKNOWN_CERTIFICATE)
    ]


def test_frames_of_a_scan_are_pages() -> None:
    frames = [data_matrix(vector(each)) for each in ("00", "01")]
    content = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert [place for _, place, _ in read(content)] == ["page 1", "page 2"]


def damaged_scan(frames: list[Image.Image], damaged: int) -> bytes:
    """A TIFF of these pages, in which the pixels of one are overwritten."""
    content = bytearray(saved(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="tiff_lzw"))
    with Image.open(io.BytesIO(content)) as scan:
        assert isinstance(scan, TiffImagePlugin.TiffImageFile)
        scan.seek(damaged)
        offsets, sizes = (scan.tag_v2[tag] for tag in (TiffImagePlugin.STRIPOFFSETS, TiffImagePlugin.STRIPBYTECOUNTS))
    for offset, size in zip(offsets, sizes, strict=True):
        content[offset : offset + size] = b"\xff" * size
    return bytes(content)


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_a_damaged_page_of_a_scan_does_not_hide_the_others(damaged: int) -> None:
    content = damaged_scan([data_matrix(vector(each)) for each in ("00", "01", "04")], damaged)
    records, faults = pulled(content, TEST_CERTIFICATE)
    others = [f"page {number + 1}" for number in range(3) if number != damaged]
    assert [each.provenance.place for each in records] == others
    assert [(each.kind, each.code, each.place) for each in faults] == [
        (FaultKind.BAD_LINE, "page-unreadable", f"page {damaged + 1}")
    ]


def test_a_damaged_page_beyond_the_limit_is_only_one_too_many() -> None:
    pages = [Image.new("L", (20, 20), 255)] * (MOST_PAGES + 1)
    assert codes(damaged_scan(pages, MOST_PAGES)) == [(FaultKind.TOO_BIG, "too-many-pages", None)]


def test_a_text_signed_twice_is_one_record() -> None:
    """ECDSA signatures of one text differ, and the annex is not signed: neither makes another datum."""
    first, again = (signed_code("03", "34FR090012") for _ in range(2))
    assert first != again
    with_annex = first + b"\x1d25PARIS\x1d"
    found = read(paper([[first, again], [with_annex]]), TEST_CERTIFICATE)
    assert found == [("attestation.signed", "page 1", Verification.VALID)]


def test_an_altered_code_is_shown_and_said() -> None:
    altered = vector("04").replace(b"4163198", b"4163298")
    records, faults = pulled(picture(altered, "PNG"), TEST_CERTIFICATE)
    assert [each.provenance.verification for each in records] == [Verification.INVALID]
    assert records[0].data["reference_income"] == "63298"
    assert [(each.kind, each.code, each.place) for each in faults] == [
        (FaultKind.BAD_LINE, "signature-invalid", "page 1")
    ]


def test_no_forgery_takes_the_place_of_the_true_notice() -> None:
    """The store replaces a record by one of the same key; a forged notice must have another."""
    true, reread = (pulled(picture(vector("04"), kind), TEST_CERTIFICATE)[0][0] for kind in ("PNG", "WEBP"))
    assert true.source_key == reread.source_key
    unproved = pulled(picture(vector("04"), "PNG"))[0][0]
    assert unproved.source_key == true.source_key
    text, _, signature = vector("04").partition(b"\x1f")
    forged = [
        vector("04").replace(b"4163198", b"4163298"),
        text + b"\x1f" + signature[::-1].replace(signature[-1:], b"A", 1)[:102] + b"A",
        vector("04").replace(b"FR000001", b"FR000002"),
    ]
    keys = {pulled(picture(each, "PNG"), TEST_CERTIFICATE)[0][0].source_key for each in forged}
    assert len(keys | {true.source_key}) == 4


def test_an_unreadable_code_does_not_hide_the_others() -> None:
    broken = vector("B1").replace(b"BK18", b"ZK18")
    records, faults = pulled(paper([[broken], [vector("04")]]))
    assert [each.kind for each in records] == ["tax.notice"]
    assert [(each.kind, each.code, each.place) for each in faults] == [(FaultKind.BAD_LINE, "unknown-field", "page 1")]


def test_other_barcodes_are_passed_over() -> None:
    square = Image.new("L", (700, 400), 255)
    square.paste(data_matrix(b"010345312000001117120508"), (20, 20))
    square.paste(barcode(vector("01"), zxingcpp.BarcodeFormat.QRCode, 4), (300, 20))
    assert codes(saved(square, "PNG")) == [(FaultKind.UNSUPPORTED, "no-2ddoc-found", None)]


def test_a_code_we_do_not_read_is_named_and_not_taken_for_none() -> None:
    first = vector("B1").replace(b"DC04", b"DC01")
    assert codes(picture(first, "PNG")) == [(FaultKind.UNSUPPORTED, "unsupported-code-version", "page 1")]


def test_a_bad_trusted_certificate_is_said_and_proves_nothing() -> None:
    records, faults = pulled(picture(vector("01"), "PNG"), TEST_CERTIFICATE, b"not a certificate")
    assert [each.provenance.verification for each in records] == [Verification.UNKNOWN_CERTIFICATE]
    assert [each.code for each in faults] == ["bad-trusted-certificate"]
    # A file that holds no code is not the moment to speak of certificates.
    assert [each.code for each in pulled(paper([[]]), b"not a certificate")[1]] == ["no-2ddoc-found"]


def protected(content: bytes, person: str, owner: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(person, owner, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_with_a_password() -> None:
    assert codes(protected(NOTICE, "secret", "owner")) == [(FaultKind.UNSUPPORTED, "pdf-encrypted", None)]
    # Many papers are only protected against changes: they open without a password.
    assert len(read(protected(NOTICE, "", "owner"))) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"%PDF-1.7", "pdf-unreadable"),
        (NOTICE[:200], "pdf-unreadable"),
        (b"%PDF-1.7\n" + b"\x00" * 5000, "pdf-unreadable"),
        (b"\x89PNG\r\n\x1a\n", "image-unreadable"),
        (b"\xff\xd8\xff", "image-unreadable"),
        (b"II*\x00" + b"\xff" * 40, "image-unreadable"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image-unreadable"),
        (b"just some words", "not-a-page"),
        (b"GIF89a" + bytes(40), "not-a-page"),
    ],
)
def test_files_that_cannot_be_opened_say_so(content: bytes, code: str) -> None:
    assert codes(content) == [(FaultKind.UNSUPPORTED, code, None)]


def test_a_file_that_is_too_large() -> None:
    assert codes(b"%PDF-" + bytes(MOST_BYTES)) == [(FaultKind.TOO_BIG, "file-too-big", None)]


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size; its pixels are zeros and compress to nearly nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = zlib.compress(bytes(min(height * (width // 8 + 2), 30_000_000)), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_000, 12_000, 100_000])
def test_an_image_that_unfolds_without_end(side: int) -> None:
    content = png_of(side, side)
    assert side * side > MOST_PIXELS
    assert len(content) < 100_000
    assert codes(content) == [(FaultKind.TOO_BIG, "image-too-big", "page 1")]


def blank_pdf(count: int, width: float = 60, height: float = 60) -> bytes:
    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(width, height)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pages_beyond_the_limit_are_said() -> None:
    assert codes(blank_pdf(MOST_PAGES)) == [(FaultKind.UNSUPPORTED, "no-2ddoc-found", None)]
    assert codes(blank_pdf(MOST_PAGES + 1)) == [(FaultKind.TOO_BIG, "too-many-pages", None)]
    frame = Image.new("L", (20, 20), 255)
    content = saved(frame, "TIFF", save_all=True, append_images=[frame] * MOST_PAGES)
    assert codes(content) == [(FaultKind.TOO_BIG, "too-many-pages", None)]


def test_enormous_pages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "MOST_LOOKED", 3 * MOST_PIXELS)
    found = codes(blank_pdf(MOST_PAGES, 14_400, 14_400))
    # A page as large as a room is looked at once, and the third one exhausts what is left.
    assert found == [(FaultKind.TOO_BIG, "too-long-to-look-at", "page 4")]


def test_patience_runs_out() -> None:
    patience = Patience()
    assert patience.is_fresh()
    assert patience.spend(MOST_LOOKED // 2)
    assert not patience.is_fresh()
    assert not patience.spend(MOST_LOOKED)
    assert patience.spend(MOST_LOOKED - MOST_LOOKED // 2)
    assert not patience.spend(1)


def check(content: bytes) -> None:
    """Whatever the bytes, there is an answer, and no fault holds a value of the paper."""
    found = outcomes(content, TEST_CERTIFICATE)
    assert found
    for outcome in found:
        if isinstance(outcome, Fault):
            assert not any(word in f"{outcome.message} {outcome.place}" for word in PERSONAL)


@pytest.mark.parametrize("kind", ["PDF", "PNG", "JPEG", "TIFF", "WEBP"])
def test_damaged_files(kind: str) -> None:
    small = data_matrix(vector("04"), 2)
    content = NOTICE if kind == "PDF" else saved(small, kind)
    chance = random.Random(kind)
    for _ in range(25):
        check(content[: chance.randrange(len(content))])
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 4, 40))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        check(bytes(damaged))


@given(
    st.sampled_from([b"%PDF-1.4\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\x00", b"MM\x00*", b""]),
    st.binary(max_size=200),
)
@settings(max_examples=150, deadline=None)
def test_any_bytes(start: bytes, content: bytes) -> None:
    check(start + content)
    assert is_pdf(start + content) or is_image(start + content) or b"PDF" not in start


def test_a_wall_of_codes_is_read_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    tile = [signed_code("03", f"34FR09{rank:04}") for rank in range(12)]
    sheet = Image.new("L", (1200, 900), 255)
    for rank, payload in enumerate(tile):
        sheet.paste(data_matrix(payload, 4), ((rank % 4) * 290 + 10, (rank // 4) * 290 + 10))
    assert len(read(saved(sheet, "PNG"))) == len(tile)
    monkeypatch.setattr(module, "MOST_CODES", 5)
    records, faults = pulled(saved(sheet, "PNG"))
    assert len(records) == 5
    assert [(each.kind, each.code) for each in faults] == [(FaultKind.TOO_BIG, "too-many-codes")]


def test_certificates_travel_as_pem_bundles() -> None:
    assert read(picture(vector("01"), "PNG"), TEST_CERTIFICATE + b"\n" + TEST_CERTIFICATE)[0][2] is Verification.VALID
