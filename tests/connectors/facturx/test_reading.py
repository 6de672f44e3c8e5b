"""What is taken from an invoice, element by element, and what becomes of what is missing or wrong."""

from __future__ import annotations

import pytest

from cockpit.sources.port import FaultKind
from cockpit_connectors.eu_facturx.cii import MOST_LINES, calendar_day, decimal
from cockpit_connectors.eu_facturx.connector import MOST_BAD_AMOUNTS

from .invoices import EN16931, MINIMUM, pdf, protected, pulled, replaced, said

SELLER_VAT = '<ram:ID schemeID="VA">FR11123456782</ram:ID>'
SELLER_SIREN = '<ram:ID schemeID="0002">123456782</ram:ID>'
DATE = '<udt:DateTimeString format="102">20260131</udt:DateTimeString>'


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("104.90", "104.90"),
        ("+007.50", "7.50"),
        ("-0.5", "-0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("000", "0"),
        ("-0", "0"),
        ("-.00", "0.00"),
        ("-0.01", "-0.01"),
        ("9" * 40, "9" * 40),
        ("9" * 41, None),
        ("0" * 3000 + "1", None),
        ("1234567890123456789012.123456", "1234567890123456789012.123456"),
        ("", None),
        (".", None),
        ("-", None),
        ("1,5", None),
        ("1e5", None),
        ("NaN", None),
        ("INF", None),
        ("1 000", None),
        ("--1", None),
        ("١٢", None),
        ("²", None),
    ],
)
def test_decimals_are_kept_as_written(written: str, value: str | None) -> None:
    assert decimal(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [("20240229", "2024-02-29"), ("20230229", None), ("2024-02-29", None), ("00000101", None), ("٢٠٢٤٠٢٢٩", None)],
)
def test_days(written: str, value: str | None) -> None:
    assert calendar_day(written) == value


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "zugferd-invoice.xml", "xrechnung.xml"])
def test_the_agreed_names(name: str) -> None:
    record = said(pdf({"notes.txt": b"hello", name: MINIMUM}))
    assert record.source_key == "FR11123456782|F20260023"
    assert record.provenance.place == name.lower()


def test_of_two_invoices_the_best_name_wins() -> None:
    other = replaced("F20260023", "OTHER")
    assert said(pdf({"xrechnung.xml": other, "factur-x.xml": MINIMUM})).data["number"] == "F20260023"


def test_a_pdf_without_invoice_gives_way_to_other_readers() -> None:
    for content in (pdf({}), pdf({"notes.xml": MINIMUM}), pdf({"invoice.txt": b"factur-x.xml"})):
        assert [(fault.kind, fault.code) for fault in pulled(content)[1]] == [
            (FaultKind.UNSUPPORTED, "no-invoice-inside")
        ]


def test_an_order_is_not_an_invoice() -> None:
    order = b'<a:SCRDMCCBDACIOMessageStructure xmlns:a="urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:128"/>'
    for content in (pdf({"order-x.xml": order}), pdf({"factur-x.xml": order}), order):
        records, faults = pulled(content)
        assert records == []
        assert [(fault.kind, fault.code) for fault in faults] == [(FaultKind.UNSUPPORTED, "order-not-invoice")]
    assert said(pdf({"order-x.xml": order, "factur-x.xml": MINIMUM})).data["number"] == "F20260023"


def test_passwords() -> None:
    locked = pulled(protected(pdf({"factur-x.xml": MINIMUM}), "secret", "owner"))
    assert [(fault.kind, fault.code) for fault in locked[1]] == [(FaultKind.UNSUPPORTED, "pdf-encrypted")]
    # Protected against changes only: it opens without a password.
    assert said(protected(pdf({"factur-x.xml": MINIMUM}), "", "owner")).data["total"] == "104.90"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "latin-1", "utf-8"])
