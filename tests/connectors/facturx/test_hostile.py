"""Damaged and hostile invoices end in typed faults: nothing is raised, resolved or fetched, and nothing is quoted."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.sources.port import FaultKind, Probe
from cockpit_connectors.eu_facturx.attachment import MOST_XML_BYTES
from cockpit_connectors.eu_facturx.connector import MOST_BYTES, connector

from .invoices import EN16931, HERE, MINIMUM, pdf, pulled, replaced

ENTITIES = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghij", "bcdefghijz", strict=True)
)
BILLION_LAUGHS = f"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "haha">{ENTITIES}]>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100">&z;
</rsm:CrossIndustryInvoice>"""
ROOT = "<rsm:CrossIndustryInvoice"
PRIVATE = ("FOURNISSEUR", "123456782", "F20260023", "104.90", "CLIENT")


def check(content: bytes) -> list[str]:
    """Whatever the bytes, there is an answer, and faults hold no value of the file. Returns their codes."""
    assert 0.0 <= connector.recognise(Probe("x", content[: 64 * 1024], len(content))) <= 1.0
    records, faults = pulled(content)
    assert records or faults
    for fault in faults:
        assert not any(value in f"{fault.message} {fault.place}" for value in PRIVATE)
    return [fault.code for fault in faults]


def refused(content: bytes) -> list[tuple[FaultKind, str]]:
    records, faults = pulled(content)
    assert records == []
    return [(fault.kind, fault.code) for fault in faults]


@pytest.mark.parametrize(
    "document",
    [
        BILLION_LAUGHS.encode(),
        replaced(ROOT, f'<!DOCTYPE a SYSTEM "http://example.org/a.dtd">{ROOT}'),
        replaced(ROOT, f"<!DOCTYPE a>{ROOT}"),
        replaced("F20260023", "&x;", replaced(ROOT, f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>{ROOT}')),
        replaced(ROOT, f'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///x"> %p;]>{ROOT}'),
    ],
    ids=["billion-laughs", "external-dtd", "empty-dtd", "external-entity", "parameter-entity"],
)
def test_declarations_are_refused(document: bytes) -> None:
    for content in (document, pdf({"factur-x.xml": document})):
        assert refused(content) == [(FaultKind.UNSUPPORTED, "declaration-refused")]


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"", FaultKind.UNSUPPORTED, "empty-file"),
        (b"   ", FaultKind.UNSUPPORTED, "bad-xml"),
        (b"words", FaultKind.UNSUPPORTED, "bad-xml"),
        (b"<a", FaultKind.UNSUPPORTED, "bad-xml"),
        (b"<a>&undefined;</a>", FaultKind.UNSUPPORTED, "bad-xml"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', FaultKind.UNSUPPORTED, "bad-xml"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', FaultKind.UNSUPPORTED, "bad-xml"),
        (b'<?xml version="1.0" encoding="shift_jis"?><a/>', FaultKind.UNSUPPORTED, "bad-xml"),
        (MINIMUM.decode().encode("utf-16-le")[:-3], FaultKind.UNSUPPORTED, "bad-xml"),
        (MINIMUM.replace(b"LE FOURNISSEUR", b"\xff\xfe"), FaultKind.UNSUPPORTED, "bad-xml"),
        (b"<html/>", FaultKind.UNSUPPORTED, "not-an-invoice"),
        (b'<CrossIndustryDocument xmlns="urn:ferd:invoice:1p0"/>', FaultKind.UNSUPPORTED, "zugferd-1"),
        (b"<CrossIndustryInvoice/>", FaultKind.LAYOUT_CHANGED, "unknown-invoice-version"),
        (
            b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>',
            FaultKind.UNSUPPORTED,
            "ubl-not-read",
        ),
        (b"<" + bytes(MOST_BYTES), FaultKind.TOO_BIG, "file-too-big"),
        (b"<" + b" " * MOST_XML_BYTES, FaultKind.TOO_BIG, "file-too-big"),
        (b"%PDF-1.7", FaultKind.UNSUPPORTED, "no-invoice-inside"),
        (b"%PDF-1.7\n/F (factur-x.xml)", FaultKind.UNSUPPORTED, "pdf-unreadable"),
        (b"%PDF-" + bytes(MOST_BYTES), FaultKind.TOO_BIG, "file-too-big"),
    ],
)  # fmt: skip
def test_a_file_that_gives_nothing_says_why(content: bytes, kind: FaultKind, code: str) -> None:
    assert refused(content) == [(kind, code)]


def test_an_attachment_that_unfolds_without_end() -> None:
    """Ninety megabytes of blanks in ninety kilobytes."""
    blank = zlib.compress(b" " * 90_000_000, 9)
    plain = pdf({"factur-x.xml": b"<a/>"})
    start = plain.index(b"stream\n", plain.index(b"/EmbeddedFile")) + len(b"stream\n")
    end = plain.index(b"\nendstream", start)
    bomb = plain[:start] + blank + plain[end:]
    bomb = bomb.replace(b"/Type /EmbeddedFile", b"/Filter /FlateDecode /Type /EmbeddedFile")
    bomb = bomb.replace(b"/Length %d" % (end - start), b"/Length %d" % len(blank), 1)
    assert len(bomb) < 200_000
    assert check(bomb)
    assert not pulled(bomb)[0]


def test_elements_nested_very_deep() -> None:
    depth = 100_000
    inner = "<ram:Name>" * depth + "</ram:Name>" * depth
    assert check(replaced("<ram:Name>LE FOURNISSEUR</ram:Name>", inner)) == []


def test_a_name_without_end_is_cut() -> None:
    records, faults = pulled(replaced("LE FOURNISSEUR", "A" * 1_000_000))
    assert faults == []
    seller = records[0].data["seller"]
    assert isinstance(seller, dict)
    assert seller["name"] == "A" * 2000


@pytest.mark.parametrize("step", range(7))
def test_every_truncation_of_a_document(step: int) -> None:
    for size in range(step, len(MINIMUM.rstrip()), 7):
        assert check(MINIMUM[:size])


@pytest.mark.parametrize("name", ["factur-x-minimum.xml", "factur-x-basicwl.xml", "factur-x-en16931.xml"])
def test_flipped_bits_of_documents(name: str) -> None:
    content, chance = (HERE / "samples" / name).read_bytes(), random.Random(name)
    for _ in range(120):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 5)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        check(bytes(damaged))


@pytest.mark.parametrize("carrier", ["published", "ours"])
def test_damaged_pdfs(carrier: str) -> None:
    whole = (
        (HERE / "samples" / "invoice_EN16931.pdf").read_bytes()
        if carrier == "published"
        else pdf({"factur-x.xml": EN16931})
    )
    chance = random.Random(carrier)
    for _ in range(60):
        check(whole[: chance.randrange(len(whole))])
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 8, 200))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        check(bytes(damaged))


@given(st.sampled_from([b"%PDF-1.7\n", b"<", MINIMUM[:400], b"%PDF-1.4\n1 0 obj<</Names"]), st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes(start: bytes, content: bytes) -> None:
    assert check(start + content)
