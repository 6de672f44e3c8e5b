"""Shares as a form sends them: one box each, numbered from 1."""

from __future__ import annotations

from starlette.datastructures import FormData

from cockpit.sealing.shares import FEWEST, MOST
from cockpit_web.forms import text

FIELDS = range(FEWEST, MOST + 1)
"""How many boxes a form may have."""


def shares_typed(form: FormData) -> list[str]:
    """Every box, empty ones too, so that an error names the box that the person sees."""
    return [text(form, f"part{number}") for number in range(1, MOST + 1)]


def boxes_asked(asked: str) -> int:
    """How many boxes to show for what an address says; the fewest when it is not a number of boxes."""
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else 0
    return number if number in FIELDS else FIELDS[0]
