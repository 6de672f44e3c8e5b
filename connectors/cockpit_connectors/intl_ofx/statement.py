"""Elements to statements: which account, which lines, which balance, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cockpit.sources.port import Fault, FaultKind

from .markup import Element
from .values import amount, currency, day

MOST_ELEMENTS = 200
"""Elements kept of one transaction; the specification has about 30."""

_STATEMENTS = {"STMTRS", "CCSTMTRS"}
_ACCOUNTS = {"BANKACCTFROM", "CCACCTFROM"}
_UNSUPPORTED = {"INVSTMTRS", "LOANSTMTRS", "AMRTSTMTRS", "SECLIST"}
_PASSED_OVER = {"STMTTRNP", "BANKTRANLISTP", "CCSTMTENDTRNRS", "STMTENDTRNRS"}
_INNER = {"PAYEE", "CURRENCY"}
_AFTER_PENDING = {"STMTTRN", "BANKTRANLIST", "LEDGERBAL"}
_AGGREGATES = _STATEMENTS | _ACCOUNTS | _UNSUPPORTED | _PASSED_OVER | _AFTER_PENDING | {"AVAILBAL", "OFX"}


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction, as the kind ``bank.transaction`` names its parts; absent ones are None."""

    booking_date: str
    amount: str
    value_date: str | None
    currency: str | None
    label: str | None
    details: str | None
    type: str | None
    bank_reference: str | None
    check_number: str | None
    place: str


@dataclass(slots=True)
class Statement:
    """One statement as it is read: the account, its lines, and its last balance if it has one."""

    place: str
    card: bool
    account: dict[str, str] = field(default_factory=dict)
    currency: str | None = None
    end: str | None = None
    balance: str | None = None
    balance_date: str | None = None
    lines: list[Line] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str]:
        """Bank, branch and number; the number is ``unknown`` where the file has none."""
        said = self.account
        return said.get("BANKID", ""), said.get("BRANCHID", ""), said.get("ACCTID", "") or "unknown"

    @property
    def latest(self) -> str | None:
        """The last day the statement speaks of."""
        return self.balance_date or self.end or max((line.booking_date for line in self.lines), default=None)


