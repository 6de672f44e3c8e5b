"""Facts about several adults: whether a record speaks of another one, and whether their yes is for these terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from cockpit.consent.clauses import narrows
from cockpit.domain.consent import Clause
from cockpit.domain.ids import Kind
from cockpit.domain.record import Record

AGREED_DAYS = 31
"""A yes given together holds for a request that comes so many days later: its dates move on with the calendar."""


def joint_kinds(
    clause: Clause, joint_when: Mapping[Kind, tuple[str, ...]], records: Callable[[Kind], Iterable[Record]]
) -> tuple[Kind, ...]:
    """The kinds of a clause of which a record inside its period speaks of another adult too."""
    return tuple(
        part.kind
        for part in clause.inputs
        if (fields := joint_when.get(part.kind))
        and any(_inside(record, clause) and _speaks(record, fields) for record in records(part.kind))
    )


def holds(agreed: Clause, clause: Clause) -> bool:
    """Whether what another adult agreed to covers these terms, dates aside by a month."""
    later = replace(
        agreed, data_until=_later(agreed.data_until), expires=f"{_later(agreed.expires[:10])}{agreed.expires[10:]}"
    )
    return narrows(clause, later)


def _inside(record: Record, clause: Clause) -> bool:
    return record.day <= clause.data_until and (record.until or record.day) >= clause.data_from


def _speaks(record: Record, fields: tuple[str, ...]) -> bool:
    return any(record.data.get(name) not in (None, "", [], {}) for name in fields)


def _later(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=AGREED_DAYS)).isoformat()
