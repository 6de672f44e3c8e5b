"""A record found, on one line: what a person would call it, and its amount."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cockpit.domain.record import Json, StoredRecord
from cockpit_web.families import family_of
from cockpit_web.shown import amount_of

_NAMES = ("label", "seller", "issuer", "document_type", "reference", "number", "account", "meter")
"""Fields that name a record, the most telling first."""
_AMOUNTS = ("amount", "total", "balance", "reference_income")


@dataclass(frozen=True, slots=True)
class FoundLine:
    """One record found. ``called`` is empty when nothing in it names it; ``amount`` has its sign."""

    stored: StoredRecord
    title: str
    called: str
    icon: str
    amount: Decimal | None
    currency: str


def found_line(stored: StoredRecord, title: str) -> FoundLine:
    """A record as a line of results; ``title`` is what its kind is called."""
    record = stored.record
    family = family_of(record.kind)
    called = next((name for field in _NAMES if (name := _name(record.data.get(field)))), "")
    amounts = (amount_of(record, name) for name in _AMOUNTS)
    currency = str(record.data.get("currency") or ("EUR" if record.kind == "tax.notice" else ""))
    return FoundLine(
        stored=stored,
        title=title,
        called=called,
        icon=family.icon if family else "file-text",
        amount=next((amount for amount in amounts if amount is not None and amount.is_finite()), None),
        currency=currency,
    )


def _name(value: Json) -> str:
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else ""