def test_encodings(encoding: str) -> None:
    text = MINIMUM.decode("utf-8-sig").replace("LE FOURNISSEUR", "ÉLECTRICITÉ & CIE".replace("&", "&amp;"))
    declared = "utf-16" if encoding.startswith("utf-16") else encoding
    text = text.replace("encoding='UTF-8'", f"encoding='{declared}'")
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    seller = said((mark + text).encode(encoding)).data["seller"]
    assert isinstance(seller, dict)
    assert seller["name"] == "ÉLECTRICITÉ & CIE"


@pytest.mark.parametrize(
    ("document", "key"),
    [
        (MINIMUM, "FR11123456782|F20260023"),
        (replaced("FR11123456782", "FR 11 123 456 782"), "FR11123456782|F20260023"),
        (replaced(SELLER_VAT, ""), "123456782|F20260023"),
        (replaced(SELLER_SIREN, "", replaced(SELLER_VAT, "")), "LE FOURNISSEUR|F20260023"),
        (replaced("LE FOURNISSEUR", "A|B\\C", replaced(SELLER_SIREN, "", replaced(SELLER_VAT, ""))),
         "A\\|B\\\\C|F20260023"),
        (replaced("<ram:ID>F20260023</ram:ID>", "<ram:ID> F  1|2 </ram:ID>"), "FR11123456782|F 1\\|2"),
    ],
)  # fmt: skip
def test_the_key_is_the_seller_and_the_number(document: bytes, key: str) -> None:
    assert said(document).source_key == key


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ('<ram:ID schemeID="0002">123456782</ram:ID>', {"siren": "123456782"}),
        ('<ram:ID schemeID="0002">12345678200010</ram:ID>', {"siret": "12345678200010"}),
        ('<ram:ID schemeID="0009">123 456 782 00010</ram:ID>', {"siret": "123 456 782 00010"}),
        ('<ram:ID schemeID="0204">HRB 1</ram:ID>', {"legal_id": "HRB 1"}),
        ("<ram:ID>HRB 1</ram:ID>", {"legal_id": "HRB 1"}),
        ("<ram:ID> </ram:ID>", {}),
    ],
)
def test_which_register_a_number_is_of(written: str, known: dict[str, str]) -> None:
    seller = said(replaced(SELLER_SIREN, written)).data["seller"]
    assert isinstance(seller, dict)
    assert {name: seller[name] for name in ("siren", "siret", "legal_id") if name in seller} == known


def test_a_tax_total_in_another_currency_is_not_ours() -> None:
    foreign = '<ram:TaxTotalAmount currencyID="USD">9.99</ram:TaxTotalAmount>'
    euros = '<ram:TaxTotalAmount currencyID="EUR">4.90</ram:TaxTotalAmount>'
    assert said(replaced(euros, foreign + euros)).data["tax_total"] == "4.90"
    assert "tax_total" not in said(replaced(euros, foreign)).data
    assert said(replaced(euros, euros.replace(' currencyID="EUR"', ""))).data["tax_total"] == "4.90"


def test_profiles_without_lines_have_none() -> None:
    assert said(MINIMUM).data["lines"] == []
    assert "due_date" not in said(MINIMUM).data


def test_a_bad_amount_is_said_and_left_out() -> None:
    records, faults = pulled(replaced("<ram:GrandTotalAmount>104.90", "<ram:GrandTotalAmount>about 100"))
    assert [(fault.kind, fault.code, fault.place) for fault in faults] == [
        (FaultKind.BAD_LINE, "bad-amount", "GrandTotalAmount")
    ]
    assert "total" not in records[0].data
    assert records[0].data["net_total"] == "100.00"


def test_a_bad_amount_in_a_line_names_the_line() -> None:
    wrong = EN16931.replace(b"<ram:LineTotalAmount>28.00", b"<ram:LineTotalAmount>28,00", 1)
    assert wrong != EN16931
    records, faults = pulled(wrong)
    assert [(fault.code, fault.place) for fault in faults] == [("bad-amount", "line 2")]
    lines = records[0].data["lines"]
    assert isinstance(lines, list)
    assert [isinstance(line, dict) and "net_amount" in line for line in lines] == [True, False, True]


