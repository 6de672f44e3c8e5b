"""Settings: how I sign in, my emergency kit, my language, locking and leaving."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.passphrase import MIN_PASSPHRASE
from cockpit.acts.change_passphrase import change_passphrase, renew_kit
from cockpit.acts.visits import sign_out_elsewhere
from cockpit.domain.errors import CitizenMustAct
from cockpit.store.files import Usage
from cockpit_web.forms import Submitted, sentence_for, text
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """What the page shows. ``done`` names what was just done: ``phrase`` or ``ailleurs``, or nothing.

    ``room`` is what the person's files take and may take.
    """

    name: str
    idle_minutes: int
    session_hours: int
    done: str = ""
    fault: str = ""
    least: int = MIN_PASSPHRASE
    room: Usage | None = None


@dataclass(frozen=True, slots=True)
class RenewedKit:
    """The new kit to print; the old one opens nothing any more."""

    name: str
    handle: str
    groups: tuple[str, ...]
    address: str
    day: str
    onward: str = "/reglages"
    renewed: bool = True


@router.get("/reglages")
def show_settings(request: Request, cockpit: Core, visit: Visitor, fait: str = "") -> Response:
    """The settings, with a word on what was just done."""
    done = fait if fait in {"phrase", "ailleurs"} else ""
    return render(request, "settings/page.html", _page(cockpit, visit, done), room="settings")


@router.post("/reglages/phrase")
def new_passphrase(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Change the passphrase; every other session ends."""
    try:
        if text(form, "passphrase") != text(form, "again"):
            raise CitizenMustAct("the two passphrases differ", code="passphrases_differ")
        change_passphrase(cockpit, visit, text(form, "passphrase"))
    except CitizenMustAct as error:
        page = _page(cockpit, visit, fault=sentence_for(language_of(request), error))
        return render(request, "settings/page.html", page, room="settings", status=422)
    return RedirectResponse("/reglages?fait=phrase", 303)


@router.post("/reglages/kit")
def new_kit(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """A new emergency kit, shown once."""
    kit = renew_kit(cockpit, visit)
    day = cockpit.clock().date().isoformat()
    page = RenewedKit(visit.name, "", tuple(kit.split("-")), cockpit.settings.issuer, day)
    return render(request, "space/kit.html", page)


@router.post("/reglages/ailleurs")
def leave_elsewhere(cockpit: Core, visit: Visitor) -> Response:
    """End every other session of this person."""
    sign_out_elsewhere(cockpit, visit)
    return RedirectResponse("/reglages?fait=ailleurs", 303)


def _page(cockpit: Core, visit: Visitor, done: str = "", fault: str = "") -> SettingsPage:
    with reading(cockpit, visit) as reader:
        room = reader.usage()
    hours = cockpit.settings.session_hours
    return SettingsPage(visit.name, cockpit.settings.idle_minutes, hours, done, fault, room=room)
