"""One record: every field in words, where it comes from, what was verified, and the file it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import NotFound
from cockpit.domain.ids import ConnectorId, Kind, RecordUid
from cockpit.domain.record import StoredRecord
from cockpit_web.families import Family, family_of
from cockpit_web.origin_words import BASES, METHODS, Verdict, verdict
from cockpit_web.security.headers import FILE_POLICY
from cockpit_web.shown import Shown, shown_record
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What the page shows. ``source`` is the connector's name in words; ``method`` and ``basis`` are to translate."""

    stored: StoredRecord
    title: str
    meaning: str
    family: Family | None
    fields: tuple[Shown, ...]
    verdict: Verdict
    source: str
    method: str
    basis: str


@router.get("/donnees/{kind}/{uid}")
def show_record(request: Request, cockpit: Core, visit: Visitor, kind: str, uid: str) -> Response:
    """One record of the space. Raises ``NotFound``."""
    language = language_of(request)
    stored = _found(cockpit, visit, kind, uid)
    record = stored.record
    sheet = cockpit.registry.kinds.get(record.kind)
    page = RecordPage(
        stored=stored,
        title=sheet.title.in_language(language) if sheet else record.kind,
        meaning=sheet.meaning.in_language(language) if sheet else "",
        family=family_of(record.kind),
        fields=shown_record(record, sheet, language),
        verdict=verdict(record.provenance),
        source=_source(cockpit, record.provenance.connector, language),
        method=METHODS[record.provenance.method],
        basis=BASES[record.provenance.basis],
    )
    return render(request, "record/page.html", page, room="data")


@router.get("/donnees/{kind}/{uid}/fichier")
def download(cockpit: Core, visit: Visitor, kind: str, uid: str) -> Response:
    """The original file, as it was brought, to keep: never shown in place. Raises ``NotFound``."""
    stored = _found(cockpit, visit, kind, uid)
    if stored.blob is None:
        raise NotFound("this record was not read from a file")
    with reading(cockpit, visit) as reader:
        content = reader.file(stored.blob)
    name = quote(stored.file_name or "document", safe="")
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Security-Policy": FILE_POLICY,
        },
    )


def _found(cockpit: Cockpit, visit: Visitor, kind: str, uid: str) -> StoredRecord:
    if kind not in cockpit.registry.kinds:
        raise NotFound("there is no such kind of data")
    with reading(cockpit, visit) as reader:
        return reader.record(Kind(kind), RecordUid(uid))


def _source(cockpit: Cockpit, connector: ConnectorId, language: str) -> str:
    try:
        title = cockpit.shelf.manifest(connector).title
    except NotFound:
        return connector
    return title.en if language == "en" else title.fr
