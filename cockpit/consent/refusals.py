"""A no that holds: the same service does not ask for the same use again for six months, unless it asks for less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cockpit.domain.consent import Clause, ClauseInput
from cockpit.domain.moment import add_months

HOLDS_MONTHS = 6
"""How long a refusal keeps the same request from coming before the person again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The newest thing decided of a service's use, when it was a no: what was asked, and on which day."""

    clause: Clause
    day: str


def holds(refusal: Refusal, asked: Clause, today: date) -> bool:
    """Whether a request is one that the person said no to not long ago. Another use is another question."""
    if (refusal.clause.service, refusal.clause.use) != (asked.service, asked.use):
        return False
    return today < add_months(date.fromisoformat(refusal.day), HOLDS_MONTHS) and not asks_less(asked, refusal.clause)


def asks_less(asked: Clause, refused: Clause) -> bool:
    """Whether a request asks nothing more than what was refused, and less in something. Its days may have moved on."""
    parts = {part.kind: part for part in refused.inputs}
    bounds: list[tuple[set[str], set[str]]] = [
        (set(asked.purposes), set(refused.purposes)),
        (set(asked.operations), set(refused.operations)),
        (set(asked.recipients), set(refused.recipients)),
        (set(asked.places), set(refused.places)),
        (set(asked.onward), set(refused.onward)),
    ]
    numbers = [
        (int(asked.retention[1:-1]), int(refused.retention[1:-1])),
        (asked.max_per_day, refused.max_per_day),
        (asked.automation.weight, refused.automation.weight),
        (len(asked.inputs), len(refused.inputs)),
    ]
    within = (
        all(part.kind in parts and _within(part, parts[part.kind]) for part in asked.inputs)
        and all(ours <= theirs for ours, theirs in bounds)
        and all(ours <= theirs for ours, theirs in numbers)
    )
    less = (
        any(part != parts.get(part.kind) for part in asked.inputs)
        or any(ours != theirs for ours, theirs in bounds)
        or any(ours != theirs for ours, theirs in numbers)
    )
    return within and less


def _within(part: ClauseInput, whole: ClauseInput) -> bool:
    fields, coarse = set(part.fields) <= set(whole.fields), part.grain.coarseness >= whole.grain.coarseness
    # What was optional and is now wanted asks for more.
    return fields and coarse and part.required <= whole.required
