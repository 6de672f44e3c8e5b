"""My bank: accounts and balances, what came in and went out, and the lines of one month."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.domain.ids import Kind
from cockpit.domain.record import StoredRecord
from cockpit.uses.budget import MonthFlow, flows
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

ACCOUNT = Kind("bank.account")
TRANSACTION = Kind("bank.transaction")


@dataclass(frozen=True, slots=True)
class BankPage:
    """What the page shows: one month's lines. ``earlier`` and ``later`` are the months beside it, or None."""

    accounts: tuple[StoredRecord, ...]
    month: str | None
    flows: tuple[MonthFlow, ...]
    lines: tuple[StoredRecord, ...]
    earlier: str | None
    later: str | None


@router.get("/donnees/banque")
def bank(request: Request, cockpit: Core, visit: Visitor, mois: str = "") -> Response:
    """The month asked (``mois=2026-10``), or the newest there is."""
    with reading(cockpit, visit) as reader:
        accounts, transactions = reader.records(ACCOUNT), reader.records(TRANSACTION)
    known = sorted({stored.record.day[:7] for stored in transactions})
    month = mois if mois in known else (known[-1] if known else None)
    lines = tuple(stored for stored in transactions if stored.record.day[:7] == month)
    page = BankPage(
        accounts=accounts,
        month=month,
        flows=flows(stored.record for stored in lines),
        lines=lines,
        earlier=max((other for other in known if month and other < month), default=None),
        later=min((other for other in known if month and other > month), default=None),
    )
    return render(request, "bank/page.html", page, room="data")
