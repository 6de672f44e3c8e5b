"""How a person gives less than was asked: fewer fields, coarser, a shorter period, a shorter life."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cockpit.consent.clauses import narrows
from cockpit.domain.consent import AccessMode, Clause, ClauseInput
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.ids import Kind
from cockpit.domain.moment import PARIS, add_months, instant
from cockpit.domain.use import Grain

ONE_DAY = timedelta(days=1)

DURATIONS_MONTHS = (1, 3, 6, 12)
"""What the consent screen offers, none of them preselected."""


class BadChoice(CitizenMustAct):
    """A choice on the consent screen is missing or cannot be; nothing was decided."""

    code = "bad_choice"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the person chose. ``months`` is how long the access lasts (None: once only).

    ``kinds`` are the optional parts the person ticked; ``without`` are fields taken out, by kind; ``grains`` are the
    coarser grains chosen; ``data_from`` is a later beginning, when there is one.
    """

    months: int | None
    kinds: frozenset[Kind] = frozenset()
    without: dict[Kind, frozenset[str]] = field(default_factory=dict)
    grains: dict[Kind, Grain] = field(default_factory=dict)
    data_from: str | None = None


def narrowed(clause: Clause, choice: Narrowing, now: datetime) -> Clause:
    """The clause the person gives. Raises ``BadChoice`` when it would be empty or wider than asked."""
    kept = (part for part in clause.inputs if part.required or part.kind in choice.kinds)
    inputs = tuple(part for part in (_narrow_part(part, choice) for part in kept) if part is not None)
    if not inputs:
        raise BadChoice("nothing would be shared: choose at least one datum, or refuse", code="nothing_left")
    given = replace(
        clause,
        inputs=inputs,
        data_from=max(clause.data_from, choice.data_from or clause.data_from),
        expires=_expires(clause, choice, now),
        mode=AccessMode.ONCE if choice.months is None else clause.mode,
        # For one reading, the quota is one read of each kind, counted over the consent's whole life.
        max_per_day=min(clause.max_per_day, len(inputs)) if choice.months is None else clause.max_per_day,
    )
    given = replace(given, data_until=min(given.data_until, given.expires[:10]))
    if given.data_from > given.data_until:
        raise BadChoice("the period begins after its end", code="period_reversed")
    if not narrows(given, clause):
        raise BadChoice("this gives more than was asked", code="wider_than_asked")
    return given


def narrowed_further(clause: Clause, choice: Narrowing, now: datetime) -> Clause:
    """Less than what is given now, for as long as before or until ``choice.months`` from now, whichever comes first.

    ``choice.kinds`` are the optional parts that stay. Raises ``BadChoice`` when nothing, or nothing less, is left.
    """
    given = narrowed(clause, replace(choice, months=choice.months or DURATIONS_MONTHS[-1]), now)
    if given == clause:
        raise BadChoice("nothing is taken away: choose what no longer leaves", code="nothing_narrower")
    return given


def _narrow_part(part: ClauseInput, choice: Narrowing) -> ClauseInput | None:
    fields = tuple(name for name in part.fields if name not in choice.without.get(part.kind, frozenset()))
    return replace(part, fields=fields, grain=choice.grains.get(part.kind, part.grain)) if fields else None


def _expires(clause: Clause, choice: Narrowing, now: datetime) -> str:
    if choice.months is None:
        return min(clause.expires, instant(now.replace(microsecond=0) + ONE_DAY))
    if choice.months not in DURATIONS_MONTHS:
        raise BadChoice("choose how long the access lasts", code="duration_missing")
    last = add_months(now.astimezone(PARIS).date(), choice.months)
    return min(clause.expires, f"{last.isoformat()}T00:00:00Z")
