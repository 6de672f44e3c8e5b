"""Whether a new version of a use asks nothing more than the old one: then a consent to the old one still stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cockpit.domain.place import within
from cockpit.domain.use import Actor, ConsentMode, EndAction, Use, UseInput, Words


@dataclass(frozen=True, slots=True)
class Broadening:
    """One thing the new version does that the old one did not: the facet's name, and how to say it."""

    facet: str
    words: Words


def refines(new: Use, old: Use) -> bool:
    """Whether whatever ``new`` allows, ``old`` allowed. A version that does not refine needs a new consent."""
    return not broader(new, old)


def broader(new: Use, old: Use) -> tuple[Broadening, ...]:
    """Everything that ``new`` asks beyond ``old``, in a fixed order; empty when it refines it."""
    facets = [Broadening(facet, words) for facet, holds, words in FACETS if not holds(new, old)]
    return (*facets, *(found for part in new.inputs for found in _broader_input(part, old)))


_MODES = {
    ConsentMode.VIEW: {ConsentMode.VIEW},
    ConsentMode.QUERY: {ConsentMode.VIEW, ConsentMode.QUERY},
    ConsentMode.STORE: {ConsentMode.VIEW, ConsentMode.STORE},
    ConsentMode.STREAM: {ConsentMode.VIEW, ConsentMode.STORE, ConsentMode.STREAM},
}
"""What each mode includes: who may keep may look; who is sent more may keep."""


def _at_most(name: str) -> Callable[[Use, Use], bool]:
    return lambda new, old: getattr(new, name) <= getattr(old, name)


def _subset(name: str) -> Callable[[Use, Use], bool]:
    return lambda new, old: set(getattr(new, name)) <= set(getattr(old, name))


def _same(name: str) -> Callable[[Use, Use], bool]:
    return lambda new, old: bool(getattr(new, name) == getattr(old, name))


def _duties_kept(new: Use, old: Use) -> bool:
    within_days = {(duty.action, duty.trigger, duty.evidence): duty.days for duty in new.obligations}
    return all(
        within_days.get((duty.action, duty.trigger, duty.evidence), duty.days + 1) <= duty.days
        for duty in old.obligations
    )


FACETS: tuple[tuple[str, Callable[[Use, Use], bool], Words], ...] = (
    ("use", _same("id"), Words("C'est un autre usage.", "It is another use.")),
    (
        "actor",
        lambda new, old: new.actor is Actor.INSIDE or old.actor is Actor.RECIPIENT,
        Words("Les données sortent du cockpit.", "The data leaves the cockpit."),
    ),
    ("purpose", _subset("purposes"), Words("Une finalité s'ajoute.", "There is one more purpose.")),
    (
        "operation",
        _subset("operations"),
        Words("Le service fait plus avec les données.", "More is done with the data."),
    ),
    (
        "period",
        _at_most("max_period_months"),
        Words("Les données demandées remontent plus loin.", "Data reaches further back."),
    ),
    (
        "duration",
        _at_most("max_duration_months"),
        Words("L'accès peut durer plus longtemps.", "The access may last longer."),
    ),
    (
        "retention",
        _at_most("max_retention_months"),
        Words("Les données sont gardées plus longtemps.", "Data is kept longer."),
    ),
    (
        "frequency",
        _at_most("max_per_day"),
        Words("Les lectures peuvent être plus fréquentes.", "Readings may be more frequent."),
    ),
    (
        "access",
        _subset("access"),
        Words("Le service peut lire d'une autre façon.", "The service may read in another way."),
    ),
    (
        "mode",
        lambda new, old: new.consent_mode in _MODES[old.consent_mode],
        Words("Le service peut faire plus que consulter.", "The service may do more than look."),
    ),
    (
        "end_action",
        lambda new, old: new.end_action in {EndAction.ERASE, old.end_action},
        Words("Les données ne sont plus effacées à la fin.", "Data is no longer erased at the end."),
    ),
    (
        "place",
        lambda new, old: within(new.places, old.places),
        Words("Les données sont gardées dans un autre pays.", "Data is kept in another country."),
    ),
    ("onward", _subset("onward_to"), Words("D'autres peuvent recevoir les données.", "Others may receive the data.")),
    (
        "automation",
        lambda new, old: new.automation.weight <= old.automation.weight,
        Words("Une machine prend plus de part à la décision.", "A machine takes more part in the decision."),
    ),
    ("obligation", _duties_kept, Words("Le service a moins d'obligations.", "The service has fewer duties.")),
    ("legal_basis", _same("legal_basis"), Words("La base légale change.", "The legal basis changes.")),
    (
        "special",
        lambda new, old: new.special_basis in {"", old.special_basis},
        Words("La base pour les données sensibles change.", "The basis for sensitive data changes."),
    ),
    (
        "joint",
        lambda new, old: new.joint or not old.joint,
        Words("L'accord des autres adultes n'est plus demandé.", "Other adults are no longer asked."),
    ),
    ("jurisdiction", _same("jurisdiction"), Words("Un autre droit s'applique.", "Another law applies.")),
    ("authority", _same("authority"), Words("L'autorité de contrôle change.", "The supervisory authority changes.")),
)
"""For each facet, whether the new version stays within the old one, and how to say that it does not."""


def _broader_input(new: UseInput, use: Use) -> Iterator[Broadening]:
    old = next((part for part in use.inputs if part.kind == new.kind), None)
    if old is None:
        yield Broadening(f"kind:{new.kind}", Words("Un type de données s'ajoute.", "There is one more kind of data."))
        return
    if not set(new.fields) <= set(old.fields):
        yield Broadening(f"field:{new.kind}", Words("Des détails s'ajoutent.", "There are more details."))
    if new.grain.coarseness < old.grain.coarseness:
        yield Broadening(f"grain:{new.kind}", Words("Les données sont plus fines.", "The data is finer."))
    if new.required and not old.required:
        yield Broadening(
            f"required:{new.kind}",
            Words("Une donnée facultative devient obligatoire.", "Data that was optional becomes required."),
        )
    if new.source.strictness < old.source.strictness:
        yield Broadening(
            f"source:{new.kind}", Words("Des données moins sûres sont acceptées.", "Less certain data is accepted.")
        )
