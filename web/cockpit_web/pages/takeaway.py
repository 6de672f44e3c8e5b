"""Take everything with me: what the archive holds, and the archive itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cockpit.acts.export_space import export_space
from cockpit.domain.moment import day_of
from cockpit.sealing.scratch import SealedScratch
from cockpit_web.families import FamilyCount, family_counts
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class TakeawayPage:
    """What the page shows."""

    families: tuple[FamilyCount, ...]


@router.get("/emporter")
def show_takeaway(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """What is in the archive, and the button."""
    with reading(cockpit, visit) as reader:
        page = TakeawayPage(family_counts(reader))
    return render(request, "takeaway/page.html", page, room="settings")


@router.post("/emporter")
def take(cockpit: Core, visit: Visitor) -> Response:
    """The archive, made in a scratch file that only this process can read: it may be too large for memory."""
    archive = SealedScratch(cockpit.settings.data)
    try:
        export_space(cockpit, visit, cast(BinaryIO, archive))
    except BaseException:
        archive.close()
        raise
    size = archive.seek(0, io.SEEK_END)
    archive.seek(0)
    name = f"mesinfos-{day_of(cockpit.clock())}.zip"
    return StreamingResponse(
        _chunks(archive),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)},
    )


def _chunks(archive: SealedScratch) -> Iterator[bytes]:
    # Closed when all was sent, or when whoever asked went away.
    with archive:
        while chunk := archive.read(_CHUNK):
            yield chunk
