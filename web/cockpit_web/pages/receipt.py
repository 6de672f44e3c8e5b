"""A receipt: one decision about a share in plain words, to print on one sheet, and the files that prove it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.receipts import Format, Issued, receipts, written_as
from cockpit.consent.record.page import RecordPage, Shown, page_of
from cockpit.domain.errors import NotFound
from cockpit.domain.ids import ConsentId
from cockpit_web.languages import marked
from cockpit_web.share_words import EVENT_WORDS
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

FILES = {
    Format.RECEIPT: ("json", "application/json"),
    Format.PROOF: ("tlog-proof", "text/plain; charset=utf-8"),
    Format.DPV: ("dpv.jsonld", "application/ld+json"),
    Format.ODRL: ("odrl.jsonld", "application/ld+json"),
    Format.KANTARA: ("kantara.json", "application/json"),
    Format.JWS: ("jws", "application/jose"),
}
"""How each file's name ends, and its media type."""
FORMAT_WORDS = {
    Format.RECEIPT: (marked("Le reçu signé"), marked("Tout ce qui le prouve, dans un seul fichier.")),
    Format.PROOF: (marked("La preuve d'inscription"), marked("Que le registre public contient cette décision.")),
    Format.DPV: ("ISO/IEC TS 27560, DPV", marked("Le vocabulaire européen des données personnelles.")),
    Format.ODRL: ("ODRL", marked("Ce qui est permis et interdit, pour un logiciel.")),
    Format.KANTARA: ("Kantara 1.1", marked("Le premier format de reçu, encore répandu.")),
    Format.JWS: ("JWS", marked("L'enregistrement signé, pour les services du Web.")),
}
"""What each file is called, and what it is for."""


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """One receipt. ``others`` are the numbers, words and instants of every receipt of this share, oldest first."""

    consent: ConsentId
    number: int
    service_name: str
    printed: RecordPage
    files: tuple[tuple[str, str, str], ...]
    others: tuple[tuple[int, str, str], ...]


@router.get("/partages/{consent}/recu")
def show_newest_receipt(request: Request, cockpit: Core, visit: Visitor, consent: str) -> Response:
    """The receipt of the last decision. Raises ``NotFound``."""
    issued = _receipts(cockpit, visit, ConsentId(consent))
    return _page(request, cockpit, ConsentId(consent), issued, len(issued))


@router.get("/partages/{consent}/recu/{number}")
def show_receipt(request: Request, cockpit: Core, visit: Visitor, consent: str, number: str) -> Response:
    """The receipt of one decision, by its number. Raises ``NotFound``."""
    issued = _receipts(cockpit, visit, ConsentId(consent))
    return _page(request, cockpit, ConsentId(consent), issued, _number(number, issued))


@router.get("/partages/{consent}/recu/{number}/{chosen}")
def take_receipt(cockpit: Core, visit: Visitor, consent: str, number: str, chosen: str) -> Response:
    """One of its files. Raises ``NotFound``."""
    issued = _receipts(cockpit, visit, ConsentId(consent))
    at = _number(number, issued)
    if chosen not in set(Format):
        raise NotFound("a receipt has no such file")
    ending, media_type = FILES[Format(chosen)]
    disposition = f'attachment; filename="recu-{consent[-8:]}-{at}.{ending}"'
    content = written_as(cockpit, issued[at - 1], Format(chosen))
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


def _receipts(cockpit: Cockpit, visit: Visit, consent: ConsentId) -> tuple[Issued, ...]:
    with reading(cockpit, visit) as reader:
        return receipts(cockpit, reader, consent)


def _number(text: str, issued: tuple[Issued, ...]) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    if not 1 <= number <= len(issued):
        raise NotFound("this share has no such receipt")
    return number


def _page(request: Request, cockpit: Cockpit, consent: ConsentId, issued: tuple[Issued, ...], number: int) -> Response:
    language, chosen = language_of(request), issued[number - 1]
    record, log = chosen.record, chosen.receipt.log
    use = cockpit.registry.use(record.use)
    if use is None:
        raise NotFound("the use of this share is not known here any more")
    former = next((one.record for one in reversed(issued[:number]) if one.record.terms), None)
    shown = Shown(use, cockpit.kind_words, chosen.service_name)
    page = ReceiptPage(
        consent=consent,
        number=number,
        service_name=chosen.service_name,
        printed=page_of(record, shown, language, (log.origin, log.index), former),
        files=tuple((one.value, *FORMAT_WORDS[one]) for one in chosen.formats),
        others=tuple((n, EVENT_WORDS[one.event], one.record.at) for n, one in enumerate(issued, start=1)),
    )
    return render(request, "shares/receipt.html", page, room="shares")
