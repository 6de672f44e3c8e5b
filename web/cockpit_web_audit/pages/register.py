"""The register: the published uses, and who may ask for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.audit.facts import facts, register
from cockpit.audit.wire import Register
from cockpit_web_audit.languages import chosen_language
from cockpit_web_audit.templating import house_of, render

router = APIRouter()


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """``uses`` are (reference, title, use); ``holds``: the newest entry bears the policy hash it was shown under."""

    known: Register | None
    uses: tuple[tuple[str, str, dict[str, Any]], ...]
    holds: bool


@router.get("/registre")
def show_register(request: Request) -> Response:
    """The uses and the recipients, held to the newest entry's policy hash."""
    with house_of(request).reading() as kept:
        known = register(kept)
        newest = ""
        for fact in facts(kept):
            newest = fact.policy
    language = chosen_language(request)
    uses = tuple((name, str(use["title"][language]), use) for name, use in sorted(known.uses.items())) if known else ()
    return render(
        request, "register.html", RegisterPage(known, uses, known is not None and known.policy == newest),
        room="register",
    )  # fmt: skip
