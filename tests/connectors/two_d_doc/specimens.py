"""Specimens to read: the published vectors, codes signed with the published test key, papers and photographs."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cockpit.domain.record import Record
from cockpit.sources.port import Fault, Outcome, PullContext, SourceFile
from cockpit_connectors.fr_2ddoc.connector import connector
from cockpit_connectors.fr_2ddoc.fields import field_sheets

HERE = Path(__file__).parent
VECTORS: list[bytes] = [
    text.encode("ascii") for text in json.loads((HERE / "vectors" / "ants_vectors.json").read_text(encoding="ascii"))
]
TEST_CERTIFICATE = (HERE / "vectors" / "FR00_0001_test_cert.pem").read_bytes()
TODAY = "2026-01-31"
GS, RS, US = "\x1d", "\x1e", "\x1f"
DAY_ZERO = date(2000, 1, 1)
AUTHORITY = "AUTORITE DE TEST"
HASHES: dict[int, HashAlgorithm] = {256: SHA256(), 384: SHA384(), 521: SHA512()}

_loaded = load_pem_private_key((HERE / "vectors" / "FR00_0001_test_private_key.pem").read_bytes(), None)
assert isinstance(_loaded, ec.EllipticCurvePrivateKey)
TEST_KEY = _loaded


def vector(document_type: str) -> bytes:
    """The last published vector of a type of document."""
    return [each for each in VECTORS if each[20:22] == document_type.encode()][-1]


def encode_message(fields: Iterable[tuple[str, str]]) -> str:
    """Fields as a message writes them: GS after each value of variable length that is not at its longest."""
    written = []
    for field_id, value in fields:
        sheet = field_sheets()[field_id]
        ended = sheet.length is not None or len(value) == sheet.longest
        written.append(f"{field_id}{value}{'' if ended else GS}")
    return "".join(written)


def days(day: date | None) -> str:
    return "FFFF" if day is None else f"{(day - DAY_ZERO).days:04X}"


def signature_text(signed: bytes, key: ec.EllipticCurvePrivateKey = TEST_KEY) -> str:
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(HASHES[key.key_size])))
    half = (key.key_size + 7) // 8
    return base64.b32encode(r.to_bytes(half, "big") + s.to_bytes(half, "big")).decode("ascii").rstrip("=")


def signed_code(
    document_type: str,
    message: str,
    *,
    key: ec.EllipticCurvePrivateKey = TEST_KEY,
    signer: str = "FR000001",
    emitted: date | None = date(2014, 5, 1),
    signed: date | None = date(2014, 5, 2),
) -> bytes:
    """A whole 2D-Doc of version 04."""
    covered = f"DC04{signer}{days(emitted)}{days(signed)}{document_type}01FR{message}".encode("latin-1")
    return covered + US.encode() + signature_text(covered, key).encode()


def certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: CertificateIssuerPrivateKeyTypes,
    *,
    first: date = date(2020, 1, 1),
    days_valid: int = 1000,
    authority: bool = False,
    organisation: str = "ORGANISME DE TEST",
) -> x509.Certificate:
    """An X.509 certificate; common names are 2D-Doc identifiers, as ANTS wants them."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject, AUTHORITY if authority else organisation))
        .issuer_name(_name(issuer, AUTHORITY))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days_valid))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer_key, SHA256())
    )


def _name(common_name: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(Encoding.PEM)


def data_matrix(payload: bytes, cell: int = 4) -> Image.Image:
    """The barcode, ``cell`` pixels a side of each of its cells, with its quiet zone."""
    return barcode(payload, zxingcpp.BarcodeFormat.DataMatrix, cell)


def barcode(payload: bytes, symbology: zxingcpp.BarcodeFormat, cell: int) -> Image.Image:
    """Any barcode that zxing-cpp can write."""
    drawn = zxingcpp.create_barcode(payload.decode("ascii"), symbology).to_image(scale=cell)
    # The image is a buffer of rows of grey levels, which its stubs do not say.
    levels = memoryview(cast("bytes", drawn))
    height, width = levels.shape or (0, 0)
    return Image.frombytes("L", (width, height), levels.tobytes())


def paper(pages: Sequence[Sequence[bytes]], cell_mm: float = 0.508) -> bytes:
    """A small PDF, one page for each list of codes. The default cell is three dots at 150 an inch."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(170 * mm, 90 * mm), invariant=1)
    for codes in pages:
        canvas.drawString(10 * mm, 80 * mm, "SPECIMEN")
        for rank, payload in enumerate(codes):
            image = data_matrix(payload, 1)
            side = image.width * cell_mm * mm
            canvas.drawImage(ImageReader(image.resize((image.width * 4,) * 2, 0)), (10 + 55 * rank) * mm, 10 * mm,
                             side, side)  # fmt: skip
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def picture(payload: bytes, kind: str, *, angle: float = 0, cell: int = 4) -> bytes:
    """A photograph of one code on a sheet, in an image format of Pillow."""
    sheet = Image.new("L", (640, 480), 235)
    sheet.paste(data_matrix(payload, cell), (120, 80))
    turned = sheet.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=235)
    out = io.BytesIO()
    turned.save(out, kind)
    return out.getvalue()


def outcomes(content: bytes, *certificates: bytes, today: str = TODAY) -> list[Outcome]:
    return list(connector.pull(SourceFile("paper", content), PullContext(today, certificates)))


def pulled(content: bytes, *certificates: bytes, today: str = TODAY) -> tuple[list[Record], list[Fault]]:
    """The records and the faults of a file."""
    found = outcomes(content, *certificates, today=today)
    return (
        [outcome for outcome in found if isinstance(outcome, Record)],
        [outcome for outcome in found if isinstance(outcome, Fault)],
    )
