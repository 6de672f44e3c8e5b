"""One record: every field in words, where it comes from, what was verified, and the file it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_record import erase_record
from cockpit.domain.errors import NotFound
from cockpit.domain.ids import ConnectorId, Kind, RecordUid
from cockpit.domain.record import StoredRecord
from cockpit.sources.preview import PREVIEW_TYPE
from cockpit_web.families import Family, family_of
from cockpit_web.forms import Submitted, text
from cockpit_web.languages import marked
from cockpit_web.origin_words import BASES, METHODS, Verdict, verdict
from cockpit_web.ranges import stream_file
from cockpit_web.security.headers import FILE_POLICY
from cockpit_web.shown import Shown, shown_record
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

_TYPES = {
    "application/pdf": marked("Document PDF"),
    "application/zip": marked("Archive ZIP"),
    "text/plain": marked("Fichier texte"),
}


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """The file a record was read from. ``type`` is to translate, ``bytes`` its length; ``picture``: it has one."""

    type: str
    bytes: int
    picture: bool


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it was brought: ``fields`` are those that said something else than what is shown now."""

    at: str
    fields: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What the page shows. ``source`` is the connector's name in words; ``method`` and ``basis`` are to translate.

    ``file`` is None when the record was not read from a file; ``versions`` is empty when there was only one.
    """

    stored: StoredRecord
    versions: tuple[Version, ...]
    file: OriginalFile | None
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
    file = _original(cockpit, visit, stored)
    record = stored.record
    sheet = cockpit.registry.kinds.get(record.kind)
    page = RecordPage(
        stored=stored,
        versions=_versions(cockpit, visit, stored, language),
        file=file,
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
def download(request: Request, cockpit: Core, visit: Visitor, kind: str, uid: str) -> Response:
    """The original file or a part of it, as it was brought, to keep: never shown in place. Raises ``NotFound``."""
    stored = _found(cockpit, visit, kind, uid)
    if stored.blob is None:
        raise NotFound("this record was not read from a file")
    with reading(cockpit, visit) as reader:
        file = reader.open_file(stored.blob)
    name = quote(stored.file_name or "document", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": FILE_POLICY,
    }
    return stream_file(file, request.headers.get("range"), headers, "application/octet-stream")


@router.get("/donnees/{kind}/{uid}/apercu")
def show_preview(cockpit: Core, visit: Visitor, kind: str, uid: str) -> Response:
    """The picture of the file's first page, drawn when it came. Raises ``NotFound``."""
    stored = _found(cockpit, visit, kind, uid)
    with reading(cockpit, visit) as reader:
        picture = reader.preview(stored.blob) if stored.blob else None
    if picture is None:
        raise NotFound("this record has no picture")
    return Response(b"".join(picture.read()), media_type=PREVIEW_TYPE, headers={"Content-Security-Policy": FILE_POLICY})


@router.post("/donnees/{kind}/{uid}/effacer")
def erase(cockpit: Core, visit: Visitor, form: Submitted, kind: str, uid: str) -> Response:
    """Erase the record for good, once the person ticked that they mean it. Raises ``NotFound``."""
    _found(cockpit, visit, kind, uid)
    if text(form, "sur") != "oui":
        return RedirectResponse(f"/donnees/{quote(kind)}/{quote(uid)}", 303)
    erase_record(cockpit, visit, Kind(kind), RecordUid(uid))
    family = family_of(Kind(kind))
    return RedirectResponse(f"/donnees/{family.slug}" if family else "/donnees", 303)


def _original(cockpit: Cockpit, visit: Visit, stored: StoredRecord) -> OriginalFile | None:
    if stored.blob is None:
        return None
    with reading(cockpit, visit) as reader:
        file = reader.open_file(stored.blob)
        picture = reader.preview(stored.blob) is not None
    kept = file.media_type
    words = marked("Image") if kept.startswith("image/") else _TYPES.get(kept, marked("Fichier"))
    return OriginalFile(words, file.length, picture)


def _versions(cockpit: Cockpit, visit: Visit, stored: StoredRecord, language: str) -> tuple[Version, ...]:
    if stored.version == 1:
        return ()
    kind, now = stored.record.kind, stored.record.data
    with reading(cockpit, visit) as reader:
        history = reader.history(kind, stored.uid)
    sheet = cockpit.registry.kinds.get(kind)
    found = []
    for one in history:
        other = {name: value for name, value in one.record.data.items() if name not in now or now[name] != value}
        fields = shown_record(replace(one.record, data=other), sheet, language) if other else ()
        found.append(Version(one.stored_at, fields))
    return tuple(found)


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
