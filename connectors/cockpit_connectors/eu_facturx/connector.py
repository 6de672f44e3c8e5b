"""The connector: the invoice a PDF carries, or that an XML file is, as one record."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.record import Basis, Json, Method, Provenance, Record
from cockpit.sources.port import Fault, FaultKind, Outcome, Probe, PullContext, SourceFile

from .attachment import attached_invoice, is_marked, is_pdf
from .cii import Reading, invoice
from .document import parsed_invoice, recognised_root

ID = ConnectorId("eu.facturx")
VERSION = "1.0.0"
INVOICE = Kind("invoice.document")
MOST_BYTES = 32 * 1024 * 1024
MOST_BAD_AMOUNTS = 100
"""Faults about single amounts that one invoice gives; those after are counted in one last fault."""


class FacturX:
    """See ``cockpit.sources.port.FileConnector``."""

    def recognise(self, probe: Probe) -> float:
        """0.95 when the invoice is named in clear.

        0.4 for any other PDF: the name may lie further on or be compressed, and to list what is attached costs
        less than to look at the pages, which others do after us.
        """
        if is_pdf(probe.head):
            return 0.95 if is_marked(probe.head) else 0.4
        return recognised_root(probe.head)

    def pull(self, file: SourceFile, context: PullContext) -> Iterator[Outcome]:
        """What could not be read of the invoice, then the invoice."""
        if not file.content:
            yield Fault(FaultKind.UNSUPPORTED, "empty-file", "The file is empty.")
            return
        if len(file.content) > MOST_BYTES:
            yield Fault(FaultKind.TOO_BIG, "file-too-big", "The file is larger than 32 MiB.")
            return
        if not is_pdf(file.content):
            yield from _outcomes(file.content, "document")
            return
        attached = attached_invoice(file.content)
        if isinstance(attached, Fault):
            yield attached
        else:
            yield from _outcomes(attached.content, attached.name)


connector = FacturX()


def _outcomes(document: bytes, place: str) -> Iterator[Outcome]:
    root = parsed_invoice(document, place)
    if isinstance(root, Fault):
        yield root
        return
    reading = Reading(root)
    said = invoice(reading)
    yield from reading.faults[:MOST_BAD_AMOUNTS]
    if len(reading.faults) > MOST_BAD_AMOUNTS:
        more = len(reading.faults) - MOST_BAD_AMOUNTS
        sentence = f"{more} more values could not be read; only the first {MOST_BAD_AMOUNTS} are listed."
        yield Fault(FaultKind.BAD_LINE, "more-bad-lines", sentence)
    number, day = said["number"], said["issue_date"]
    if not isinstance(number, str):
        yield Fault(FaultKind.BAD_LINE, "no-invoice-number", "The invoice has no number.", place)
    elif not isinstance(day, str):
        yield Fault(FaultKind.BAD_LINE, "no-issue-date", "The invoice has no issue date that can be read.", place)
    else:
        yield Record(
            kind=INVOICE,
            source_key=_source_key(said["seller"], number),
            day=day,
            data={name: value for name, value in said.items() if value is not None},
            provenance=Provenance(ID, VERSION, Method.PARSED, Basis.DECLARED, place=place),
        )


def _source_key(seller: Json, number: str) -> str:
    """The seller by the surest name it bears, and the number, which is unique for a seller (EN 16931, BT-1)."""
    named = seller if isinstance(seller, dict) else {}
    registered = (named.get(name) for name in ("vat_id", "siret", "siren", "legal_id"))
    # A registration number is the same number however its digits are grouped.
    numbers = ["".join(each.split()) for each in registered if isinstance(each, str)]
    name = named.get("name")
    identity = numbers[0] if numbers else name if isinstance(name, str) else ""
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in (identity, number))
