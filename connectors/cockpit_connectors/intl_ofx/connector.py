"""The connector: recognises OFX files, and turns statements into account and transaction records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.record import Basis, Json, Method, Provenance, Record
from cockpit.sources.port import Fault, FaultKind, Outcome, Probe, PullContext, SourceFile

from .markup import declares, decoded, elements, root
from .statement import Line, Reader, Statement
from .values import bare

ID = ConnectorId("intl.ofx")
VERSION = "1.0.0"
MOST_BYTES = 32 * 1024 * 1024
MOST_BAD_LINES = 100
"""Faults about single transactions that one import gives; those after are counted in one last fault."""


class Ofx:
    """See ``cockpit.sources.port.FileConnector``."""

    def recognise(self, probe: Probe) -> float:
        """1.0 for a file with an OFX root, whatever its name; less for one that only has the header."""
        text = decoded(probe.head)
        if root(text) is not None:
            return 1.0
        return 0.8 if text.lstrip().upper().startswith(("OFXHEADER:", "<?OFX")) else 0.0

    def pull(self, file: SourceFile, context: PullContext) -> Iterator[Outcome]:
        """Faults in the order of the file, then one record an account, then one a transaction."""
        yield from _capped(_outcomes(file, context))


connector = Ofx()


def _outcomes(file: SourceFile, context: PullContext) -> Iterator[Outcome]:
    if len(file.content) > MOST_BYTES:
        yield Fault(FaultKind.TOO_BIG, "file-too-big", "The file is larger than 32 MiB.")
        return
    if not file.content.strip():
        yield Fault(FaultKind.UNSUPPORTED, "empty-file", "The file is empty.")
        return
    text = decoded(file.content)
    if declares(text):
        sentence = "The file declares a document type or entities, which no bank's file needs; it was not read."
        yield Fault(FaultKind.UNSUPPORTED, "declaration-refused", sentence)
        return
    start = root(text)
    if start is None:
        yield Fault(FaultKind.LAYOUT_CHANGED, "no-ofx", "The file has no OFX part.", "line 1")
        return
    reader, faults = Reader(), 0
    for fault in reader.read(elements(text, start)):
        faults += 1
        yield fault
    if not reader.statements and not faults:
        yield Fault(FaultKind.UNSUPPORTED, "no-statement", "The file holds no bank or card statement.")
    yield from _unnamed(reader.statements)
    yield from _accounts(reader, context.today)
    yield from _transactions(reader.statements)


def _unnamed(statements: Iterable[Statement]) -> Iterator[Fault]:
    for statement in statements:
        if not statement.account.get("ACCTID"):
            sentence = (
                "This statement does not say which account it is of; its lines are kept under one without a number."
            )
            yield Fault(FaultKind.BAD_LINE, "no-account", sentence, statement.place)


def _accounts(reader: Reader, today: str) -> Iterator[Record]:
    """One record an account: that of its latest balance when the file has several statements of it."""
    latest: dict[tuple[str, str, str], Statement] = {}
    for statement in reader.statements:
        known = latest.get(statement.key)
        if known is None or (statement.balance_date or "") >= (known.balance_date or ""):
            latest[statement.key] = statement
    for statement in latest.values():
        if statement.account or statement.lines:
            yield _account(statement, statement.latest or reader.server_day or today)


def _account(statement: Statement, on: str) -> Record:
    bank, branch, number = statement.key
    data: dict[str, Json] = {
        "account": number,
        "bank": bank or None,
        "branch": branch or None,
        "type": "CREDITCARD" if statement.card else statement.account.get("ACCTTYPE", "").upper() or None,
        "currency": statement.currency,
        "balance": statement.balance,
        "balance_date": statement.balance_date,
    }
    return _record("bank.account", _joined(statement.key), on, data, statement.place)


def _transactions(statements: Iterable[Statement]) -> Iterator[Record]:
    given: set[str] = set()
    unnamed: Counter[str] = Counter()
    for statement in statements:
        # Two statements of one account in a file are as two files: what both hold is one line. Statements that
        # do not name their account may be of two, so their equal lines are counted on.
        seen = Counter() if statement.account.get("ACCTID") else unnamed
        for line in statement.lines:
            same = _joined((*statement.key, *_identity(line)))
            seen[same] += 1
            source_key = f"{same}|{seen[same]}"
            if source_key not in given:
                given.add(source_key)
                yield _transaction(statement, line, source_key)


def _transaction(statement: Statement, line: Line, source_key: str) -> Record:
    data: dict[str, Json] = {
        "account": statement.key[2],
        "booking_date": line.booking_date,
        "value_date": line.value_date,
        "amount": line.amount,
        "currency": line.currency or statement.currency,
        "label": line.label,
        "details": line.details,
        "type": line.type,
        "bank_reference": line.bank_reference,
        "check_number": line.check_number,
    }
    return _record("bank.transaction", source_key, line.booking_date, data, line.place)


def _identity(line: Line) -> tuple[str, ...]:
    """What makes a line itself in every export that holds it, read from the line alone.

    The FITID never stands alone: banks reuse it, or number each export from 1. Asking whether it is unique in the
    file would give a line one key today and another in tomorrow's longer export; with its day and amount it need
    not be unique. The label is left out beside a FITID, because the same line is worded differently by a bank's
    several export formats.
    """
    if line.bank_reference:
        return "id", line.bank_reference, line.booking_date, line.amount
    return "label", line.booking_date, line.amount, bare(line.label or "")


def _joined(parts: Iterable[str]) -> str:
    """The parts as one text; a bar inside a part is escaped, so that no two lists look alike."""
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def _record(kind: str, source_key: str, day: str, data: dict[str, Json], place: str) -> Record:
    provenance = Provenance(ID, VERSION, Method.PARSED, Basis.OBSERVED, place=place)
    return Record(kind=Kind(kind), source_key=source_key, day=day, data=data, provenance=provenance)


def _capped(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    bad = 0
    for outcome in outcomes:
        if isinstance(outcome, Fault) and outcome.kind is FaultKind.BAD_LINE:
            bad += 1
            if bad > MOST_BAD_LINES:
                continue
        yield outcome
    if bad > MOST_BAD_LINES:
        sentence = f"{bad - MOST_BAD_LINES} more lines could not be read; only the first {MOST_BAD_LINES} are listed."
        yield Fault(FaultKind.BAD_LINE, "more-bad-lines", sentence)
