"""My energy: one sentence, the months as bars, the days as a band, and where it all comes from."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.domain.ids import Kind
from cockpit.domain.record import StoredRecord
from cockpit.uses.energy import EnergyMonth, MonthSaid, consumption_days, energies, month_said, months
from cockpit_web.charts import Band, Bars, month_bars, power_band
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

SERIES = Kind("energy.series")


@dataclass(frozen=True, slots=True)
class EnergyView:
    """One energy: its sentence, its charts, and every month in a table, newest first."""

    energy: str
    said: MonthSaid
    bars: Bars
    band: Band | None
    months: tuple[EnergyMonth, ...]


@dataclass(frozen=True, slots=True)
class EnergyPage:
    """What the page shows. ``sources`` are the curves themselves, with their origin, newest first."""

    views: tuple[EnergyView, ...]
    sources: tuple[StoredRecord, ...]


@router.get("/donnees/energie")
def energy(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """Everything the load curves say."""
    with reading(cockpit, visit) as reader:
        sources = reader.records(SERIES)
    records = [stored.record for stored in sources]
    views = []
    for name in energies(records):
        days = consumption_days(records, name)
        known = months(days)
        said = month_said(known)
        if said is not None:
            bars = month_bars(known, said.month.month)
            views.append(EnergyView(name, said, bars, power_band(days), tuple(reversed(known))))
    return render(request, "energy/page.html", EnergyPage(tuple(views), sources), room="data")
