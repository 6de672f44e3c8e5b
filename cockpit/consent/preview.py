"""The exact bytes that would leave, computed from the person's own data before they decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cockpit.consent.projection import project
from cockpit.domain.consent import Clause
from cockpit.domain.ids import Kind
from cockpit.domain.record import Record
from cockpit.sealing.canonical import canonical


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """What would leave of one kind: how many objects, and the answer's ``items`` as they would be sent."""

    kind: Kind
    count: int
    body: str


def preview(clause: Clause, records: Callable[[Kind], Iterable[Record]]) -> tuple[PreviewPart, ...]:
    """One part for each kind of the clause, from the records the space holds today."""
    parts = []
    for part in clause.inputs:
        leaving = project(records(part.kind), part, clause.data_from, clause.data_until)
        parts.append(PreviewPart(part.kind, len(leaving), canonical(leaving).decode()))
    return tuple(parts)
