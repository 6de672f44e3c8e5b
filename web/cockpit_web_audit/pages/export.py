"""The signed bundle: what it holds, how it is verified, and taking it away."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.audit.export import bundle
from cockpit.audit.line import line_of
from cockpit.audit.queries import Asked
from cockpit.audit.wire import Exported
from cockpit.domain.moment import instant
from cockpit_web_audit.templating import house_of, render

router = APIRouter()


@router.get("/export")
def show_export(request: Request) -> Response:
    """What a bundle is, with the key that signs it."""
    return render(request, "export.html", house_of(request).signing_key().verify_key().raw.hex(), room="export")


@router.post("/export")
def make_export(request: Request) -> Response:
    """Sign a bundle, say so to the cockpit's log, and hand it over."""
    house = house_of(request)
    now = request.app.state.clock()
    with house.reading() as kept:
        made = bundle(house, kept, instant(now), Asked())
    with line_of(house, request.app.state.clock) as line:
        line.post("exports", dict[str, Any], Exported(made.manifest_sha256))
    name = f"audit-{now:%Y%m%d-%H%M}.zip"
    return Response(
        made.content, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
