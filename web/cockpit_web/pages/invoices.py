"""My invoices: what is left to pay first, then every invoice, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.domain.ids import Kind
from cockpit.domain.moment import PARIS
from cockpit.domain.record import StoredRecord
from cockpit.uses.deadlines import Deadline, bills_due
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

INVOICE = Kind("invoice.document")
AHEAD_DAYS = 60


@dataclass(frozen=True, slots=True)
class InvoicesPage:
    """What the page shows."""

    due: tuple[Deadline, ...]
    invoices: tuple[StoredRecord, ...]


@router.get("/donnees/factures")
def invoices(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """Every invoice of the space."""
    with reading(cockpit, visit) as reader:
        found = reader.records(INVOICE)
    today = cockpit.clock().astimezone(PARIS).date()
    return render(request, "invoices/page.html", InvoicesPage(bills_due(found, today, AHEAD_DAYS), found), room="data")
