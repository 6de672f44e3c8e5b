"""One consumption written in each of the three layouts, as the distributor and a supplier write it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cockpit.domain.moment import PARIS
from cockpit.domain.record import Record
from cockpit.sources.port import Fault, PullContext, SourceFile
from cockpit_connectors.fr_enedis_csv.connector import connector

METER = "12345678901234"
CUSTOMER_HEADER = (
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;"
    "Etape metier;Unite;Pas en minutes"
)
LONG_HEADER = (
    "Identifiant PRM;Date de début;Date de fin;Grandeur physique;Grandeur métier;Etape métier;Unité;"
    "Horodate;Valeur;Nature;Pas;Indice de vraisemblance;Etat complémentaire"
)
SUPPLIER_HEADER = (
    "Récapitulatif de mes puissances atteintes en W\n\n"
    "Date et heure de relève par le distributeur;Puissance atteinte (W);Nature de la donnée\n"
)


@dataclass(frozen=True, slots=True)
class Consumption:
    """Mean power in W for every interval of whole local days; None is a hole."""

    first: date
    minutes: int
    values: tuple[int | None, ...]

    def ends(self) -> list[datetime]:
        """The UTC end of each interval."""
        begins = datetime(self.first.year, self.first.month, self.first.day, tzinfo=PARIS).astimezone(UTC)
        return [begins + timedelta(minutes=self.minutes * (index + 1)) for index in range(len(self.values))]

    def pairs(self) -> list[tuple[datetime, int | None]]:
        return list(zip(self.ends(), self.values, strict=True))


def intervals(first: date, days: int, minutes: int) -> int:
    """How many intervals these whole local days have."""
    last = first + timedelta(days=days)
    begins = datetime(first.year, first.month, first.day, tzinfo=PARIS)
    ends = datetime(last.year, last.month, last.day, tzinfo=PARIS)
    return int((ends.timestamp() - begins.timestamp()) // (minutes * 60))


def _cell(value: int | None) -> str:
    return "" if value is None else str(value)


def customer(load: Consumption, step: str | None = None) -> bytes:
    """Customer area; ``step`` is what the header says of it."""
    said = str(load.minutes) if step is None else step
    lines = [
        CUSTOMER_HEADER,
        f"{METER};Courbe de charge;01/01/2024;31/12/2024;Energie active;Consommation;Comptage Brut;W;{said}",
        "",
        "Horodate;Valeur",
    ]
    lines += [f"{end.astimezone(PARIS).isoformat()};{_cell(value)}" for end, value in load.pairs()]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def long(load: Consumption, *, backward: bool = False) -> bytes:
    """Long format, with wall-clock stamps."""
    lines = [
        f"{METER};2024-01-01 00:00:00;2024-12-31 00:00:00;PA;CONS;BRUT;W;"
        f"{end.astimezone(PARIS):%Y-%m-%d %H:%M:%S};{_cell(value)};B;PT{load.minutes}M;0;0"
        for end, value in load.pairs()
    ]
    return "\n".join([LONG_HEADER, *(reversed(lines) if backward else lines)]).encode()


def supplier(load: Consumption, twice: Sequence[int] = ()) -> bytes:
    """Supplier, newest first; the lines whose rank is in ``twice`` are written twice."""
    lines = [SUPPLIER_HEADER]
    day = None
    for rank, (end, value) in enumerate(reversed(load.pairs())):
        of = (end - timedelta(minutes=load.minutes)).astimezone(PARIS).date()
        if of != day:
            lines.append(f"\n{of:%d/%m/%Y};;")
            day = of
        line = f"{end.astimezone(PARIS):%H:%M:%S};{_cell(value)};Réelle"
        lines += [line, line] if rank in twice else [line]
    return ("\n" + "\n".join(lines) + "\n").encode("latin-1")


def zipped(**files: bytes) -> bytes:
    """A zip of files whose names are the keywords, ``__`` standing for a dot."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return target.getvalue()


def outcomes(content: bytes | str, name: str = "export.csv") -> tuple[list[Record], list[Fault]]:
    """What the connector makes of a file."""
    raw = content.encode() if isinstance(content, str) else content
    all_of_them = list(connector.pull(SourceFile(name, raw), PullContext(today="2026-01-15")))
    return (
        [outcome for outcome in all_of_them if isinstance(outcome, Record)],
        [outcome for outcome in all_of_them if isinstance(outcome, Fault)],
    )


def codes(faults: Sequence[Fault]) -> Iterator[tuple[str, str | None]]:
    """Code and place of each fault."""
    return ((fault.code, fault.place) for fault in faults)
