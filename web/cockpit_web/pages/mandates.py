"""Somebody helps me: who may act for the person, giving a mandate, ending one at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.mandates import MOST_MANDATES
from cockpit.accounts.passphrase import MIN_PASSPHRASE
from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.end_mandate import end_mandate
from cockpit.acts.give_mandate import give_mandate
from cockpit.acts.list_mandates import list_mandates
from cockpit.consent.mandates import longest_day
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.mandate import Capacity
from cockpit.domain.moment import PARIS
from cockpit.domain.way import WayId
from cockpit.sealing.shares import random_words
from cockpit_web.forms import Submitted, text
from cockpit_web.mandate_words import CAPACITY_WORDS, ActingFor, CapacityWords, acting_for
from cockpit_web.step_up import step_up, what_is_wrong
from cockpit_web.templating import render
from cockpit_web.visitor import Core, Visitor

router = APIRouter()

DRAWN_WORDS = 8
"""How many words a drawn passphrase has: 80 random bits."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as typed so far. Secrets are never sent back."""

    name: str = ""
    capacity: str = ""
    last_day: str = ""


@dataclass(frozen=True, slots=True)
class MandatesPage:
    """Who helps, and the form. ``done`` is ``fin`` after one ended; days are ``YYYY-MM-DD``."""

    helping: tuple[ActingFor, ...]
    capacities: tuple[tuple[Capacity, CapacityWords], ...]
    today: date
    farthest: date
    full: bool
    done: str = ""
    typed: Typed = field(default_factory=Typed)
    fault: str = ""
    least: int = MIN_PASSPHRASE


@dataclass(frozen=True, slots=True)
class GivenPage:
    """What to tell whoever helps. ``words`` is the passphrase drawn for them, shown once; empty when they chose."""

    helping: ActingFor
    words: str = field(repr=False)


@router.get("/mandats")
def show_mandates(request: Request, cockpit: Core, visit: Visitor, fait: str = "") -> Response:
    """Who may act for the person, and the form to let somebody."""
    page = _page(cockpit, visit, done="fin" if fait == "fin" else "")
    return render(request, "mandates/page.html", page, room="settings")


@router.post("/mandats")
def let_somebody_help(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """Give a mandate, once the person's own passphrase is given again."""
    typed = Typed(text(form, "name")[:60], text(form, "capacity"), text(form, "last_day")[:10])
    try:
        passphrase, drawn = _passphrase(form)
        if typed.capacity not in set(Capacity):
            raise CitizenMustAct("no capacity was chosen", code="mandate_capacity")
        proof = step_up(request, cockpit, visit, form)
        given = give_mandate(cockpit, proof, typed.name, Capacity(typed.capacity), typed.last_day, passphrase)
    except CitizenMustAct as error:
        fault, status = what_is_wrong(request, error)
        page = _page(cockpit, visit, typed=typed, fault=fault)
        return render(request, "mandates/page.html", page, room="settings", status=status)
    page_given = GivenPage(acting_for(given), passphrase if drawn else "")
    return render(request, "mandates/given.html", page_given, room="settings")


@router.post("/mandats/{mandate}/terminer")
def stop_help(cockpit: Core, visit: Visitor, mandate: str) -> Response:
    """End it at once. Raises ``NotFound``."""
    end_mandate(cockpit, visit, WayId(mandate))
    return RedirectResponse("/mandats?fait=fin", 303)


def _passphrase(form: FormData) -> tuple[str, bool]:
    """What whoever helps chose, or words drawn for them when both boxes are empty."""
    chosen, again = text(form, "passphrase"), text(form, "again")
    if not chosen and not again:
        return random_words(DRAWN_WORDS), True
    if chosen != again:
        raise CitizenMustAct("the two passphrases differ", code="passphrases_differ")
    return chosen, False


def _page(
    cockpit: Cockpit, visit: Visit, *, done: str = "", typed: Typed | None = None, fault: str = ""
) -> MandatesPage:
    held = list_mandates(cockpit, visit)
    today = cockpit.clock().astimezone(PARIS).date()
    return MandatesPage(
        tuple(acting_for(mandate) for mandate in held),
        tuple(CAPACITY_WORDS.items()),
        today,
        longest_day(Capacity.PARENT, today),
        len(held) >= MOST_MANDATES,
        done,
        typed or Typed(),
        fault,
    )
