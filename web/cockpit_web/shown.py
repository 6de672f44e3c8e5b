"""A record's values as a person reads them: labelled, dated, in euros, whatever their shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from cockpit.domain.record import Json, Record
from cockpit.registry import KindSheet
from cockpit_web import formats
from cockpit_web.languages import marked, translate

MOST_VALUES = 3000
"""How many values of a list are written out; a month of five-minute measures is 8,928, and the file has them all."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_AMOUNTS = frozenset(
    {"amount", "balance", "net_total", "tax_total", "total", "due_amount", "price", "unit_price", "net_price",
     "net_amount", "reference_income", "income_tax",
     "withheld"}
)  # fmt: skip
_WORDS = {
    "electricity": marked("électricité"),
    "gas": marked("gaz"),
    "consumption": marked("consommée"),
    "production": marked("produite"),
    "PT5M": marked("5 minutes"),
    "PT10M": marked("10 minutes"),
    "PT15M": marked("15 minutes"),
    "PT20M": marked("20 minutes"),
    "PT30M": marked("30 minutes"),
    "PT60M": marked("1 heure"),
    "PT1H": marked("1 heure"),
    "P1D": marked("1 jour"),
    "W": marked("watts (puissance moyenne)"),
    "Wh": marked("wattheures (énergie)"),
}
_PARTS = {
    "name": marked("nom"),
    "id": marked("identifiant"),
    "line_id": marked("ligne"),
    "description": marked("description"),
    "quantity": marked("quantité"),
    "unit": marked("unité"),
    "price": marked("prix"),
    "unit_price": marked("prix à l'unité"),
    "net_price": marked("prix hors taxes"),
    "net_amount": marked("montant hors taxes"),
    "net_total": marked("total hors taxes"),
    "vat_rate": marked("taux de TVA"),
    "vat": marked("numéro de TVA"),
    "vat_id": marked("numéro de TVA"),
    "siren": marked("numéro SIREN"),
    "siret": marked("numéro SIRET"),
    "legal_id": marked("numéro légal"),
    "address": marked("adresse"),
    "street": marked("voie"),
    "postcode": marked("code postal"),
    "town": marked("commune"),
    "city": marked("commune"),
    "country": marked("pays"),
}
"""Parts inside a field, which the vocabulary does not name one by one."""
_LINES_OF_AN_ADDRESS = ("street", "complement", "postcode", "town", "city", "country")


@dataclass(frozen=True, slots=True)
class Shown:
    """One value to show: ``text``, or ``parts`` when it is made of others; ``listed`` counts the values of a list.

    A list of things of one shape has ``columns`` and ``rows`` instead.
    """

    label: str
    text: str
    parts: tuple[Shown, ...] = ()
    listed: int | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def shown_record(record: Record, sheet: KindSheet | None, language: str) -> tuple[Shown, ...]:
    """Every field of a record in the order of the vocabulary; fields it does not name come last under their code."""
    labels = sheet.fields if sheet else {}
    names = [*(name for name in labels if name in record.data), *(name for name in record.data if name not in labels)]
    currency = str(record.data.get("currency") or ("EUR" if record.kind == "tax.notice" else ""))
    speaker = _Speaker(language, currency)
    return tuple(
        _shown(
            labels[name].in_language(language) if name in labels else _spelled(name, speaker),
            name,
            record.data[name],
            speaker,
        )
        for name in names
        if record.data[name] not in (None, "", [], {})
    )


@dataclass(frozen=True, slots=True)
class _Speaker:
    """The language and currency a record is said in."""

    language: str
    currency: str


def _shown(label: str, name: str, value: Json, speaker: _Speaker) -> Shown:
    if isinstance(value, dict):
        if "label_fr" in value and "value" in value:
            # A field of a signed paper brings its own label, from the specification of its code.
            own = value.get(f"label_{speaker.language}") or value["label_fr"]
            return _shown(str(own), name, value["value"], speaker)
        said = {key: part for key, part in value.items() if part is not None}
        return Shown(label, "", tuple(_part(key, said[key], speaker) for key in said))
    if isinstance(value, list):
        lines = [part for part in value[:MOST_VALUES] if isinstance(part, dict)]
        if lines and len(lines) == len(value[:MOST_VALUES]):
            return _table(label, lines, speaker)
        words = " · ".join("–" if part is None else _said(name, part, speaker) for part in value[:MOST_VALUES])
        return Shown(label, words, listed=len(value))
    return Shown(label, _said(name, value, speaker))


def _part(name: str, value: Json, speaker: _Speaker) -> Shown:
    """A part of a value; one that is itself made of parts, like an address, is said on one line."""
    if isinstance(value, dict):
        order = [key for key in _LINES_OF_AN_ADDRESS if key in value] + [
            key for key in value if key not in _LINES_OF_AN_ADDRESS
        ]
        said = ", ".join(_flat(key, value[key], speaker) for key in order if value[key] is not None)
        return Shown(_spelled(name, speaker), said)
    return _shown(_spelled(name, speaker), name, value, speaker)


def _table(label: str, lines: list[dict[str, Json]], speaker: _Speaker) -> Shown:
    names = list(dict.fromkeys(name for line in lines for name in line))
    rows = tuple(
        tuple("" if line.get(name) is None else _flat(name, line[name], speaker) for name in names) for line in lines
    )
    return Shown(label, "", columns=tuple(_spelled(name, speaker) for name in names), rows=rows)


def _flat(name: str, value: Json, speaker: _Speaker) -> str:
    """A value in one cell, whatever its shape."""
    if isinstance(value, dict):
        return ", ".join(_flat(key, part, speaker) for key, part in value.items() if part is not None)
    if isinstance(value, list):
        return ", ".join(_flat(name, part, speaker) for part in value if part is not None)
    return _said(name, value, speaker)


def _said(name: str, value: Json, speaker: _Speaker) -> str:
    if isinstance(value, bool):
        return translate(speaker.language, marked("oui") if value else marked("non"))
    written = str(value)
    if name in _AMOUNTS:
        return _tried(lambda: formats.amount(speaker.language, written, speaker.currency), written)
    if _INSTANT.fullmatch(written):
        return _tried(lambda: formats.moment(speaker.language, written), written)
    if _DAY.fullmatch(written):
        return _tried(lambda: formats.day(speaker.language, written), written)
    return translate(speaker.language, _WORDS[written]) if written in _WORDS else written


def _tried(say: Callable[[], str], written: str) -> str:
    """What ``say`` makes of a value, or the value as written when it is no date or amount after all."""
    try:
        return say()
    except (ValueError, InvalidOperation):
        return written


def _spelled(name: str, speaker: _Speaker) -> str:
    """The label of a part that the vocabulary does not name."""
    known = _PARTS.get(name)
    return translate(speaker.language, known) if known else name.replace("_", " ")


def amount_of(record: Record, name: str) -> Decimal | None:
    """A field as a number, or None when the record has none that can be read."""
    try:
        return Decimal(str(record.data[name]))
    except (KeyError, InvalidOperation):
        return None
