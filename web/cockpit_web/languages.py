"""The two languages: which one a visitor reads, and the texts of each, compiled from the catalogue at import."""

from __future__ import annotations

import io
from importlib.resources import files

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from starlette.requests import Request

from cockpit_web.typography import french_spacing

LANGUAGES = ("fr", "en")
NAMES = {"fr": "Français", "en": "English"}
COOKIE = "langue"


def chosen_language(request: Request, profile: str | None = None) -> str:
    """The language of the switch (a cookie), else of the person's profile, else of the browser, else French."""
    for wanted in (request.cookies.get(COOKIE), profile):
        if wanted in LANGUAGES:
            return wanted
    accepted = [
        part.partition(";")[0].strip().partition("-")[0]
        for part in request.headers.get("accept-language", "").split(",")[:10]
    ]
    return negotiate_locale([tag for tag in accepted if tag], LANGUAGES) or "fr"


def _english() -> Translations:
    with files("cockpit_web").joinpath("locale/en/LC_MESSAGES/messages.po").open("rb") as source:
        catalogue = read_po(source, locale="en")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain="messages")


_ENGLISH = _english()


def translate(language: str, message: str) -> str:
    """One text of the cockpit in ``language``; the French text is the key."""
    return str(_ENGLISH.ugettext(message)) if language == "en" else french_spacing(message)


def translate_count(language: str, one: str, many: str, count: int) -> str:
    """One text that depends on a number. In French, zero and one are both singular."""
    if language == "en":
        return str(_ENGLISH.ungettext(one, many, count))
    return french_spacing(one if abs(count) < 2 else many)


def marked(message: str) -> str:
    """The same text; marks it for the catalogue where it is written, to be translated where it is shown."""
    return message


def marked_count(one: str, many: str) -> tuple[str, str]:
    """The same two texts; marks them for the catalogue as the singular and plural of one message."""
    return one, many
