"""A French bank account as its OFX 1.0.2 downloads: SGML without closing tags, in CP1252."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from cockpit.demo.household import Account, DemoFile, Habit, Regular
from cockpit.demo.invoices import Bill
from cockpit.domain.moment import add_months

HEADER = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the account. ``cents`` is negative for money out."""

    day: date
    cents: int
    label: str
    memo: str
    trntype: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """An account's movements in the order of its days, with the reference the bank gives each."""

    account: Account
    last: date
    lines: tuple[tuple[str, Movement], ...]

    def balance(self) -> int:
        """Cents on the account at the end of ``last``."""
        return self.account.opening + sum(movement.cents for _, movement in self.lines)


def ledger(rng: Random, account: Account, bills: Iterable[Bill], first: date, last: date) -> Ledger:
    """What moved on an account from ``first`` to ``last``: regular movements, habits, and every bill on its due day."""
    movements = [movement for movement in _debits(bills) if movement.day <= last]
    month = first.replace(day=1)
    while month <= last:
        movements += [_on_its_day(regular, month, last) for regular in account.regular if _moves(regular, month)]
        for habit in account.habits:
            movements += _purchases(rng, habit, month)
        month = add_months(month, 1)
    kept = sorted((each for each in movements if first <= each.day <= last), key=lambda each: each.day)
    return Ledger(account, last, tuple(_numbered(kept)))


def _numbered(movements: Sequence[Movement]) -> Iterator[tuple[str, Movement]]:
    for rank, movement in enumerate(movements, 1):
        yield f"{movement.day:%Y%m%d}{rank:06}", movement


def _debits(bills: Iterable[Bill]) -> Iterator[Movement]:
    for bill in bills:
        memo = f"Échéance facture {bill.number}"
        label = f"PRLV SEPA {bill.seller.name.upper()}"
        yield Movement(bill.due, -int(bill.total * 100), label, memo, "DIRECTDEBIT")


def _moves(regular: Regular, month: date) -> bool:
    return not regular.months or month.month in regular.months


def _on_its_day(regular: Regular, month: date, last: date) -> Movement:
    day = min(month.replace(day=1) + timedelta(days=regular.day - 1), add_months(month, 1) - timedelta(days=1))
    raised = regular.raised is not None and day > add_months(last, -regular.raised_for)
    cents = regular.raised if raised and regular.raised is not None else regular.cents
    return Movement(day, cents, regular.label, f"{regular.memo} {day:%m/%Y}", regular.trntype)


def _purchases(rng: Random, habit: Habit, month: date) -> Iterator[Movement]:
    length = (add_months(month, 1) - month).days
    for _ in range(rng.randint(*habit.times)):
        bought = month + timedelta(days=rng.randrange(length))
        # A card payment is booked the next day; the label says when it was made.
        booked = bought + timedelta(days=1)
        cents = rng.randint(*habit.cents)
        yield Movement(booked, -cents, f"{habit.label} {bought:%d/%m}", "Paiement carte n° 0000", habit.trntype)


def ofx(written: Ledger, first: date) -> DemoFile:
    """The download of an account's movements from ``first`` on."""
    account, last = written.account, written.last
    lines = [
        "<OFX>",
        "<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>",
        f"<DTSERVER>{last:%Y%m%d}120000<LANGUAGE>FRA</SONRS></SIGNONMSGSRSV1>",
        "<BANKMSGSRSV1><STMTTRNRS><TRNUID>0<STATUS><CODE>0<SEVERITY>INFO</STATUS>",
        "<STMTRS><CURDEF>EUR",
        f"<BANKACCTFROM><BANKID>{account.bank}<BRANCHID>{account.branch}<ACCTID>{account.number}"
        "<ACCTTYPE>CHECKING</BANKACCTFROM>",
        f"<BANKTRANLIST><DTSTART>{first:%Y%m%d}<DTEND>{last:%Y%m%d}",
        *(_transaction(reference, movement) for reference, movement in written.lines if movement.day >= first),
        "</BANKTRANLIST>",
        f"<LEDGERBAL><BALAMT>{_amount(written.balance())}<DTASOF>{last:%Y%m%d}</LEDGERBAL>",
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1>",
        "</OFX>",
    ]
    text = HEADER + "\n" + "\n".join(lines) + "\n"
    return DemoFile(f"releve_{account.number}_{last:%Y%m%d}.ofx", text.replace("\n", "\r\n").encode("cp1252"))


def _transaction(reference: str, movement: Movement) -> str:
    day = f"{movement.day:%Y%m%d}"
    return "\n".join(
        (
            f"<STMTTRN><TRNTYPE>{movement.trntype}<DTPOSTED>{day}<TRNAMT>{_amount(movement.cents)}",
            f"<FITID>{reference}<NAME>{_sgml(movement.label)}<MEMO>{_sgml(movement.memo)}</STMTTRN>",
        )
    )


def _amount(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _sgml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
