"""The bills of one household: what it drew and what it subscribed to, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from cockpit.demo.energy import Curve
from cockpit.demo.household import Household
from cockpit.demo.invoices import ENERGY, TELECOM, Bill, Company, Line
from cockpit.domain.moment import add_months

KILOWATT_HOUR = Decimal("0.1640")
STANDING_CHARGE = {6: Decimal("12.38"), 9: Decimal("15.51"), 12: Decimal("18.70")}
"""Net euros a month for each subscribed power in kVA."""

FULL_RATE = Decimal("20.00")
REDUCED_RATE = Decimal("5.50")
SAME_RATE_SINCE = date(2025, 8, 1)
"""French finance act for 2025, art. 20: the standing charge of electricity left the reduced rate on that day."""


def energy_bills(household: Household, curve: Curve) -> tuple[Bill, ...]:
    """One bill for each whole month of the curve whose bill was sent before the curve ends."""
    return tuple(_energy_bill(household, curve, first, last) for first, last in _months(curve.first, curve.last))


def telecom_bills(household: Household, first: date, last: date) -> tuple[Bill, ...]:
    """One bill a month, always the same amount."""
    net = (Decimal(household.telecom_cents) / 100 / Decimal("1.2")).quantize(Decimal("0.01"))
    line = Line("Offre internet et mobile", Decimal(1), "MON", net, FULL_RATE)
    return tuple(_bill(household, TELECOM, "TD", month, (line,)) for month in _months(first, last))


def _energy_bill(household: Household, curve: Curve, first: date, last: date) -> Bill:
    home = household.home
    lines = (
        Line("Consommation", Decimal(curve.kilowatt_hours(first, last)), "KWH", KILOWATT_HOUR, FULL_RATE),
        Line(
            f"Abonnement {home.subscribed_kva} kVA",
            Decimal(1),
            "MON",
            STANDING_CHARGE[home.subscribed_kva],
            FULL_RATE if first >= SAME_RATE_SINCE else REDUCED_RATE,
        ),
    )
    return _bill(household, ENERGY, "ED", (first, last), lines)


def _bill(
    household: Household, seller: Company, prefix: str, month: tuple[date, date], lines: tuple[Line, ...]
) -> Bill:
    first, last = month
    issued = last + timedelta(days=3)
    return Bill(
        number=f"{prefix}-{household.handle.upper()}-{first:%Y-%m}",
        seller=seller,
        buyer=household.name,
        address=household.address,
        first=first,
        last=last,
        issued=issued,
        due=issued + timedelta(days=12),
        lines=lines,
    )


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The whole months between two days whose bill, three days later, was already sent."""
    start = first if first.day == 1 else add_months(first.replace(day=1), 1)
    while (end := add_months(start, 1) - timedelta(days=1)) + timedelta(days=3) <= last:
        yield start, end
        start = add_months(start, 1)
