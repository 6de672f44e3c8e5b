"""The decision on one read: policies over each candidate consent, deny by default, the nearest refusal explained.

Policies can only take away. Whatever they say, what is released lies within the clause of a consent that lives and was
given by this person to this service: ``Candidate.within_its_life``, ``_cut`` and ``_released`` hold without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cockpit.consent.cedar.expressions import Question
from cockpit.consent.cedar.policies import Verdict
from cockpit.consent.facts import COARSENESS, Candidate, ReadRequest, part_of, question
from cockpit.consent.policy_set import PolicySet
from cockpit.consent.standing import StandingRule, alerts, broken
from cockpit.domain.consent import ClauseInput
from cockpit.domain.decision import REASONS, Allowed, Decision, Facet, Grounds, Reason, Refused
from cockpit.domain.ids import PersonId, ServiceId


class Shadow(Protocol):
    """A second engine that is asked the same question."""

    def agrees(self, asked: Question, verdict: Verdict) -> bool:
        """Whether it decides alike, by the same policies."""


Held = Mapping[tuple[PersonId, ServiceId], Sequence[Candidate]]
"""Candidates by person and recipient."""


def select(held: Held, request: ReadRequest) -> Sequence[Candidate]:
    """The candidates that this person gave to this service."""
    return held.get((request.person, request.service), ())


def decide(
    policies: PolicySet,
    request: ReadRequest,
    candidates: Sequence[Candidate],
    rules: Sequence[StandingRule] = (),
    shadow: Shadow | None = None,
) -> Decision:
    """Whether this read may go on, and what it is projected to: the first candidate that allows, or the nearest.

    The candidates that cover the kind are tried first; the others only tell what is missing when none covers it.
    """
    nearest: Refused | None = None
    covering = [one for one in candidates if request.kind in one.parts] if len(candidates) > 1 else candidates
    for ready in covering or candidates:
        decision = _judged(policies, request, ready, rules, shadow)
        if isinstance(decision, Allowed):
            return decision
        if nearest is None or _distance(decision) < _distance(nearest):
            nearest = decision
    return nearest or Refused(Reason.NO_CONSENT, _grounds(policies, request, None))


def put(policies: PolicySet, request: ReadRequest, ready: Candidate, rules: Sequence[StandingRule] = ()) -> Question:
    """What policies are asked about one read under one candidate. Raises ``ValueError`` for what cannot be compared."""
    against = broken(rules, ready, request, policies.entities) if rules else ()
    return question(ready, request, frozenset(against))


def _judged(
    policies: PolicySet,
    request: ReadRequest,
    ready: Candidate,
    rules: Sequence[StandingRule],
    shadow: Shadow | None,
) -> Decision:
    try:
        asked = put(policies, request, ready, rules)
    except ValueError:  # A day, an hour or a name that is none: what cannot be compared is not allowed.
        return Refused(Reason.UNDECIDABLE, _grounds(policies, request, ready), ready.consent.id)
    verdict = policies.compiled.evaluate(asked)
    if shadow is not None and not shadow.agrees(asked, verdict):
        return Refused(Reason.UNDECIDABLE, _grounds(policies, request, ready, verdict), ready.consent.id, True)
    covered = ready.of_kind(request.kind).covered
    leaving = covered and _cut(request, covered)
    if not verdict.allows or leaving is None or not ready.within_its_life(request):
        return _refused(policies, request, ready, verdict)
    return _released(policies, request, ready, leaving, verdict, alerts(rules, request) if rules else ())


def _refused(policies: PolicySet, request: ReadRequest, ready: Candidate, verdict: Verdict) -> Refused:
    grounds = _grounds(policies, request, ready, verdict)
    if verdict.errors:
        reason = Reason.UNDECIDABLE
    elif grounds.facets:
        reason = REASONS[grounds.facets[0]]
    else:
        # Nothing forbids and nothing permits, or the policies would allow what no policy can.
        reason = Reason.NO_CONSENT if ready.within_its_life(request) else Reason.NOT_ACTIVE
    return Refused(reason, grounds, ready.consent.id)


def _cut(request: ReadRequest, covered: ClauseInput) -> ClauseInput | None:
    """The fields asked for, as coarse as asked, cut to the clause once more; None when no field is left."""
    if not request.fields and request.grain is None:
        return covered
    fields, grain = covered.fields, covered.grain
    if request.fields:
        fields = tuple([name for name in request.fields if name in fields])
    if request.grain is not None and COARSENESS[request.grain._value_] > COARSENESS[grain._value_]:
        grain = request.grain
    return part_of(covered.kind, fields, grain._value_, covered.required).covered if fields else None


def _released(
    policies: PolicySet,
    request: ReadRequest,
    ready: Candidate,
    leaving: ClauseInput,
    verdict: Verdict,
    told: tuple[str, ...],
) -> Allowed:
    """What may leave, and in which days: those asked for, cut to the clause once more."""
    clause = ready.consent.clause
    first, last = request.data_from, request.data_until
    return Allowed(
        ready.consent.id,
        leaving,
        clause.data_from if first is None or first < clause.data_from else first,
        clause.data_until if last is None or last > clause.data_until else last,
        ready.obligations,
        _grounds(policies, request, ready, verdict, told),
    )


_NOTHING = Verdict((), (), ())


def _grounds(
    policies: PolicySet,
    request: ReadRequest,
    ready: Candidate | None,
    verdict: Verdict = _NOTHING,
    told: tuple[str, ...] = (),
) -> Grounds:
    determining = verdict.determining
    return Grounds(
        determining,
        policies.facets_of(verdict.forbids) if verdict.forbids else (),
        policies.words_of(determining),
        ready.use if ready else "",
        ready.version if ready else "",
        policies.sha256,
        request.id,
        request.now,
        told,
    )


_ORDER = {facet: index for index, facet in enumerate(Facet)}


def _distance(refused: Refused) -> tuple[bool, int, int]:
    """How far a refused candidate was from allowing: by how much blocks it, then by what comes first."""
    facets = refused.grounds.facets
    return (not facets, len(facets), -_ORDER[facets[0]] if facets else 0)
