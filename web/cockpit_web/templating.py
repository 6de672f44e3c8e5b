"""Templates: one strict environment a language, typed page contexts, and what every page is given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cockpit.acts.cockpit import Cockpit
from cockpit_web import formats
from cockpit_web.languages import LANGUAGES, NAMES, chosen_language, translate, translate_count
from cockpit_web.mandate_words import ActingFor, acting_for
from cockpit_web.typography import french_spacing
from cockpit_web.visitor import here


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page is given beside its own context.

    ``here`` is the address asked, to come back to after a change of language; ``signed_in`` and ``unlocked`` say
    what the header may offer; ``room`` is the entry of the navigation to mark as current;
    ``demonstration_service`` is the address of the demonstration's own service, or empty;
    ``demonstration_others`` are the other fictional persons, as (name, address) pairs;
    ``person`` is whose open space it is, ``acting`` who acts for them.
    """

    language: str
    other_language: str
    other_language_name: str
    here: str
    room: str
    signed_in: bool
    unlocked: bool
    demonstration: bool
    demonstration_service: str
    demonstration_others: tuple[tuple[str, str], ...]
    person: str
    acting: ActingFor | None


def render(
    request: Request,
    template: str,
    page: object = None,
    *,
    room: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """The page ``template`` as a response. ``page`` is its typed context, ``room`` its place in the navigation."""
    frame = _frame(request, room)
    body = _ENVIRONMENTS[frame.language].get_template(template).render(page=page, frame=frame)
    return HTMLResponse(body, status, {"Content-Language": frame.language, **(headers or {})})


def language_of(request: Request) -> str:
    """The language this request is answered in."""
    visit = getattr(request.state, "visit", None)
    return chosen_language(request, visit.language if visit else None)


def asset(path: str) -> str:
    """The address of a static file, with its fingerprint, so that a browser may keep it for ever."""
    return f"/static/{path}?v={_FINGERPRINTS[path]}"


def _frame(request: Request, room: str) -> Frame:
    cockpit: Cockpit = request.app.state.cockpit
    visit = getattr(request.state, "visit", None)
    language = language_of(request)
    other = next(name for name in LANGUAGES if name != language)
    return Frame(
        language=language,
        other_language=other,
        other_language_name=NAMES[other],
        here=here(request),
        room=room,
        signed_in=visit is not None,
        unlocked=visit is not None and visit.keyring is not None,
        demonstration=cockpit.settings.demonstration,
        demonstration_service=request.app.state.demonstration_service,
        demonstration_others=tuple(
            (door.name, f"/demonstration/{key}")
            for key, door in list(request.app.state.demonstration_doors.items())
            if cockpit.settings.demonstration and (visit is None or door.name != visit.name)
        ),
        person=visit.name if visit else "",
        acting=acting_for(visit.mandate) if visit and visit.mandate else None,
    )


def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("cockpit_web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        partial(translate, language), partial(translate_count, language), newstyle=True
    )
    words: dict[str, Callable[..., str]] = {
        "day": formats.day,
        "weekday": formats.weekday,
        "short_day": formats.short_day,
        "day_month": formats.day_month,
        "month": formats.month,
        "short_month": formats.short_month,
        "moment": formats.moment,
        "clock_time": formats.clock_time,
        "amount": formats.amount,
        "number": formats.number,
        "size": formats.size,
    }
    environment.filters |= {name: partial(word, language) for name, word in words.items()}
    environment.filters["upper_first"] = _upper_first
    environment.filters["typo"] = french_spacing if language == "fr" else str
    environment.globals |= {"asset": asset}
    return environment


def _upper_first(text: str) -> str:
    """The text with a capital first letter, the rest untouched: an English month keeps its own."""
    return text[:1].upper() + text[1:]


def _fingerprints(folder: Traversable, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found |= _fingerprints(entry, f"{prefix}{entry.name}/")
        else:
            found[prefix + entry.name] = hashlib.sha256(entry.read_bytes()).hexdigest()[:12]
    return found


_FINGERPRINTS = _fingerprints(files("cockpit_web").joinpath("static"))
_ENVIRONMENTS = {language: _environment(language) for language in LANGUAGES}
