"""What a Cross Industry Invoice says, in the business terms of EN 16931 (CEN/TS 16931-3-3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from xml.etree.ElementTree import Element

from cockpit.domain.record import Json
from cockpit.sources.port import Fault, FaultKind

from .document import CII

_NAMESPACES = {
    "rsm": CII,
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
_DECIMAL = re.compile(r"([+-]?)0*(\d*)(?:\.(\d*))?", re.ASCII)
_CALENDAR_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)

_TRADE = "rsm:SupplyChainTradeTransaction/"
_AGREEMENT = f"{_TRADE}ram:ApplicableHeaderTradeAgreement/"
_SETTLEMENT = f"{_TRADE}ram:ApplicableHeaderTradeSettlement/"
_TOTALS = f"{_SETTLEMENT}ram:SpecifiedTradeSettlementHeaderMonetarySummation/"

SIREN_SCHEME, SIRET_SCHEME = "0002", "0009"
"""ISO/IEC 6523 identifiers of the French registers of companies and of establishments."""

SIREN_DIGITS, SIRET_DIGITS = 9, 14

MOST_TEXT = 2000
"""Characters kept of one text."""

MOST_DIGITS = 40
"""Characters of a number; one that is longer is no amount, and is never cut to be one."""

MOST_CODE = 10
"""Characters of a unit code; those of the lists have two or three."""

MOST_LINES = 10_000
"""Lines kept of one invoice."""


@dataclass(slots=True)
class Reading:
    """One invoice being read: what could not be read of it is kept beside what could."""

    root: Element
    faults: list[Fault] = field(default_factory=list)

    def text(self, path: str, of: Element | None = None) -> str | None:
        """The text at ``path``, its blanks brought to one space; None when there is none."""
        written = (self.root if of is None else of).findtext(path, namespaces=_NAMESPACES)
        return " ".join(written.split())[:MOST_TEXT] or None if written else None

    def number(self, path: str, place: str, of: Element | None = None) -> str | None:
        """The decimal at ``path`` with the decimals that are written; a fault at ``place`` when it is no number."""
        written = self.text(path, of)
        if written is None:
            return None
        value = decimal(written)
        if value is None:
            self.faults.append(Fault(FaultKind.BAD_LINE, "bad-amount", "An amount is not a number.", place))
        return value

    def day(self, path: str, place: str) -> str | None:
        """The date at ``path`` (format 102, ``YYYYMMDD``) as ISO; a fault at ``place`` when it is no date."""
        element = self.root.find(path, _NAMESPACES)
        if element is None or not (element.text or "").strip():
            return None
        value = calendar_day((element.text or "").strip()) if element.get("format", "102") == "102" else None
        if value is None:
            self.faults.append(Fault(FaultKind.BAD_LINE, "bad-date", "A date is not one.", place))
        return value

    def each(self, path: str) -> Iterator[Element]:
        """Every element at ``path``, in the order of the file."""
        return self.root.iterfind(path, _NAMESPACES)


def invoice(reading: Reading) -> dict[str, Json]:
    """The fields of kind ``invoice.document``; those the profile leaves out, or that cannot be read, are None."""
    currency = reading.text(f"{_SETTLEMENT}ram:InvoiceCurrencyCode")
    return {
        "number": reading.text("rsm:ExchangedDocument/ram:ID"),  # BT-1
        "issue_date": reading.day(  # BT-2
            "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString", "IssueDateTime"
        ),
        "type_code": reading.text("rsm:ExchangedDocument/ram:TypeCode"),  # BT-3
        "currency": currency,  # BT-5
        "due_date": reading.day(  # BT-9
            f"{_SETTLEMENT}ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString", "DueDateDateTime"
        ),
        "seller": _party(reading, f"{_AGREEMENT}ram:SellerTradeParty"),  # BG-4
        "buyer": _party(reading, f"{_AGREEMENT}ram:BuyerTradeParty"),  # BG-7
        "net_total": reading.number(f"{_TOTALS}ram:TaxBasisTotalAmount", "TaxBasisTotalAmount"),  # BT-109
        "tax_total": _tax_total(reading, currency),  # BT-110
        "total": reading.number(f"{_TOTALS}ram:GrandTotalAmount", "GrandTotalAmount"),  # BT-112
        "due_amount": reading.number(f"{_TOTALS}ram:DuePayableAmount", "DuePayableAmount"),  # BT-115
        "lines": _lines(reading),  # BG-25
        "profile": reading.text(  # BT-24
            "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"
        ),
    }


def decimal(written: str) -> str | None:
    """An ``xs:decimal`` with its own decimals, without idle signs and zeros before it; None for no number.

    ``+007.50`` is ``7.50`` and ``-0.00`` is ``0.00``.
    """
    found = _DECIMAL.fullmatch(written)
    if not found or len(written) > MOST_DIGITS or not any(character.isdigit() for character in written):
        return None
    sign, whole, decimals = found.groups()
    minus = "-" if sign == "-" and (whole + (decimals or "")).strip("0") else ""
    return f"{minus}{whole or '0'}.{decimals}" if decimals else f"{minus}{whole or '0'}"


def calendar_day(written: str) -> str | None:
    """``YYYYMMDD`` as ``YYYY-MM-DD``; None for no date."""
    found = _CALENDAR_DAY.fullmatch(written)
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


def _tax_total(reading: Reading, currency: str | None) -> str | None:
    """BT-110. A second total may stand beside it in the currency of the tax office (BT-111); that is not ours."""
    place = "TaxTotalAmount"
    for element in reading.each(f"{_TOTALS}ram:TaxTotalAmount"):
        if (element.get("currencyID") or currency) == currency:
            return reading.number(".", place, element)
    return None


def _party(reading: Reading, path: str) -> dict[str, Json] | None:
    party = reading.root.find(path, _NAMESPACES)
    if party is None:
        return None
    said: dict[str, Json] = {"name": reading.text("ram:Name", party)}
    for registration in party.iterfind("ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']", _NAMESPACES):
        said.setdefault("vat_id", reading.text(".", registration))
    for organisation in party.iterfind("ram:SpecifiedLegalOrganization/ram:ID", _NAMESPACES):
        said.setdefault(_register(organisation), reading.text(".", organisation))
    for establishment in party.iterfind("ram:GlobalID", _NAMESPACES):
        if _register(establishment) == "siret":
            said.setdefault("siret", reading.text(".", establishment))
    said["address"] = _address(reading, party)
    return _known(said) or None


def _register(identifier: Element) -> str:
    """Which register an identifier is of; some write a SIRET under the scheme of the SIREN."""
    scheme, digits = identifier.get("schemeID"), len("".join((identifier.text or "").split()))
    if scheme == SIRET_SCHEME or (scheme == SIREN_SCHEME and digits == SIRET_DIGITS):
        return "siret"
    return "siren" if scheme == SIREN_SCHEME and digits == SIREN_DIGITS else "legal_id"


def _address(reading: Reading, party: Element) -> dict[str, Json] | None:
    at = "ram:PostalTradeAddress/ram:"
    lines = [reading.text(f"{at}{name}", party) for name in ("LineOne", "LineTwo", "LineThree")]
    said: dict[str, Json] = {
        "street": ", ".join(line for line in lines if line) or None,
        "postcode": reading.text(f"{at}PostcodeCode", party),
        "town": reading.text(f"{at}CityName", party),
        "country": reading.text(f"{at}CountryID", party),
    }
    return _known(said) or None


def _lines(reading: Reading) -> list[Json]:
    """The lines; profiles MINIMUM and BASIC WL have none."""
    lines = reading.each(f"{_TRADE}ram:IncludedSupplyChainTradeLineItem")
    kept = [_line(reading, rank, line) for rank, line in enumerate(islice(lines, MOST_LINES), start=1)]
    if next(lines, None) is not None:
        sentence = f"The invoice has more than {MOST_LINES:_} lines; those after are left out.".replace("_", ",")
        reading.faults.append(Fault(FaultKind.TOO_BIG, "too-many-lines", sentence, f"line {MOST_LINES + 1}"))
    return list(kept)


def _line(reading: Reading, rank: int, line: Element) -> dict[str, Json]:
    place = f"line {rank}"
    quantity = line.find("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", _NAMESPACES)
    settlement = "ram:SpecifiedLineTradeSettlement/"
    return _known(
        {
            "name": reading.text("ram:SpecifiedTradeProduct/ram:Name", line),  # BT-153
            "quantity": reading.number(".", place, quantity) if quantity is not None else None,  # BT-129
            "unit": _unit(quantity),  # BT-130
            "net_price": reading.number(  # BT-146
                "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount", place, line
            ),
            "net_amount": reading.number(  # BT-131
                f"{settlement}ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount", place, line
            ),
            "vat_rate": reading.number(  # BT-152
                f"{settlement}ram:ApplicableTradeTax/ram:RateApplicablePercent", place, line
            ),
        }
    )


def _unit(quantity: Element | None) -> str | None:
    """The code of UN/ECE Recommendations 20 and 21; what is longer than a code is none."""
    code = quantity.get("unitCode", "").strip() if quantity is not None else ""
    return code if 0 < len(code) <= MOST_CODE else None


def _known(said: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in said.items() if value is not None}
