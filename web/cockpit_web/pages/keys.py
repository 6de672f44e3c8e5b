"""My keys: every way to open the space, when it was last tried, and the way out everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.sessions import Visit
from cockpit.accounts.ways import Way
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.list_ways import list_ways
from cockpit.acts.remove_way import remove_way
from cockpit.acts.visits import sign_out_everywhere
from cockpit.domain.errors import CitizenMustAct, NotFound
from cockpit.domain.way import WayId, WayType
from cockpit_web.formats import instant_day
from cockpit_web.forms import Submitted
from cockpit_web.step_up import step_up, what_is_wrong
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor, drop_cookie, for_signed_in
from cockpit_web.way_words import WAY_WORDS, WayWords

router = APIRouter()

REMOVABLE = frozenset({WayType.GUARDIANS, WayType.PASSKEY, WayType.KIT})
"""What the page offers to remove. A passphrase is changed instead, an escrow has its own button."""
DONE = frozenset({"phrase", "retiree", "essai", "exploitant", "exploitant-retire", "kit"})


@dataclass(frozen=True, slots=True)
class WayShown:
    """One way as the page lists it; days are ``YYYY-MM-DD``, ``tried`` empty when never."""

    way: Way
    words: WayWords
    since: str
    tried: str
    due: bool
    removable: bool


@dataclass(frozen=True, slots=True)
class KeysPage:
    """What the page shows. ``done`` names what was just done, or is empty."""

    ways: tuple[WayShown, ...]
    done: str

    @property
    def escrowed(self) -> bool:
        """Whether the operator could open the space."""
        return self._has(WayType.ESCROW)

    @property
    def guarded(self) -> bool:
        """Whether there are guardians."""
        return self._has(WayType.GUARDIANS)

    @property
    def has_kit(self) -> bool:
        """Whether there is a lasting kit."""
        return self._has(WayType.KIT)

    def _has(self, type: WayType) -> bool:
        return any(shown.way.type is type for shown in self.ways)


@dataclass(frozen=True, slots=True)
class RemovePage:
    """The confirmation of a removal."""

    shown: WayShown
    fault: str = ""


@router.get("/cles")
def show_keys(request: Request, cockpit: Core, visit: Visitor, fait: str = "") -> Response:
    """Every way to open the space."""
    page = KeysPage(_shown(cockpit, visit), fait if fait in DONE else "")
    return render(request, "keys/page.html", page, room="settings")


@router.get("/cles/retirer/{way}")
def ask_removal(request: Request, cockpit: Core, visit: Visitor, way: str) -> Response:
    """What removing it means. Raises ``NotFound``."""
    return render(request, "keys/remove.html", RemovePage(_one(cockpit, visit, way)), room="settings")


@router.post("/cles/retirer/{way}")
def remove(request: Request, cockpit: Core, visit: Visitor, way: str, form: Submitted) -> Response:
    """Remove it, once the passphrase is given again."""
    shown = _one(cockpit, visit, way)
    try:
        remove_way(cockpit, step_up(request, cockpit, visit, form), shown.way.id)
    except CitizenMustAct as error:
        fault, status = what_is_wrong(request, error)
        return render(request, "keys/remove.html", RemovePage(shown, fault), room="settings", status=status)
    return RedirectResponse("/cles?fait=retiree", 303)


@router.post("/cles/partout")
@for_signed_in
def leave_everywhere(cockpit: Core, visit: Visitor) -> Response:
    """End every session, this one too; a locked space can be left everywhere as well."""
    sign_out_everywhere(cockpit, visit)
    response = RedirectResponse("/", 303)
    drop_cookie(cockpit, response)
    return response


def _shown(cockpit: Cockpit, visit: Visit) -> tuple[WayShown, ...]:
    now, order = cockpit.clock(), list(WayType)
    return tuple(
        WayShown(
            way,
            WAY_WORDS[way.type],
            instant_day(way.created_at),
            instant_day(way.about.drilled_at) if way.about.drilled_at else "",
            way.drill_due(now),
            way.type in REMOVABLE,
        )
        for way in sorted(list_ways(cockpit, visit), key=lambda way: order.index(way.type))
    )


def _one(cockpit: Cockpit, visit: Visit, wanted: str) -> WayShown:
    for shown in _shown(cockpit, visit):
        if shown.way.id == WayId(wanted) and shown.removable:
            return shown
    raise NotFound("there is no such way to remove")
