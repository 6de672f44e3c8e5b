"""Each sample gives exactly the record written beside it, and its totals are those of the file."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from cockpit.domain.record import Basis, Method, Verification
from cockpit.sources.port import PROBE_BYTES, Probe
from cockpit_connectors.eu_facturx.connector import ID, VERSION, connector

from .invoices import HERE, MINIMUM, pdf, pulled, said

REPOSITORY = HERE.parents[2]
SAMPLES = sorted(path for path in (HERE / "samples").rglob("*") if path.suffix in {".xml", ".pdf"})
DOCUMENTS = [path for path in SAMPLES if path.suffix == ".xml" and path.parent.name == "samples"]
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


def found(sample: Path) -> dict[str, Any]:
    records, faults = pulled(sample.read_bytes())
    return {
        "records": [
            {
                "kind": record.kind,
                "source_key": record.source_key,
                "day": record.day,
                "place": record.provenance.place,
                "data": record.data,
            }
            for record in records
        ],
        "faults": [{"kind": fault.kind, "code": fault.code, "place": fault.place} for fault in faults],
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_golden(sample: Path) -> None:
    assert found(sample) == json.loads((HERE / "golden" / f"{sample.stem}.json").read_text(encoding="utf-8"))


def test_every_golden_file_has_its_sample() -> None:
    assert {path.stem for path in (HERE / "golden").glob("*.json")} == {path.stem for path in SAMPLES}


def test_the_pdf_says_what_its_xml_says() -> None:
    inside = said((HERE / "samples" / "invoice_EN16931.pdf").read_bytes())
    outside = said((HERE / "samples" / "factur-x-en16931.xml").read_bytes())
    assert (inside.source_key, inside.day, inside.data) == (outside.source_key, outside.day, outside.data)
    assert (inside.provenance.place, outside.provenance.place) == ("factur-x.xml", "document")


@pytest.mark.parametrize("sample", DOCUMENTS, ids=lambda path: path.name)
def test_totals_are_those_of_the_file(sample: Path) -> None:
    """Found again by another way than the connector's: any element of that name, anywhere in the document."""
    root = fromstring(sample.read_text(encoding="utf-8-sig"))
    data = said(sample.read_bytes()).data
    written = {
        "net_total": "TaxBasisTotalAmount",
        "tax_total": "TaxTotalAmount",
        "total": "GrandTotalAmount",
        "due_amount": "DuePayableAmount",
    }
    for name, element in written.items():
        assert data[name] == next(iter(root.iter(f"{RAM}{element}"))).text
    assert Decimal(str(data["net_total"])) + Decimal(str(data["tax_total"])) == Decimal(str(data["total"]))
    lines = data["lines"]
    assert isinstance(lines, list)
    assert len(lines) == len(list(root.iter(f"{RAM}IncludedSupplyChainTradeLineItem")))
    totals = next(iter(root.iter(f"{RAM}SpecifiedTradeSettlementHeaderMonetarySummation")))
    if lines:
        added = sum(Decimal(str(line["net_amount"])) for line in lines if isinstance(line, dict))
        assert added == Decimal(totals.findtext(f"{RAM}LineTotalAmount", ""))


def test_records_have_the_fields_of_their_kind_and_claim_no_proof() -> None:
    written = tomllib.loads((REPOSITORY / "policies/cockpit_policies/kinds/invoice.toml").read_text(encoding="utf-8"))
    (kind,) = written["kind"]
    record = said((HERE / "samples" / "factur-x-en16931.xml").read_bytes())
    assert set(record.data) == set(kind["fields"])
    provenance = record.provenance
    assert (provenance.connector, provenance.connector_version) == (ID, VERSION)
    assert (provenance.method, provenance.basis) == (Method.PARSED, Basis.DECLARED)
    assert (provenance.verification, provenance.issuer) == (Verification.UNSIGNED, None)


def test_the_manifest_names_this_code() -> None:
    folder = REPOSITORY / "connectors" / "cockpit_connectors" / "eu_facturx"
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    assert (manifest["id"], manifest["version"]) == (ID, VERSION)


def score(content: bytes) -> float:
    return connector.recognise(Probe("download", content[:PROBE_BYTES], len(content)))


def test_recognises_invoices_and_leaves_plain_pdfs_to_whoever_knows_better() -> None:
    assert score(b"%PDF-1.7\n1 0 obj <</Type /Filespec /F (Factur-X.xml)>> endobj") == 0.95
    # Some programs write the name in octal; then only opening the PDF tells.
    assert score(pdf({"factur-x.xml": MINIMUM})) == 0.4
    assert score(b"%PDF-1.7\n" + bytes(PROBE_BYTES) + b"factur-x.xml") == 0.4
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8-sig")
        assert score(document.read_bytes()) == 0.95
        assert (
            score(text.encode("utf-16")) == score(text.encode("utf-16-be")) == score(text.encode("utf-16-le")) == 0.95
        )
    assert score((HERE / "samples" / "bad" / "order-x.xml").read_bytes()) == 0.95
    assert score((HERE / "samples" / "bad" / "ubl-21-extended-ctc-fr.xml").read_bytes()) == 0.6
    for other in (b"", b"<", b"<html>", b'<?xml version="1.0"?><OFX></OFX>', b"OFXHEADER:100", b"\x89PNG\r\n\x1a\n",
                  b"words about a <CrossIndustryInvoice> that is not there"):  # fmt: skip
        assert score(other) == 0.0
