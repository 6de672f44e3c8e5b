"""Templates: one strict environment a language, and what every page is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cockpit.audit.house import House
from cockpit_web import formats
from cockpit_web.typography import french_spacing
from cockpit_web_audit import words
from cockpit_web_audit.languages import LANGUAGES, chosen_language, translate


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page is given beside its own context. ``room`` is the entry of the navigation to mark."""

    language: str
    other: str
    other_name: str
    room: str


def render(request: Request, template: str, page: object = None, *, room: str = "", status: int = 200) -> HTMLResponse:
    """The page ``template`` as a response. ``page`` is its typed context."""
    language = chosen_language(request)
    other = next(name for name in LANGUAGES if name != language)
    frame = Frame(language, other, LANGUAGES[other], room)
    body = _ENVIRONMENTS[language].get_template(template).render(page=page, frame=frame)
    return HTMLResponse(body, status, {"Content-Language": language})


def house_of(request: Request) -> House:
    """The house that this process serves."""
    found: House = request.app.state.house
    return found


def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("cockpit_web_audit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True

    def said(message: str) -> str:
        return translate(language, message)

    environment.install_gettext_callables(  # type: ignore[attr-defined]
        said, lambda one, many, count: said(one if count < 2 else many), newstyle=True
    )
    spoken: dict[str, Callable[..., str]] = {
        "moment": partial(formats.moment, language),
        "column": lambda code: said(words.COLUMNS.get(str(code), str(code))),
        "cell": lambda value: said(words.CELLS[value]) if value in words.CELLS else str(value),
        "fault": lambda code: said(words.FAULTS.get(str(code), str(code))),
        "typo": french_spacing if language == "fr" else str,
    }
    environment.filters |= spoken
    return environment


_ENVIRONMENTS = {language: _environment(language) for language in LANGUAGES}
