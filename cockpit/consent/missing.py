"""The counter-factual of a refusal: what would have to be there for the read to be allowed, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cockpit.consent.facts import Candidate, ReadRequest
from cockpit.consent.standing import StandingRule, words_of
from cockpit.domain.decision import Facet
from cockpit.domain.use import Words


def missing(
    ready: Candidate,
    request: ReadRequest,
    facets: Collection[Facet],
    broken: Collection[StandingRule] = (),
    labels: dict[str, Words] | None = None,
) -> tuple[Words, ...]:
    """One line for each facet that blocks, in their order: « le champ X », « la période avant le … ».

    ``labels`` are the fields' names for people; ``broken`` the person's own rules in the way.
    """
    found: list[Words] = []
    for facet in facets:
        if facet is Facet.FIELDS:
            found += _fields(ready, request, labels or {})
        elif facet is Facet.PERIOD:
            found += _period(ready, request)
        elif facet is Facet.STANDING_RULE:
            found += [_rule(words_of(rule)) for rule in broken]
        else:
            found.append(_SIMPLE[facet](ready, request))
    return tuple(found)


def sentence(lines: Collection[Words]) -> Words:
    """The whole in one sentence; empty when nothing is missing."""
    if not lines:
        return Words("", "")
    return Words(
        "Il manquerait : " + ", ".join(line.fr for line in lines) + ".",
        "What is missing: " + ", ".join(line.en for line in lines) + ".",
    )


def _rule(words: Words) -> Words:
    return Words(f"la levée de votre règle « {words.fr} »", f"that you lift your rule “{words.en}”")


def _fields(ready: Candidate, request: ReadRequest, labels: dict[str, Words]) -> list[Words]:
    covered = ready.of_kind(request.kind).facts["fields"]
    names = [labels.get(name, Words(name, name)) for name in request.fields if name not in covered]
    return [Words(f"le champ « {name.fr} »", f"the field “{name.en}”") for name in names]


def _period(ready: Candidate, request: ReadRequest) -> list[Words]:
    clause = ready.consent.clause
    first, last = request.data_from or clause.data_from, request.data_until or clause.data_until
    if first > last:
        return [Words("une période qui finit après son début", "a period that ends after its beginning")]
    found = []
    if first < clause.data_from:
        found.append(Words(f"la période avant le {clause.data_from}", f"the period before {clause.data_from}"))
    if last > clause.data_until:
        found.append(Words(f"la période après le {clause.data_until}", f"the period after {clause.data_until}"))
    return found


def _several(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "–"


def _places(ready: Candidate, request: ReadRequest) -> Words:
    places = ready.recipient.declared.places if ready.recipient.declared else ()
    beyond = _several(set(places) - ready.terms["places"])
    return Words(f"votre accord pour un autre lieu : {beyond}", f"your consent to another place: {beyond}")


def _onward(ready: Candidate, request: ReadRequest) -> Words:
    beyond = _several(set(ready.recipient.declared.onward if ready.recipient.declared else ()) - ready.terms["onward"])
    return Words(f"votre accord pour transmettre à : {beyond}", f"your consent to pass on to: {beyond}")


def _undeclared(ready: Candidate, request: ReadRequest) -> Words:
    declared = ready.recipient.of_kind(request.kind)["fields"]
    wanted = request.fields or ready.of_kind(request.kind).facts["fields"]
    beyond = _several(set(wanted) - declared)
    return Words(f"la déclaration de : {beyond}", f"a declaration of: {beyond}")


def _retention(ready: Candidate, request: ReadRequest) -> Words:
    longer = ready.recipient.declared.retention_months if ready.recipient.declared else 0
    return Words(f"votre accord pour une garde de {longer} mois", f"your consent to keeping it for {longer} months")


def _always(fr: str, en: str) -> Callable[[Candidate, ReadRequest], Words]:
    words = Words(fr, en)
    return lambda ready, request: words


_SIMPLE: dict[Facet, Callable[[Candidate, ReadRequest], Words]] = {
    Facet.LIVE: _always("un accord en cours", "a consent that is in force"),
    Facet.PAUSED: _always("la fin de la pause", "the end of the pause"),
    Facet.SUSPENDED: _always("votre confirmation de l'accord suspendu", "your confirmation of the suspended consent"),
    Facet.EXPIRED: lambda ready, request: Words(
        f"un accord qui dure au-delà du {ready.consent.clause.expires[:10]}",
        f"a consent that lasts beyond {ready.consent.clause.expires[:10]}",
    ),
    Facet.SUBJECT: _always("un accord de cette personne", "a consent of this person"),
    Facet.RECIPIENT: _always("un accord donné à ce service", "a consent given to this service"),
    Facet.SERVICE: _always("que l'exploitant ne l'arrête plus", "that the operator no longer stops it"),
    Facet.DECLARATION: lambda ready, request: Words(
        f"la déclaration de {request.kind} par le service", f"a declaration of {request.kind} by the service"
    ),
    Facet.CATEGORY: lambda ready, request: Words(f"un accord pour {request.kind}", f"a consent for {request.kind}"),
    Facet.DECLARED_FIELDS: _undeclared,
    Facet.PURPOSE: lambda ready, request: Words(
        f"un accord pour le but {request.purpose}", f"a consent for the purpose {request.purpose}"
    ),
    Facet.OPERATION: lambda ready, request: Words(
        f"un accord pour l'opération {request.operation}", f"a consent for the operation {request.operation}"
    ),
    Facet.GRAIN: lambda ready, request: Words("un accord pour plus de détail", "a consent for finer data"),
    Facet.FREQUENCY: lambda ready, request: Words(
        f"une lecture de plus que les {ready.consent.clause.max_per_day} permises",
        f"one reading more than the {ready.consent.clause.max_per_day} allowed",
    ),
    Facet.RETENTION: _retention,
    Facet.PLACE: _places,
    Facet.ONWARD: _onward,
    Facet.AUTOMATED: _always("votre accord pour une décision plus automatisée", "your consent to more automation"),
    Facet.SPECIAL: _always(
        "votre accord explicite pour des données sensibles", "your explicit consent to special data"
    ),
}
