"""The two languages of the house: the French text is the key, the English one is in the catalogue."""

from __future__ import annotations

import io
from importlib.resources import files

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from starlette.requests import Request

from cockpit_web.typography import french_spacing

LANGUAGES = {"fr": "Français", "en": "English"}
COOKIE = "langue"


def chosen_language(request: Request) -> str:
    """The language of the switch (a cookie), else of the browser, else French."""
    if request.cookies.get(COOKIE) in LANGUAGES:
        return request.cookies[COOKIE]
    accepted = request.headers.get("accept-language", "").split(",")[:10]
    tags = [part.partition(";")[0].strip().partition("-")[0] for part in accepted]
    return negotiate_locale([tag for tag in tags if tag], list(LANGUAGES)) or "fr"


def translate(language: str, message: str) -> str:
    """One text of the house in ``language``."""
    return str(_ENGLISH.ugettext(message)) if language == "en" else french_spacing(message)


def marked(message: str) -> str:
    """The same text; marks it for the catalogue where it is written, to be translated where it is shown."""
    return message


def _english() -> Translations:
    with files("cockpit_web_audit").joinpath("locale/en/LC_MESSAGES/messages.po").open("rb") as source:
        catalogue = read_po(source, locale="en")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain="messages")


_ENGLISH = _english()
