"""Small OFX files in the dialects of banks, for the tests to vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cockpit.domain.record import Record
from cockpit.sources.port import Fault, PullContext, SourceFile
from cockpit_connectors.intl_ofx.connector import connector

HEADER = (
    "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n"
    "COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
)
XML_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n'
ACCOUNT = "00012345678"


@dataclass(frozen=True, slots=True)
class Movement:
    """One transaction as it is written in a file."""

    date: str = "20240104"
    amount: str = "-42.90"
    fitid: str = ""
    name: str = "ACHAT"
    memo: str = ""


def _leaf(tag: str, text: str, closed: bool) -> str:
    return f"<{tag}>{escape(text)}" + (f"</{tag}>" if closed else "")


def movement(move: Movement, closed: bool = False, end: str = "\n") -> str:
    """One ``STMTTRN``; its leaves closed (XML, some SGML) or not."""
    leaves = [
        ("TRNTYPE", "DEBIT"),
        ("DTPOSTED", move.date),
        ("TRNAMT", move.amount),
        ("FITID", move.fitid),
        ("NAME", move.name),
        ("MEMO", move.memo),
    ]
    body = end.join(_leaf(tag, text, closed) for tag, text in leaves if text or tag != "MEMO")
    return f"<STMTTRN>{end}{body}{end}</STMTTRN>{end}"


def statement(moves: Sequence[Movement], closed: bool = False, end: str = "\n", account: str = ACCOUNT) -> str:
    """One ``STMTTRNRS`` of a current account in euros."""
    said = [("BANKID", "11306"), ("BRANCHID", "00042"), ("ACCTID", account), ("ACCTTYPE", "CHECKING")]
    return (
        f"<STMTTRNRS>{end}<STMTRS>{end}{_leaf('CURDEF', 'EUR', closed)}{end}"
        f"<BANKACCTFROM>{end}{end.join(_leaf(tag, text, closed) for tag, text in said)}{end}</BANKACCTFROM>{end}"
        f"<BANKTRANLIST>{end}{''.join(movement(move, closed, end) for move in moves)}</BANKTRANLIST>{end}"
        f"<LEDGERBAL>{end}{_leaf('BALAMT', '100.00', closed)}{end}{_leaf('DTASOF', '20240131', closed)}{end}"
        f"</LEDGERBAL>{end}</STMTRS>{end}</STMTTRNRS>{end}"
    )


def ofx(*statements: str, header: str = HEADER, end: str = "\n") -> str:
    """A whole file around these statements."""
    return f"{header}<OFX>{end}<BANKMSGSRSV1>{end}{''.join(statements)}</BANKMSGSRSV1>{end}</OFX>{end}"


def outcomes(content: bytes | str, name: str = "releve.ofx") -> tuple[list[Record], list[Fault]]:
    """What the connector makes of a file; text is written as Windows-1252, the usual encoding."""
    raw = content.encode("cp1252") if isinstance(content, str) else content
    everything = list(connector.pull(SourceFile(name, raw), PullContext(today="2026-01-15")))
    return (
        [outcome for outcome in everything if isinstance(outcome, Record)],
        [outcome for outcome in everything if isinstance(outcome, Fault)],
    )


def transactions(content: bytes | str) -> list[Record]:
    """The transactions of a file that has no fault."""
    records, faults = outcomes(content)
    assert faults == []
    return [record for record in records if record.kind == "bank.transaction"]
