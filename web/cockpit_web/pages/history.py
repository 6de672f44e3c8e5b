"""Who saw what: the whole history in one grammar, and the proof of each line, checked on the spot."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.acts.histories import EntryProof, HistoryLine, Verb, history, proof
from cockpit_web import formats
from cockpit_web.history_words import Teller, Told
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Row:
    """Identical accesses of one day: the newest in words, and every one of them, newest first."""

    told: Told
    lines: tuple[HistoryLine, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the history."""

    day: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """What the page shows. ``services`` maps those that may be filtered by to their names; ``more`` counts what is cut.

    ``reads`` and ``refusals`` count the whole of what is filtered.
    """

    days: tuple[Day, ...]
    services: dict[str, str]
    service: str
    only: str
    reads: int
    refusals: int
    more: int
    everything: bool


@dataclass(frozen=True, slots=True)
class ProofPage:
    """One line and its proof. Hashes are in base64, as the log's own formats write them."""

    told: Told
    proof: EntryProof
    leaf: str
    leaf_sha256: str
    audit: str
    subject: str
    path: tuple[str, ...]
    root: str


@router.get("/historique")
def show_history(
    request: Request, cockpit: Core, visit: Visitor, service: str = "", seulement: str = "", tout: str = ""
) -> Response:
    """The history, filtered by ``service`` and by ``seulement`` (``lectures`` or ``refus``), newest first."""
    with reading(cockpit, visit) as reader:
        lines = history(reader)
    services = {line.service: line.who or line.service for line in lines if line.service}
    wanted = {"lectures": {Verb.READ}, "refus": {Verb.WAS_REFUSED, Verb.REFUSED}}.get(seulement, set(Verb))
    kept = [line for line in lines if line.verb in wanted and (service not in services or line.service == service)]
    shown = kept if tout else kept[:MOST_LINES]
    teller = Teller(cockpit, lines, language_of(request))
    page = HistoryPage(
        days=_days(shown, teller),
        services=services,
        service=service if service in services else "",
        only=seulement if seulement in {"lectures", "refus"} else "",
        reads=sum(line.verb is Verb.READ for line in kept),
        refusals=sum(line.verb is Verb.WAS_REFUSED for line in kept),
        more=len(kept) - len(shown),
        everything=not lines or len(kept) == len(lines),
    )
    return render(request, "history/page.html", page, room="history")


@router.get("/historique/{number}")
def show_proof(request: Request, cockpit: Core, visit: Visitor, number: int) -> Response:
    """The proof of one line. Raises ``NotFound`` for an entry that is not about this person."""
    with reading(cockpit, visit) as reader:
        lines = history(reader)
        found = proof(cockpit, reader, number)
    line = next(line for line in lines if line.number == number)
    page = ProofPage(
        told=Teller(cockpit, lines, language_of(request)).told(line),
        proof=found,
        leaf=found.entry.leaf.decode(errors="replace"),
        leaf_sha256=hashlib.sha256(found.entry.leaf).hexdigest(),
        audit=json.dumps(found.entry.audit, ensure_ascii=False, indent=2),
        subject=json.dumps(found.entry.subject, ensure_ascii=False, indent=2),
        path=tuple(base64.b64encode(digest).decode() for digest in found.path),
        root=base64.b64encode(found.root).decode(),
    )
    return render(request, "history/proof.html", page, room="history")


def _days(lines: Iterable[HistoryLine], teller: Teller) -> tuple[Day, ...]:
    days = []
    for day, of_day in groupby(lines, key=lambda line: formats.instant_day(line.at)):
        alike: dict[tuple[object, ...], list[HistoryLine]] = {}
        for line in of_day:
            alike.setdefault(_sameness(line), []).append(line)
        rows = tuple(Row(teller.told(group[0]), tuple(group)) for group in alike.values())
        days.append(Day(day, rows))
    return tuple(days)


def _sameness(line: HistoryLine) -> tuple[object, ...]:
    """What makes two lines of one day the same access; anything but an access stands alone."""
    if line.verb not in {Verb.READ, Verb.WAS_REFUSED, Verb.RECEIVED}:
        return (line.number,)
    return (line.verb, line.service, line.kinds, line.count, line.use, line.consent, line.reason)
