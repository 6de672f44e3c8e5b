"""French typography: no-break spaces before high punctuation, inside quotation marks, numbers and units."""

from __future__ import annotations

import re

NARROW = "\u202f"
WIDE = "\u00a0"

_UNITS = "kWh|Wh|kW|W|€|%|Mo|Ko|h|min|mois|jours?|ans?|fois|caractères|lignes?"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r" ([;?!])"), NARROW + r"\1"),
    (re.compile(r" ([:»])"), WIDE + r"\1"),
    (re.compile(r"« "), "«" + WIDE),
    (re.compile(r"(?<=\d) (?=\d{3}\b)"), NARROW),
    (re.compile(rf"(?:(?<=\d)|(?<=\)s)) (?=(?:{_UNITS})\b|[€%])"), WIDE),
)


def french_spacing(text: str) -> str:
    """``text`` with its ordinary spaces made no-break where French typography asks for it; adds no character."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
