"""Specimen tax notices and proofs of address: one page each, with a signed 2D-Doc (ANTS specification v3.2.6)."""

from __future__ import annotations

from datetime import date

from cockpit.demo.authority import CA_ID, CERTIFICATE_ID, Authority
from cockpit.demo.household import DemoFile, Household
from cockpit.demo.invoices import Bill
from cockpit.demo.page import Sheet, draw

GS, US = "\x1d", "\x1f"
"""GS ends a field of variable length; US stands between the message and its signature."""

DAY_ZERO = date(2000, 1, 1)
SIGNATURE_LINE = "2D-Doc signé par une autorité de démonstration (XX00), créée pour l'occasion : il ne prouve rien."


def code(authority: Authority, document_type: str, emitted: date, message: str) -> str:
    """A whole 2D-Doc of version 04: header (§ 3.4), message, signature over both."""
    days = f"{(emitted - DAY_ZERO).days:04X}"
    signed = f"DC04{CA_ID}{CERTIFICATE_ID}{days}{days}{document_type}01FR{message}"
    return signed + US + authority.sign(signed.encode("ascii"))


def tax_notice(authority: Authority, household: Household, year: int) -> DemoFile:
    """The notice (type 04) sent in August of ``year`` about the income of the year before."""
    taxes = household.taxes
    collected = date(year, 8, 31)
    reference = f"{year % 100}00A{int(taxes.number_1) % 10**8:08}"
    message = f"43{taxes.shares}{GS}44{reference}45{year - 1}46{taxes.declarant_1}{GS}4A{collected:%d%m%Y}"
    message += f"47{taxes.number_1}41{taxes.reference_income}{GS}"
    if taxes.declarant_2 and taxes.number_2:
        message += f"48{taxes.declarant_2}{GS}49{taxes.number_2}"
    rows = [
        ("Référence de l'avis", reference),
        ("Déclarant 1", f"{taxes.declarant_1} ({taxes.number_1})"),
        *([("Déclarant 2", f"{taxes.declarant_2} ({taxes.number_2})")] if taxes.declarant_2 else []),
        ("Nombre de parts", taxes.shares),
        ("Revenu fiscal de référence", f"{taxes.reference_income} €"),
        ("Date de mise en recouvrement", f"{collected:%d/%m/%Y}"),
    ]
    content = draw(
        Sheet(
            title=f"Avis d'impôt {year} sur les revenus de {year - 1}",
            issuer=("SPECIMEN", "Modèle fictif d'avis d'impôt"),
            addressee=_addressee(household),
            rows=rows,
            code=code(authority, "04", date(year, 8, 1), message),
            signature_line=SIGNATURE_LINE,
        )
    )
    return DemoFile(f"avis-impot-{year}.pdf", content)


def proof_of_address(authority: Authority, household: Household, bill: Bill) -> DemoFile:
    """An extract of a supplier's bill (type 01) that proves an address."""
    address = household.address
    message = f"26FR24{address.postcode}10{household.holder}{GS}25{address.town}{GS}22{address.street.upper()}{GS}"
    message += f"18{bill.number}{GS}"
    content = draw(
        Sheet(
            title="Justificatif de domicile",
            issuer=(bill.seller.name, bill.seller.address.street),
            addressee=_addressee(household),
            rows=[
                ("Titulaire du contrat", household.name),
                ("Facture", f"{bill.number} du {bill.issued:%d/%m/%Y}"),
                ("Point de livraison", household.home.meter),
            ],
            code=code(authority, "01", bill.issued, message),
            signature_line=SIGNATURE_LINE,
        )
    )
    return DemoFile(f"justificatif-domicile-{bill.issued:%Y-%m}.pdf", content)


def _addressee(household: Household) -> tuple[str, str, str]:
    address = household.address
    return (household.name, address.street, f"{address.postcode} {address.town}")
