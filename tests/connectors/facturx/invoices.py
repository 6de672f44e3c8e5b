"""Small invoices, and PDFs that carry them, for the tests to vary."""

from __future__ import annotations

import io
from pathlib import Path

from pypdf import PdfReader, PdfWriter

from cockpit.domain.record import Record
from cockpit.sources.port import Fault, PullContext, SourceFile
from cockpit_connectors.eu_facturx.connector import connector

HERE = Path(__file__).parent
MINIMUM = (HERE / "samples" / "factur-x-minimum.xml").read_bytes()
EN16931 = (HERE / "samples" / "factur-x-en16931.xml").read_bytes()
CONTEXT = PullContext(today="2026-01-31")


def pdf(attached: dict[str, bytes]) -> bytes:
    """A PDF of one blank page with these files attached."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    for name, content in attached.items():
        writer.add_attachment(name, content)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def protected(content: bytes, person: str, owner: str) -> bytes:
    """The PDF behind a password for the person, one for the owner, or both."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(person, owner, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pulled(content: bytes) -> tuple[list[Record], list[Fault]]:
    """The records and the faults of a file."""
    found = list(connector.pull(SourceFile("facture", content), CONTEXT))
    return (
        [outcome for outcome in found if isinstance(outcome, Record)],
        [outcome for outcome in found if isinstance(outcome, Fault)],
    )


def replaced(before: str, after: str, document: bytes = MINIMUM) -> bytes:
    """The document with one thing changed."""
    assert before.encode() in document
    return document.replace(before.encode(), after.encode(), 1)


def said(content: bytes) -> Record:
    """The one record of a file without a fault."""
    records, faults = pulled(content)
    assert faults == []
    (found,) = records
    return found
