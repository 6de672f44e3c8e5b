"""What may leave: a record cut to the allowed fields, window and grain. The preview and every release use this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from cockpit.consent.pauses import Pause, in_pause
from cockpit.domain.consent import ClauseInput
from cockpit.domain.ids import Kind
from cockpit.domain.record import Basis, Json, Provenance, Record, Verification
from cockpit.domain.series import blanked, cut, summed
from cockpit.domain.use import Grain, Source

SERIES = Kind("energy.series")
TRANSACTION = Kind("bank.transaction")


def fits(origin: Provenance, source: Source) -> bool:
    """Whether a use that accepts no weaker origin than ``source`` may have a datum of this one.

    What carries a signature that is false was not issued by whom it says: it was not observed either.
    """
    if source is Source.ANY or origin.verification is Verification.VALID:
        return True
    observed = origin.basis is Basis.OBSERVED and origin.verification is not Verification.INVALID
    return source is Source.OBSERVED and observed


def project(
    records: Iterable[Record],
    part: ClauseInput,
    data_from: str,
    data_until: str,
    source: Source,
    pauses: Sequence[Pause] = (),
) -> list[dict[str, Json]]:
    """The objects that may leave, oldest first.

    A record of a weaker origin than ``source``, which the use accepts, does not leave.
    A record whose own days all fall outside the window leaves nothing; an energy block is cut to the window first
    and summed when the grain is a day or a month; bank transactions are summed by month and sign when it is a month.
    What is dated in a pause does not leave: of a series the measures of those days, of anything else the record.
    """
    inside = sorted(
        (
            record
            for record in records
            if record.kind == part.kind and fits(record.provenance, source) and _touches(record, data_from, data_until)
        ),
        key=lambda record: (record.day, record.source_key),
    )
    if part.kind == SERIES:
        return _series(inside, part, data_from, data_until, pauses)
    inside = [record for record in inside if not in_pause(record.day, pauses)]
    if part.kind == TRANSACTION and part.grain is not Grain.RAW:
        return _monthly_totals(inside, part)
    return [_only(record.data, part.fields) for record in inside]


def withheld(records: Iterable[Record], part: ClauseInput, data_from: str, data_until: str, source: Source) -> int:
    """How many records of the window stay because their origin is weaker than ``source``."""
    return sum(
        record.kind == part.kind and _touches(record, data_from, data_until) and not fits(record.provenance, source)
        for record in records
    )


def _touches(record: Record, data_from: str, data_until: str) -> bool:
    return record.day <= data_until and (record.until or record.day) >= data_from


def _only(data: dict[str, Json], fields: tuple[str, ...]) -> dict[str, Json]:
    return {name: data[name] for name in fields if name in data}


def _series(
    records: list[Record], part: ClauseInput, data_from: str, data_until: str, pauses: Sequence[Pause]
) -> list[dict[str, Json]]:
    left = []
    for record in records:
        block = cut(record.data, data_from, data_until)
        if pauses:
            block = blanked(block, lambda day: in_pause(day, pauses))
            if all(value is None for value in block["values"]):  # type: ignore[union-attr]
                continue
        if part.grain is not Grain.RAW:
            totals = summed(block, part.grain)
            days = sorted(totals)
            if not days:
                continue
            width = "P1D" if part.grain is Grain.DAY else "P1M"
            values: list[Json] = [
                {"day" if part.grain is Grain.DAY else "month": day, "value": totals[day]} for day in days
            ]
            block = block | {"unit": "Wh", "interval": width, "start": days[0], "values": values}
        if block["values"]:
            left.append(_only(block, part.fields))
    return left


def _monthly_totals(records: list[Record], part: ClauseInput) -> list[dict[str, Json]]:
    totals: dict[tuple[str, str, str], Decimal] = {}
    for record in records:
        amount = Decimal(str(record.data["amount"]))
        key = (record.day[:7], str(record.data.get("currency") or ""), "in" if amount >= 0 else "out")
        totals[key] = totals.get(key, Decimal(0)) + amount
    return [
        _only({"booking_date": month, "currency": currency, "type": sign, "amount": str(total)}, part.fields)
        for (month, currency, sign), total in sorted(totals.items())
    ]
