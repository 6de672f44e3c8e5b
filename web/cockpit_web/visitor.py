"""Who asks. Every page denies unless it says otherwise: an open space is asked of all but those listed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode, urlsplit

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from cockpit.accounts.sessions import Visit, only_the_person
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.visits import recognise
from cockpit.domain.errors import SpaceLocked
from cockpit.store.space import Reader

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

MAX_PATH = 2000


class Door(Enum):
    """Who may pass: anyone, or somebody signed in even while their space is locked. Otherwise: an open space."""

    ANYONE = "anyone"
    SIGNED_IN = "signed-in"


class SignInFirst(Exception):
    """Nobody is signed in, and this page is somebody's."""


class UnlockFirst(Exception):
    """Somebody is signed in, and their space is locked."""


@dataclass(frozen=True, slots=True)
class DemonstrationDoor:
    """A fictional person's door: the name on it, and a sign-in that gives the cookie of a fresh session."""

    name: str
    sign_in: Callable[[], str]


_doors: dict[Callable[..., Any], Door] = {}


def for_anyone(endpoint: Endpoint) -> Endpoint:
    """Mark a page that needs no sign-in."""
    _doors[endpoint] = Door.ANYONE
    return endpoint


def for_signed_in(endpoint: Endpoint) -> Endpoint:
    """Mark a page that works while the space is locked."""
    _doors[endpoint] = Door.SIGNED_IN
    return endpoint


def door_of(endpoint: Callable[..., Any]) -> Door | None:
    """What a page said of itself; None, the default, asks for an open space."""
    return _doors.get(endpoint)


def doorman(request: Request) -> None:
    """Recognise the visitor and let them pass or not. A dependency of every page.

    Raises ``SignInFirst`` or ``UnlockFirst``.
    """
    cockpit = cockpit_of(request)
    cookie = request.cookies.get(cookie_name(cockpit))
    visit = recognise(cockpit, cookie) if cookie else None
    request.state.visit = visit
    door = door_of(request.scope["endpoint"])
    if door is Door.ANYONE:
        return
    if visit is None:
        raise SignInFirst
    if visit.keyring is None and door is not Door.SIGNED_IN:
        raise UnlockFirst


def the_person_alone(request: Request) -> None:
    """Refuse somebody who acts for the person. A dependency of the pages that are the person's alone.

    Raises ``OnlyThePerson``.
    """
    visit: Visit | None = request.state.visit
    if visit is not None:
        only_the_person(visit)


def cockpit_of(request: Request) -> Cockpit:
    """The deployment that answers."""
    cockpit: Cockpit = request.app.state.cockpit
    return cockpit


def visit_of(request: Request) -> Visit:
    """Whoever the doorman let in. Raises ``SignInFirst`` on a page for anyone when nobody is signed in."""
    visit: Visit | None = request.state.visit
    if visit is None:
        raise SignInFirst
    return visit


def visit_or_none(request: Request) -> Visit | None:
    """Whoever is signed in, or None."""
    visit: Visit | None = request.state.visit
    return visit


Core = Annotated[Cockpit, Depends(cockpit_of)]
Visitor = Annotated[Visit, Depends(visit_of)]
MaybeVisitor = Annotated[Visit | None, Depends(visit_or_none)]


@contextmanager
def reading(cockpit: Cockpit, visit: Visit) -> Iterator[Reader]:
    """The visitor's open space. Raises ``SpaceLocked``."""
    if visit.keyring is None:
        raise SpaceLocked("the space is locked; give the passphrase to open it")
    with cockpit.spaces.read(visit.keyring) as reader:
        yield reader


def cookie_name(cockpit: Cockpit) -> str:
    """The session cookie; over TLS its prefix makes browsers hold it to this host (RFC 6265bis section 4.1.3)."""
    return "__Host-cockpit" if cockpit.settings.secure else "cockpit"


def keep_cookie(cockpit: Cockpit, response: Response, cookie: str) -> None:
    """Send the session's cookie: for this host only, out of reach of scripts, never along from another site's form."""
    response.set_cookie(
        cookie_name(cockpit), cookie, path="/", secure=cockpit.settings.secure, httponly=True, samesite="lax"
    )


def drop_cookie(cockpit: Cockpit, response: Response) -> None:
    """Make the browser forget the session."""
    response.delete_cookie(
        cookie_name(cockpit), path="/", secure=cockpit.settings.secure, httponly=True, samesite="lax"
    )


def here(request: Request) -> str:
    """Where to come back to: the page asked, or, for a change, the page of ours that it was made on."""
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        page = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if page.netloc != request.headers.get("host"):
        return "/"
    return own_path(page.path + (f"?{page.query}" if page.query else ""))


def back_to(address: str, suite: str) -> str:
    """``address`` with the page to go on to afterwards."""
    return address if suite == "/" else f"{address}?{urlencode({'suite': suite})}"


def own_path(suite: str | None) -> str:
    """``suite`` when it is an address of this cockpit, else the start page: nobody is sent elsewhere by a link."""
    if not suite or len(suite) > MAX_PATH or not suite.startswith("/") or suite.startswith("//"):
        return "/"
    if "\\" in suite or any(ord(character) < 0x21 for character in suite):
        return "/"
    try:
        parts = urlsplit(suite)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else suite
