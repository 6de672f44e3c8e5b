"""The exact bytes that would leave, computed from the person's own data before they decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cockpit.consent.projection import project, withheld
from cockpit.domain.consent import Clause
from cockpit.domain.ids import Kind
from cockpit.domain.record import Record
from cockpit.domain.use import Source, Use
from cockpit.sealing.canonical import canonical


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """What would leave of one kind: how many objects, and the answer's ``items`` as they would be sent.

    ``unfit`` counts the records of the window that stay because their origin is weaker than ``source``.
    """

    kind: Kind
    count: int
    body: str
    source: Source
    unfit: int


def preview(clause: Clause, use: Use, records: Callable[[Kind], Iterable[Record]]) -> tuple[PreviewPart, ...]:
    """One part for each kind of the clause, from the records the space holds today."""
    parts = []
    for part in clause.inputs:
        source, held = use.source_of(part.kind), list(records(part.kind))
        leaving = project(held, part, clause.data_from, clause.data_until, source)
        unfit = withheld(held, part, clause.data_from, clause.data_until, source)
        parts.append(PreviewPart(part.kind, len(leaving), canonical(leaving).decode(), source, unfit))
    return tuple(parts)
