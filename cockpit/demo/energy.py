"""A believable load curve, and the three layouts in which a person gets one."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from cockpit.demo.household import DemoFile, Home
from cockpit.domain.moment import PARIS

HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean power in W, half-hour by half-hour, from local midnight of ``first`` to the end of ``last``.

    A day has 48 measures, 46 when summer time begins and 50 when it ends.
    """

    first: date
    last: date
    watts: tuple[int, ...]

    def ends(self) -> Iterator[tuple[datetime, int]]:
        """The end of each interval (aware, Europe/Paris) and its measure."""
        at = midnight(self.first)
        for power in self.watts:
            at += HALF_HOUR
            yield at.astimezone(PARIS), power

    def kilowatt_hours(self, first: date, last: date) -> int:
        """Whole kWh of the days from ``first`` to ``last`` inclusive."""
        start = int((midnight(first) - midnight(self.first)) / HALF_HOUR)
        stop = int((midnight(last + timedelta(days=1)) - midnight(self.first)) / HALF_HOUR)
        return round(sum(self.watts[start:stop]) / 2000)


def midnight(day: date) -> datetime:
    """The instant (UTC) at which a day begins in Europe/Paris."""
    return datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)


def load_curve(rng: Random, home: Home, first: date, last: date) -> Curve:
    """A curve with a season, a day, weekends, absences and the weather's moods."""
    watts: list[int] = []
    at, end = midnight(first), midnight(last + timedelta(days=1))
    mood = 0.0
    while at < end:
        local = at.astimezone(PARIS)
        if local.hour == local.minute == 0:
            # Warm and cold spells last: tomorrow's departure from the season is mostly today's.
            mood = 0.8 * mood + rng.gauss(0, 1.6)
        watts.append(_power(rng, home, local, mood))
        at += HALF_HOUR
    return Curve(first, last, tuple(watts))


def _power(rng: Random, home: Home, local: datetime, mood: float) -> int:
    hour = local.hour + local.minute / 60
    season = math.cos(2 * math.pi * (local.timetuple().tm_yday - 20) / 365.25)
    outside = 12 - 8 * season - 3.5 * math.cos(2 * math.pi * (hour - 4) / 24) + mood
    away = _is_away(home, local.date())
    setback = 0.35 if away else 0.75 if hour < 6 or hour >= 22.5 else 1.0
    power = home.standby + home.heating * max(0.0, 17 - outside) * setback
    if not away:
        lighting = 1.0 + 0.25 * season
        power += _living(home, hour, local.weekday() >= 5) * lighting * rng.uniform(0.55, 1.5)
        if 2 <= hour < 4.5:
            power += home.water * (1.0 if hour < 3.5 else rng.uniform(0.0, 0.6))
    return max(20, round(min(power * rng.uniform(0.94, 1.06), home.subscribed_kva * 1000)))


def _living(home: Home, hour: float, weekend: bool) -> float:
    """What the people themselves draw at this hour."""
    morning = home.morning * _bump(hour, 9.5 if weekend else 7.25, 1.6 if weekend else 0.8)
    midday = home.midday * (1.6 if weekend else 1.0) * _bump(hour, 12.75, 1.2)
    evening = home.evening * _bump(hour, 19.75, 1.5)
    return morning + midday + evening + 0.08 * home.evening * (1 if 8 <= hour < 23 else 0)


def _bump(hour: float, peak: float, width: float) -> float:
    return math.exp(-(((hour - peak) / width) ** 2))


def _is_away(home: Home, day: date) -> bool:
    return any(0 <= (day - date(day.year, month, first)).days < days for month, first, days in home.away)


def customer_area(curve: Curve, meter: str) -> DemoFile:
    """The distributor's customer area: two header rows, then stamps with offset that end their interval."""
    head = (
        "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;"
        "Unite;Pas en minutes",
        f"{meter};Courbe de charge;{curve.first:%d/%m/%Y};{curve.last + timedelta(days=1):%d/%m/%Y};Energie active;"
        "Consommation;Comptage Brut;W;30",
        "",
        "Horodate;Valeur",
    )
    lines = [*head, *(f"{at.isoformat()};{power}" for at, power in curve.ends())]
    return DemoFile(f"Enedis_Courbe_de_charge_{meter}.csv", _text(lines, "\r\n").encode("utf-8-sig"))


def long_format(curve: Curve, meter: str) -> DemoFile:
    """The long format: every line says the meter, the magnitude and the step; local stamps without offset."""
    head = (
        "Identifiant PRM;Date de début;Date de fin;Grandeur physique;Grandeur métier;Etape métier;Unité;Horodate;"
        "Valeur;Nature;Pas;Indice de vraisemblance;Etat complémentaire"
    )
    period = f"{curve.first} 00:00:00;{curve.last + timedelta(days=1)} 00:00:00"
    lines = [
        f"{meter};{period};PA;CONS;BRUT;W;{at:%Y-%m-%d %H:%M:%S};{power};B;PT30M;0;0" for at, power in curve.ends()
    ]
    return DemoFile(f"Courbe_de_charge_{meter}.csv", _text([head, *lines], "\n").encode())


def supplier_zip(curve: Curve, meter: str, postcode: str) -> DemoFile:
    """A supplier's archive: one latin-1 file, newest first, a line for each day and midnight as its first time."""
    days: dict[date, list[str]] = {}
    for at, power in curve.ends():
        # An interval that ends at midnight belongs to the day that it closes.
        day = (at.replace(tzinfo=None) - HALF_HOUR).date()
        days.setdefault(day, []).append(f"{at:%H:%M:%S};{power};Réelle")
    lines = [
        "",
        "Récapitulatif de mes puissances atteintes en W",
        "",
        "Date et heure de relève par le distributeur;Puissance atteinte (W);Nature de la donnée",
        "",
    ]
    for day in reversed(days):
        lines += [f"{day:%d/%m/%Y};;", *reversed(days[day]), ""]
    inside = zipfile.ZipInfo(f"mes-puissances-atteintes-30min-{meter}-{postcode}.csv", (1980, 1, 1, 0, 0, 0))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr(inside, _text(lines, "\n").encode("latin-1"), zipfile.ZIP_DEFLATED)
    return DemoFile("mes-donnees-de-consommation.zip", archive.getvalue())


def _text(lines: list[str], end: str) -> str:
    return end.join(lines) + end
