"""What of a record is searched: its words, and the facts a search may be narrowed by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from cockpit.domain.ids import ConnectorId, Kind, RecordUid
from cockpit.domain.record import Json, StoredRecord
from cockpit.search.words import BETWEEN, amount_words, day_words

MOST_CHARACTERS = 20_000
"""A longer text is cut: a record is a line, a bill, a paper; not a book."""
MOST_CENTS = 2**31 - 1
"""Larger amounts, beyond 21 million, are narrowed by as if they were this."""

_MOST_DIGITS = 15

_AMOUNTS = (
    "amount", "total", "balance", "reference_income", "income_tax", "due_amount", "net_total", "tax_total", "withheld",
    "price", "unit_price", "net_price", "net_amount",
)  # fmt: skip
"""Fields that hold an amount; the first that a record has is the one it is narrowed by."""
_UNSAID = frozenset(
    {"values", "bank_reference", "currency", "profile", "type_code", "interval", "unit", "start", "line_id", "label_en"}
)
"""Codes, measures, and references that only machines read."""
_CODES = {
    "electricity": "électricité electricity",
    "gas": "gaz gas",
    "consumption": "consommation consumption",
    "production": "production",
}


@dataclass(frozen=True, slots=True)
class Document:
    """What the index is told of one record. ``day`` is ``YYYY-MM-DD``; ``amount`` has no sign."""

    uid: RecordUid
    kind: Kind
    day: str
    source: ConnectorId
    amount: Decimal | None
    text: str


def document_of(stored: StoredRecord) -> Document:
    """The searched part of a record: labels, names, issuers, numbers, dates and amounts in words; never a measure."""
    record = stored.record
    said = [day_words(record.day), record.provenance.issuer or "", stored.file_name or "", *_said("", record.data)]
    text = BETWEEN.join(part for part in said if part)[:MOST_CHARACTERS]
    amount = next((found for name in _AMOUNTS if (found := _decimal(record.data.get(name))) is not None), None)
    return Document(stored.uid, record.kind, record.day, record.provenance.connector, amount, text)


def cents(amount: Decimal) -> int | None:
    """An amount in cents without its sign, or None when it is no ordinary number."""
    if not amount.is_finite() or amount.adjusted() > _MOST_DIGITS:
        return None
    return int(abs(amount * 100).to_integral_value(ROUND_HALF_UP))


def _said(name: str, value: Json) -> Iterator[str]:
    if name in _UNSAID or value is None or isinstance(value, bool):
        return
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _said(key, part)
    elif isinstance(value, list):
        for part in value:
            yield from _said(name, part)
    elif name in _AMOUNTS:
        amount = _decimal(value)
        in_cents = None if amount is None else cents(amount)
        yield str(value) if in_cents is None else amount_words(in_cents)
    else:
        yield _CODES.get(str(value), str(value))


def _decimal(value: Json) -> Decimal | None:
    try:
        found = Decimal(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except InvalidOperation:
        return None
    return found if found is not None and cents(found) is not None else None
