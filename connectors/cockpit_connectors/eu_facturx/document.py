"""The XML of an invoice, parsed without letting it do anything: no document type, no entity, nothing fetched."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cockpit.sources.port import Fault, FaultKind

from .attachment import MOST_XML_BYTES, order_not_invoice

CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
"""The one version of the message that EN 16931-3-3 and Factur-X 1.0 use."""

_ROOT = re.compile(r"<(?:[\w.-]+:)?(CrossIndustryInvoice|CrossIndustryDocument|SCRDMCCBDACIOMessageStructure)[\s>]")
_UBL = re.compile(r"urn:oasis:names:specification:ubl:schema:xsd:(?:Invoice|CreditNote)-2")


def recognised_root(head: bytes) -> float:
    """How sure it is, from its beginning, that an XML file is an invoice (or an order that we refuse by name)."""
    text = _decoded(head)
    if not text.lstrip().startswith("<"):
        return 0.0
    if _ROOT.search(text):
        return 0.95
    return 0.6 if _UBL.search(text) else 0.0


def parsed_invoice(document: bytes, place: str) -> Element | Fault:
    """The root of a Cross Industry Invoice, or why the document is not one we read. Never raises."""
    if len(document) > MOST_XML_BYTES:
        sentence = f"The invoice is larger than {MOST_XML_BYTES // (1024 * 1024)} MiB."
        return Fault(FaultKind.TOO_BIG, "file-too-big", sentence, place)
    try:
        # Blank lines before the declaration are an error of form that says nothing about the invoice.
        root: Element = fromstring(document.lstrip(b" \t\r\n"), forbid_dtd=True)
    except DefusedXmlException:
        sentence = "The file declares a document type or entities, which no invoice needs; it was not read."
        return Fault(FaultKind.UNSUPPORTED, "declaration-refused", sentence, place)
    except (ParseError, ValueError, LookupError):
        # LookupError: an encoding that does not exist; ValueError: one that the parser cannot follow.
        return Fault(FaultKind.UNSUPPORTED, "bad-xml", "The invoice is not well-formed XML.", place)
    return root if root.tag == f"{{{CII}}}CrossIndustryInvoice" else _refused(root, place)


def _refused(root: Element, place: str) -> Fault:
    namespace, _, name = root.tag.rpartition("}")
    if name == "SCRDMCCBDACIOMessageStructure":
        return order_not_invoice(place)
    if name == "CrossIndustryInvoice":
        sentence = "The invoice is written in another version of the Cross Industry Invoice than the one we read."
        return Fault(FaultKind.LAYOUT_CHANGED, "unknown-invoice-version", sentence, place)
    if name == "CrossIndustryDocument":
        return Fault(FaultKind.UNSUPPORTED, "zugferd-1", "Invoices of ZUGFeRD 1.0 are not read.", place)
    if _UBL.search(namespace):
        sentence = "Invoices in UBL are not read yet. Ask the seller for the Factur-X file."
        return Fault(FaultKind.UNSUPPORTED, "ubl-not-read", sentence, place)
    return Fault(FaultKind.UNSUPPORTED, "not-an-invoice", "The XML file is not an invoice.", place)


def _decoded(head: bytes) -> str:
    """The text as far as it can be told: enough to find a root element in ASCII."""
    if head.startswith((b"\xff\xfe", b"<\x00")):
        return head.decode("utf-16-le", "replace").lstrip("\ufeff")
    if head.startswith((b"\xfe\xff", b"\x00<")):
        return head.decode("utf-16-be", "replace").lstrip("\ufeff")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
