"""The form by which a person gives less: its fields from a clause, and what was chosen, typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from starlette.datastructures import FormData

from cockpit.consent.narrowing import BadChoice, Narrowing
from cockpit.domain.consent import Clause, ClauseInput
from cockpit.domain.ids import Kind
from cockpit.domain.use import Grain, Use
from cockpit.registry import Registry
from cockpit_web.forms import text
from cockpit_web.languages import marked

GRAINS = {
    Grain.RAW: marked("telles quelles"),
    Grain.DAY: marked("un total par jour"),
    Grain.MONTH: marked("un total par mois"),
    Grain.ANSWER: marked("une réponse, oui ou non"),
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class PartChoice:
    """One kind of a clause: its words, what it adds, and how it may be narrowed.

    ``fields`` are (name, label) pairs; ``grains`` are the coarser grains on offer, with their words to translate.
    """

    part: ClauseInput
    title: str
    why: str
    fields: tuple[tuple[str, str], ...]
    grains: tuple[tuple[Grain, str], ...]
    asked_grain: str


def part_choices(registry: Registry, clause: Clause, use: Use | None, language: str) -> tuple[PartChoice, ...]:
    """One choice for each kind of the clause, in its order."""
    return tuple(_choice(registry, part, use, language) for part in clause.inputs)


def _choice(registry: Registry, part: ClauseInput, use: Use | None, language: str) -> PartChoice:
    sheet = registry.kinds[part.kind]
    published = next((asked for asked in use.inputs if asked.kind == part.kind), None) if use else None
    coarser = [grain for grain in sheet.grains if grain.coarseness > part.grain.coarseness]
    return PartChoice(
        part=part,
        title=sheet.title.in_language(language),
        why=published.why.in_language(language) if published else "",
        fields=tuple((name, sheet.fields[name].in_language(language)) for name in part.fields),
        grains=tuple((grain, GRAINS[grain]) for grain in coarser),
        asked_grain=GRAINS[part.grain],
    )


def without_fields(removed: Iterable[str]) -> dict[Kind, frozenset[str]]:
    """``kind/field`` pairs as the fields taken out of each kind."""
    found: dict[Kind, set[str]] = {}
    for pair in removed:
        kind, _, name = pair.partition("/")
        found.setdefault(Kind(kind), set()).add(name)
    return {kind: frozenset(names) for kind, names in found.items()}


def is_day(written: str) -> bool:
    """Whether this is a day of the calendar, as a date field sends it."""
    try:
        return bool(_DAY.fullmatch(written)) and bool(date.fromisoformat(written))
    except ValueError:
        return False


def narrowing_of(form: FormData) -> Narrowing:
    """What was chosen for a share that runs. Raises ``BadChoice`` for what the form could not have sent."""
    try:
        chosen = {Kind(name[6:]): text(form, name) for name in form if name.startswith("grain.")}
        grains = {kind: Grain(grain) for kind, grain in chosen.items() if grain}
        months = int(text(form, "duree")) if text(form, "duree") else None
    except ValueError as error:
        raise BadChoice("a choice is not one of those offered", code="duration_missing") from error
    since = text(form, "depuis")
    if since and not is_day(since):
        raise BadChoice("the beginning is not a day", code="period_reversed")
    return Narrowing(
        months=months,
        kinds=frozenset(Kind(value) for value in form.getlist("partie") if isinstance(value, str)),
        without=without_fields(value for value in form.getlist("retirer") if isinstance(value, str)),
        grains=grains,
        data_from=since or None,
    )
