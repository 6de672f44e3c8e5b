"""Monthly bills of fictional suppliers as Factur-X PDFs: a page to read, and the same figures in XML (EN 16931)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

import facturx
from lxml import etree
from lxml.builder import ElementMaker

from cockpit.demo.household import Address, DemoFile
from cockpit.demo.page import BANNER, Sheet, draw

_BASE = "urn:un:unece:uncefact:data:standard:"
_NAMESPACES = {
    "rsm": f"{_BASE}CrossIndustryInvoice:100",
    "ram": f"{_BASE}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_BASE}UnqualifiedDataType:100",
}
_RSM = ElementMaker(namespace=_NAMESPACES["rsm"], nsmap=_NAMESPACES)
_RAM = ElementMaker(namespace=_NAMESPACES["ram"], nsmap=_NAMESPACES)
_UDT = ElementMaker(namespace=_NAMESPACES["udt"], nsmap=_NAMESPACES)

CENT = Decimal("0.01")

Element: TypeAlias = Any
"""What an ElementMaker makes; lxml leaves it untyped."""


@dataclass(frozen=True, slots=True)
class Company:
    """A fictional seller. ``siren`` is nine digits that no register gives."""

    name: str
    siren: str
    address: Address


ENERGY = Company("Énergie Démo SA", "000000018", Address("1 place de la Démonstration", "00000", "EXEMPLEVILLE"))
TELECOM = Company("Télécom Démo SAS", "000000026", Address("2 place de la Démonstration", "00000", "EXEMPLEVILLE"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: net price of one unit in euros, VAT rate in per cent, unit of UN/ECE Rec. 20."""

    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    vat_rate: Decimal

    @property
    def net(self) -> Decimal:
        """Quantity times price, to the cent (BT-131)."""
        return _cents(self.quantity * self.price)


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill; every total is computed from its lines, as EN 16931 (BR-CO-10 to BR-CO-16) wants."""

    number: str
    seller: Company
    buyer: str
    address: Address
    first: date
    last: date
    issued: date
    due: date
    lines: tuple[Line, ...]

    @property
    def vat(self) -> dict[Decimal, tuple[Decimal, Decimal]]:
        """For each rate, the taxable amount and the tax."""
        taxable: dict[Decimal, Decimal] = {}
        for line in self.lines:
            taxable[line.vat_rate] = taxable.get(line.vat_rate, Decimal(0)) + line.net
        return {rate: (base, _cents(base * rate / 100)) for rate, base in taxable.items()}

    @property
    def net_total(self) -> Decimal:
        """BT-109."""
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def tax_total(self) -> Decimal:
        """BT-110."""
        return sum((tax for _, tax in self.vat.values()), Decimal(0))

    @property
    def total(self) -> Decimal:
        """BT-112, which is what is debited."""
        return self.net_total + self.tax_total


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def facturx_pdf(bill: Bill, name: str) -> DemoFile:
    """The bill as a Factur-X file of profile EN 16931."""
    # The package stamps the clock's time into the PDF; replaced, byte for byte, by the bill's own date.
    written = facturx.generate_from_binary(
        draw(_sheet(bill)),
        cii_xml(bill),
        flavor="factur-x",
        level="en16931",
        check_xsd=False,
        lang="fr-FR",
        pdf_metadata={
            "author": bill.seller.name,
            "keywords": "Factur-X, DÉMONSTRATION, SPECIMEN",
            "title": f"{bill.seller.name} : facture {bill.number}",
            "subject": BANNER,
        },
        xmp_compression=False,
    )
    # pypdf writes the colon and the plus sign as octal escapes inside a literal string.
    stamp = f"{bill.issued:%Y%m%d}120000".encode()
    written = re.sub(rb"(D(?::|\\072))\d{14}(?=\+00|\\05300)", rb"\g<1>" + stamp, written)
    written = re.sub(
        rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=\+00:00)", f"{bill.issued.isoformat()}T12:00:00".encode(), written
    )
    return DemoFile(name, written)


def _sheet(bill: Bill) -> Sheet:
    rows = [(f"{line.name} : {line.quantity} × {line.price} €", f"{line.net} €") for line in bill.lines]
    rows += [("Total hors taxes", f"{bill.net_total} €")]
    rows += [(f"TVA {rate} % sur {base} €", f"{tax} €") for rate, (base, tax) in bill.vat.items()]
    rows += [("Total toutes taxes comprises", f"{bill.total} €"), (f"Prélevé le {bill.due:%d/%m/%Y}", "")]
    seller = bill.seller
    return Sheet(
        title=f"Facture {bill.number} du {bill.issued:%d/%m/%Y}",
        issuer=(seller.name, seller.address.street, f"{seller.address.postcode} {seller.address.town}"),
        addressee=(bill.buyer, bill.address.street, f"{bill.address.postcode} {bill.address.town}"),
        rows=rows,
    )


def cii_xml(bill: Bill) -> bytes:
    """The bill as UN/CEFACT Cross Industry Invoice, in the element order of the Factur-X 1.0 EN 16931 schema."""
    document = _RSM.CrossIndustryInvoice(
        _RSM.ExchangedDocumentContext(
            _RAM.GuidelineSpecifiedDocumentContextParameter(_RAM.ID("urn:cen.eu:en16931:2017")),
        ),
        _RSM.ExchangedDocument(
            _RAM.ID(bill.number),
            _RAM.TypeCode("380"),
            _RAM.IssueDateTime(_date(bill.issued)),
            _RAM.IncludedNote(_RAM.Content(BANNER)),
        ),
        _RSM.SupplyChainTradeTransaction(
            *(_line(rank, line) for rank, line in enumerate(bill.lines, 1)),
            _RAM.ApplicableHeaderTradeAgreement(_seller(bill.seller), _buyer(bill)),
            _RAM.ApplicableHeaderTradeDelivery(),
            _settlement(bill),
        ),
    )
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _date(day: date) -> Element:
    return _UDT.DateTimeString(f"{day:%Y%m%d}", format="102")


def _line(rank: int, line: Line) -> Element:
    return _RAM.IncludedSupplyChainTradeLineItem(
        _RAM.AssociatedDocumentLineDocument(_RAM.LineID(str(rank))),
        _RAM.SpecifiedTradeProduct(_RAM.Name(line.name)),
        _RAM.SpecifiedLineTradeAgreement(_RAM.NetPriceProductTradePrice(_RAM.ChargeAmount(str(line.price)))),
        _RAM.SpecifiedLineTradeDelivery(_RAM.BilledQuantity(str(line.quantity), unitCode=line.unit)),
        _RAM.SpecifiedLineTradeSettlement(
            _RAM.ApplicableTradeTax(
                _RAM.TypeCode("VAT"), _RAM.CategoryCode("S"), _RAM.RateApplicablePercent(str(line.vat_rate))
            ),
            _RAM.SpecifiedTradeSettlementLineMonetarySummation(_RAM.LineTotalAmount(str(line.net))),
        ),
    )


def _postal(address: Address) -> Element:
    return _RAM.PostalTradeAddress(
        _RAM.PostcodeCode(address.postcode),
        _RAM.LineOne(address.street),
        _RAM.CityName(address.town),
        _RAM.CountryID("FR"),
    )


def _seller(seller: Company) -> Element:
    return _RAM.SellerTradeParty(
        _RAM.Name(seller.name),
        _RAM.SpecifiedLegalOrganization(_RAM.ID(seller.siren, schemeID="0002")),
        _postal(seller.address),
        _RAM.SpecifiedTaxRegistration(_RAM.ID(f"FR00{seller.siren}", schemeID="VA")),
    )


def _buyer(bill: Bill) -> Element:
    return _RAM.BuyerTradeParty(_RAM.Name(bill.buyer), _postal(bill.address))


def _settlement(bill: Bill) -> Element:
    return _RAM.ApplicableHeaderTradeSettlement(
        _RAM.InvoiceCurrencyCode("EUR"),
        # UNTDID 4461, 59: SEPA direct debit.
        _RAM.SpecifiedTradeSettlementPaymentMeans(_RAM.TypeCode("59")),
        *(
            _RAM.ApplicableTradeTax(
                _RAM.CalculatedAmount(str(tax)),
                _RAM.TypeCode("VAT"),
                _RAM.BasisAmount(str(base)),
                _RAM.CategoryCode("S"),
                _RAM.RateApplicablePercent(str(rate)),
            )
            for rate, (base, tax) in bill.vat.items()
        ),
        _RAM.BillingSpecifiedPeriod(
            _RAM.StartDateTime(_date(bill.first)),
            _RAM.EndDateTime(_date(bill.last)),
        ),
        _RAM.SpecifiedTradePaymentTerms(_RAM.DueDateDateTime(_date(bill.due))),
        _RAM.SpecifiedTradeSettlementHeaderMonetarySummation(
            _RAM.LineTotalAmount(str(bill.net_total)),
            _RAM.TaxBasisTotalAmount(str(bill.net_total)),
            _RAM.TaxTotalAmount(str(bill.tax_total), currencyID="EUR"),
            _RAM.GrandTotalAmount(str(bill.total)),
            _RAM.DuePayableAmount(str(bill.total)),
        ),
    )