class Reader:
    """Reads the elements of one file; ``statements`` is complete once ``read`` has run out."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.server_day: str | None = None
        self._statement: Statement | None = None
        self._holder: str | None = None
        self._held: dict[str, str] = {}
        self._line: list[tuple[str, str]] | None = None
        self._line_at = 0
        self._lines = 0
        self._passing: str | None = None
        self._closed = False

    def read(self, elements: Iterable[Element]) -> Iterator[Fault]:
        """Every fault of the file, in its order."""
        last = 1
        for element in elements:
            last = element.line
            if not element.closing:
                yield from self._open(element)
            if element.closing or (element.whole and element.tag in _AGGREGATES):
                yield from self._close(element)
        if self._line is not None:
            yield self._bad("truncated", "The file ends in the middle of this transaction.")
        if not self._closed:
            sentence = "The file ends before its last mark; whatever followed is missing."
            yield Fault(FaultKind.BAD_LINE, "truncated-file", sentence, f"line {last}")
        if self._holder in _ACCOUNTS and self._statement is not None and not self._statement.lines:
            # An account number cut short would be another account.
            self.statements.remove(self._statement)

    def _open(self, element: Element) -> Iterator[Fault]:
        tag = element.tag
        if tag in _AFTER_PENDING and self._passing in _PASSED_OVER:
            # The closing mark of a pending line was lost; what is booked must not be lost with it.
            self._passing = None
        if tag in _STATEMENTS:
            yield from self._end_line()
            self._begin(element)
        elif self._passing is not None:
            return
        elif tag in _UNSUPPORTED or tag in _PASSED_OVER:
            yield from self._end_line()
            self._passing = tag
            if tag in _UNSUPPORTED and tag != "SECLIST":
                sentence = "Statements of investments and loans are not read."
                yield Fault(FaultKind.UNSUPPORTED, "unsupported-statement", sentence, f"line {element.line}")
        elif tag == "STMTTRN":
            yield from self._end_line()
            self._end_holder()
            self._line, self._line_at = [], element.line
            self._lines += 1
        elif tag in _ACCOUNTS or tag in {"LEDGERBAL", "AVAILBAL", "BANKTRANLIST"}:
            yield from self._end_line()
            self._end_holder()
            self._holder, self._held = (None if tag == "BANKTRANLIST" else tag), {}
            self._current(element)
        else:
            yield from self._leaf(element)

    def _leaf(self, element: Element) -> Iterator[Fault]:
        tag, value = element.tag, element.value
        if self._line is not None:
            if len(self._line) < MOST_ELEMENTS:
                self._line.append((tag, value))
        elif self._holder is not None:
            self._held.setdefault(tag, value)
            yield from self._balance(element)
        elif tag == "DTSERVER":
            self.server_day = day(value)
        elif tag == "CURDEF" and self._statement is not None:
            self._statement.currency = currency(value)
        elif tag == "DTEND" and self._statement is not None:
            self._statement.end = day(value)
        elif tag == "TRNAMT" and value:
            sentence = "An amount stands outside any transaction, so its transaction is lost."
            yield Fault(FaultKind.BAD_LINE, "stray-amount", sentence, f"line {element.line}")

    def _balance(self, element: Element) -> Iterator[Fault]:
        if (
            self._holder == "LEDGERBAL"
            and element.tag == "BALAMT"
            and element.ended
            and element.value
            and amount(element.value) is None
        ):
            sentence = "The balance of this account is not an amount."
            yield Fault(FaultKind.BAD_LINE, "bad-balance", sentence, f"line {element.line}")

    def _close(self, element: Element) -> Iterator[Fault]:
        tag = element.tag
        if self._passing is not None:
            if tag == self._passing:
                self._passing = None
        elif tag == "STMTTRN" or tag in _STATEMENTS or tag in {"BANKTRANLIST", "OFX"}:
            yield from self._end_line()
        elif self._line is not None:
            self._line = _folded(self._line, tag)
        elif tag == self._holder:
            self._end_holder()
        if tag in _STATEMENTS:
            self._end_holder()
            self._statement = None
        self._closed = self._closed or tag == "OFX"

    def _begin(self, element: Element) -> Statement:
        self._end_holder()
        self._passing = None
        self._statement = Statement(f"statement {len(self.statements) + 1}, line {element.line}", False)
        self._statement.card = element.tag.startswith("CC")
        self.statements.append(self._statement)
        return self._statement

    def _current(self, element: Element) -> Statement:
        return self._statement or self._begin(element)

    def _end_holder(self) -> None:
        """Take what the account or balance aggregate said, now that it is known to be complete."""
        if self._statement is not None and self._holder in _ACCOUNTS:
            self._statement.account = self._held
        elif self._statement is not None and self._holder == "LEDGERBAL":
            self._statement.balance = amount(self._held.get("BALAMT", ""))
            if self._statement.balance is not None:
                self._statement.balance_date = day(self._held.get("DTASOF", ""))
        self._holder, self._held = None, {}

    def _end_line(self) -> Iterator[Fault]:
        if self._line is None:
            return
        fields = dict(reversed(self._line))
        booked, moved = day(fields.get("DTPOSTED", "")), amount(fields.get("TRNAMT", ""))
        if sum(tag == "TRNAMT" for tag, _ in self._line) > 1:
            yield self._bad("two-amounts", "Two transactions run into one another here.")
        elif booked is None:
            yield self._bad("bad-date", "The date of this transaction is missing or does not exist.")
        elif moved is None:
            yield self._bad("bad-amount", "The amount of this transaction is missing or is not a number.")
        else:
            statement = self._statement or self._begin(Element("STMTRS", "", self._line_at))
            statement.lines.append(_line(fields, booked, moved, self._place()))
        self._line = None

    def _place(self) -> str:
        return f"transaction {self._lines}, line {self._line_at}"

    def _bad(self, code: str, sentence: str) -> Fault:
        return Fault(FaultKind.BAD_LINE, code, sentence, self._place())


def _folded(line: list[tuple[str, str]], tag: str) -> list[tuple[str, str]]:
    """The line's elements once the inner aggregate ``tag`` is closed: its own are told apart, or dropped.

    An element with no text may be an empty one or an aggregate: only its closing mark, coming later, can tell.
    """
    opened = next((index for index in range(len(line) - 1, -1, -1) if line[index] == (tag, "")), None)
    if opened is None:
        return line
    inner = [(f"{tag}.{name}", value) for name, value in line[opened + 1 :]] if tag in _INNER else []
    return line[:opened] + inner


def _line(fields: dict[str, str], booked: str, moved: str, place: str) -> Line:
    name = fields.get("NAME") or fields.get("PAYEE.NAME") or fields.get("EXTDNAME") or None
    memo = fields.get("MEMO") or None
    # CURRENCY says in which currency the amount is; ORIGCURRENCY only what it was before (OFX §5.2).
    other = currency(fields.get("CURRENCY.CURSYM") or fields.get("CURRENCY"))
    return Line(
        booking_date=booked,
        amount=moved,
        value_date=day(fields.get("DTAVAIL") or fields.get("VALUEDATE") or ""),
        currency=other,
        label=name or memo,
        details=memo if name and memo != name else None,
        type=fields.get("TRNTYPE", "").upper() or None,
        bank_reference=fields.get("FITID") or None,
        check_number=fields.get("CHECKNUM") or None,
        place=place,
    )
