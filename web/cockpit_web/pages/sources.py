"""Add a source: drop files, and read what came of each one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.refresh_source import FileRefresh, refresh_source
from cockpit.domain.errors import NotFound
from cockpit.sources.port import SourceFile
from cockpit_web.families import Family, family_of
from cockpit_web.fault_words import ToldFault, told_fault
from cockpit_web.forms import Submitted
from cockpit_web.languages import translate
from cockpit_web.templating import language_of, render
from cockpit_web.tending import tend_after
from cockpit_web.visitor import Core, Visitor, cookie_name, for_signed_in
from cockpit_web.wording import FORM_SENTENCES

router = APIRouter()

MOST_FAULTS = 20
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Readable:
    """One source there is a connector for."""

    title: str
    extensions: str


@dataclass(frozen=True, slots=True)
class AddPage:
    """The form. ``fault`` says what is wrong with what was sent."""

    readable: tuple[Readable, ...]
    limit: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What came of one file. ``families`` are where to see it; ``more_faults`` counts those not listed."""

    refresh: FileRefresh
    source: str
    families: tuple[Family, ...]
    faults: tuple[ToldFault, ...]
    more_faults: int


@dataclass(frozen=True, slots=True)
class AddedPage:
    """What came of all the files."""

    outcomes: tuple[FileOutcome, ...]

    @property
    def kept(self) -> bool:
        """Whether any file left something in the space."""
        return any(outcome.refresh.kept for outcome in self.outcomes)


@router.get("/sources/ajouter")
@for_signed_in
def ask_files(request: Request, cockpit: Core) -> Response:
    """What can be read, and a place to drop files."""
    return render(request, "sources/add.html", _form(cockpit, language_of(request)), room="data")


@router.post("/sources/ajouter")
@for_signed_in
def add_files(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Bring the files into the space, which may be locked, and say what came of each."""
    language = language_of(request)
    sources = [
        SourceFile(_name(part.filename), part.file.read())
        for part in form.getlist("fichiers")
        if isinstance(part, UploadFile) and part.filename
    ]
    if not sources:
        page = _form(cockpit, language, translate(language, FORM_SENTENCES["no_file"]))
        return render(request, "sources/add.html", page, room="data", status=422)
    refreshed = refresh_source(cockpit, visit.person, sources, visit.mandate)
    outcomes = tuple(_outcome(cockpit, refresh, language) for refresh in refreshed)
    response = render(request, "sources/added.html", AddedPage(outcomes), room="data")
    return tend_after(response, cockpit, request.cookies[cookie_name(cockpit)])


def _form(cockpit: Cockpit, language: str, fault: str = "") -> AddPage:
    readable = []
    for manifest in cockpit.shelf.manifests():
        if manifest.file is not None:
            endings = ", ".join(sorted({glob.rpartition(".")[2].upper() for glob in manifest.file.globs}))
            readable.append(Readable(manifest.title.en if language == "en" else manifest.title.fr, endings))
    return AddPage(tuple(readable), cockpit.settings.upload_bytes, fault)


def _outcome(cockpit: Cockpit, refresh: FileRefresh, language: str) -> FileOutcome:
    source = ""
    if refresh.connector is not None:
        try:
            title = cockpit.shelf.manifest(refresh.connector).title
            source = title.en if language == "en" else title.fr
        except NotFound:
            source = refresh.connector
    families = tuple(dict.fromkeys(family for family in map(family_of, refresh.kinds) if family))
    faults = tuple(told_fault(fault, language) for fault in refresh.faults[:MOST_FAULTS])
    return FileOutcome(refresh, source, families, faults, max(0, len(refresh.faults) - MOST_FAULTS))


def _name(sent: str | None) -> str:
    """The last part of the name a browser sent, without what could not be shown."""
    name = PurePosixPath((sent or "").replace("\\", "/")).name
    return "".join(character for character in name if character.isprintable())[-LONGEST_NAME:] or "document"