def test_bad_amounts_are_counted_beyond_a_limit() -> None:
    line = (
        "<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedLineTradeDelivery><ram:BilledQuantity>x"
        "</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery></ram:IncludedSupplyChainTradeLineItem>"
    )
    start = "<rsm:SupplyChainTradeTransaction>"
    records, faults = pulled(replaced(start, start + line * (MOST_BAD_AMOUNTS + 7)))
    assert len(records) == 1
    assert len(faults) == MOST_BAD_AMOUNTS + 1
    assert (faults[-1].code, faults[-1].message.split()[0]) == ("more-bad-lines", "7")


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        (replaced("<ram:ID>F20260023</ram:ID>", ""), ["no-invoice-number"]),
        (replaced("<ram:ID>F20260023</ram:ID>", "<ram:ID>  </ram:ID>"), ["no-invoice-number"]),
        (replaced(DATE, ""), ["no-issue-date"]),
        (replaced(DATE, DATE.replace("20260131", "20260231")), ["bad-date", "no-issue-date"]),
        (replaced(DATE, DATE.replace('"102"', '"203"')), ["bad-date", "no-issue-date"]),
        (replaced(DATE, DATE.replace("20260131", "2026-01-31")), ["bad-date", "no-issue-date"]),
    ],
)
def test_without_number_or_date_there_is_no_record(document: bytes, codes: list[str]) -> None:
    records, faults = pulled(document)
    assert records == []
    assert [(fault.kind, fault.code) for fault in faults] == [(FaultKind.BAD_LINE, code) for code in codes]


def test_an_invoice_that_names_nobody_is_still_one() -> None:
    text = MINIMUM.decode("utf-8-sig")
    start, end = (
        text.index("<ram:SellerTradeParty>"),
        text.index("</ram:BuyerTradeParty>") + len("</ram:BuyerTradeParty>"),
    )
    record = said((text[:start] + text[end:]).encode())
    assert record.source_key == "|F20260023"
    assert "seller" not in record.data
    assert "buyer" not in record.data


START = "<rsm:SupplyChainTradeTransaction>"
LINE = (
    "<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedTradeProduct><ram:Name>n</ram:Name>"
    "</ram:SpecifiedTradeProduct></ram:IncludedSupplyChainTradeLineItem>"
)


@pytest.mark.parametrize(("count", "codes"), [(MOST_LINES, []), (MOST_LINES + 1, ["too-many-lines"])])
def test_lines_beyond_a_limit_are_said_and_left_out(count: int, codes: list[str]) -> None:
    records, faults = pulled(replaced(START, START + LINE * count))
    assert [fault.code for fault in faults] == codes
    assert records[0].data["lines"] == [{"name": "n"}] * MOST_LINES


@pytest.mark.parametrize(("unit", "kept"), [("KWH", "KWH"), (" C62 ", "C62"), ("", None), ("X" * 100_000, None)])
def test_a_unit_is_a_code_or_none(unit: str, kept: str | None) -> None:
    quantity = f'<ram:BilledQuantity unitCode="{unit}">2</ram:BilledQuantity>'
    delivery = f"<ram:SpecifiedLineTradeDelivery>{quantity}</ram:SpecifiedLineTradeDelivery>"
    line = f"<ram:IncludedSupplyChainTradeLineItem>{delivery}</ram:IncludedSupplyChainTradeLineItem>"
    expected = {"quantity": "2"} | ({"unit": kept} if kept else {})
    assert said(replaced(START, START + line)).data["lines"] == [expected]


def test_blank_lines_before_the_declaration_do_no_harm() -> None:
    assert said(b"\r\n \n" + MINIMUM.removeprefix(b"\xef\xbb\xbf")).data == said(MINIMUM).data
