"""Advice from what the person chose to send: a curve, daily sums or monthly totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import mean, quantiles
from typing import Any
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
MINUTES = {"PT10M": 10, "PT15M": 15, "PT30M": 30, "PT60M": 60, "PT1H": 60}
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


def advice(items: list[dict[str, Any]], invoices: list[dict[str, Any]]) -> list[str]:
    """A few French sentences; what cannot be worked out from what was sent is not said."""
    if not items:
        return ["Aucune mesure n'a été reçue pour cette période."]
    months: dict[str, float] = defaultdict(float)
    hours: dict[int, list[float]] = defaultdict(list)
    nights: list[float] = []
    for at, kwh, minutes in measures(items):
        months[f"{at:%Y-%m}"] += kwh
        if minutes:
            watts = kwh * 60_000 / minutes
            hours[at.hour].append(watts)
            if 2 <= at.hour < 5:
                nights.append(watts)
    total = sum(months.values())
    said = [f"Vous avez consommé {total:,.0f} kWh sur la période que vous partagez.".replace(",", "\u202f")]
    # The first and last months are seldom whole.
    whole = sorted(months)[1:-1]
    if len(whole) > 2:
        most, least = max(whole, key=lambda month: months[month]), min(whole, key=lambda month: months[month])
        said.append(
            f"Votre mois le plus fort est {named(most)} ({months[most]:.0f} kWh), "
            f"le plus faible {named(least)} ({months[least]:.0f} kWh)."
        )
    if len(nights) > 100:
        base = quantiles(nights, n=10)[0]
        said.append(
            f"La nuit, votre logement ne descend pas sous {base:.0f} W : "
            f"c'est environ {base * 8.76:.0f} kWh par an pour des appareils en veille."
        )
    if len(hours) == 24:
        heaviest = max(hours, key=lambda hour: mean(hours[hour]))
        said.append(
            f"Votre heure la plus lourde est {heaviest} h : {mean(hours[heaviest]):.0f} W en moyenne. "
            "Un lave-linge peut tourner à un autre moment."
        )
    paid = sum(float(invoice.get("total") or 0) for invoice in invoices)
    if paid:
        said.append(f"Vos factures transmises font {paid:.2f} €.".replace(".", ",", 1))
    return said


def measures(items: list[dict[str, Any]]) -> Iterator[tuple[datetime, float, int]]:
    """(local time, kWh, minutes) of each measure; minutes is 0 for sums by day or month."""
    for item in items:
        values = item.get("values", [])
        if values and isinstance(values[0], dict):
            for value in values:
                day = value.get("day") or f"{value['month']}-01"
                yield datetime.fromisoformat(day).replace(tzinfo=PARIS), value["value"] / 1000, 0
            continue
        minutes = MINUTES.get(item.get("interval", ""), 0)
        if not minutes or "start" not in item:
            continue
        start = datetime.fromisoformat(item["start"].replace("Z", "+00:00")).astimezone(UTC)
        for number, value in enumerate(values):
            if value is not None:
                at = (start + timedelta(minutes=minutes * number)).astimezone(PARIS)
                yield at, value * minutes / 60_000, minutes


def named(month: str) -> str:
    """``2026-01`` as ``janvier 2026``."""
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"
