"""A decision taken apart: every policy with its verdict and reason, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cockpit.consent.cedar.expressions import Question
from cockpit.consent.engine import decide
from cockpit.consent.facts import Candidate, ReadRequest, question
from cockpit.consent.missing import missing
from cockpit.consent.policy_set import PolicySet
from cockpit.consent.standing import StandingRule, broken
from cockpit.domain.decision import Allowed, Decision, Facet
from cockpit.domain.use import Words


class Said(StrEnum):
    """What one policy says of one read."""

    PERMITS = "permits"
    FORBIDS = "forbids"
    SILENT = "silent"
    ERRS = "errs"


@dataclass(frozen=True, slots=True)
class PolicySays:
    """One policy's word. ``facet`` is None for a permit."""

    policy: str
    said: Said
    facet: Facet | None
    words: Words
    article: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision, every policy's word on the candidate it names, and what would have to be there."""

    decision: Decision
    policies: tuple[PolicySays, ...]
    missing: tuple[Words, ...]


def explain(
    policies: PolicySet,
    request: ReadRequest,
    candidates: Sequence[Candidate],
    rules: Sequence[StandingRule] = (),
    labels: Mapping[str, Words] | None = None,
) -> Explanation:
    """Decide, and say why; ``labels`` are the fields' names for people."""
    decision = decide(policies, request, candidates, rules)
    ready = next((one for one in candidates if one.consent.id == decision.consent), None)
    if ready is None:
        lines = () if isinstance(decision, Allowed) else (Words("un accord", "a consent"),)
        return Explanation(decision, (), lines)
    try:
        names = broken(rules, ready, request, policies.entities)
        says = _says(policies, question(ready, request, frozenset(names)))
    except ValueError:
        return Explanation(decision, (), (Words("une demande lisible", "a request that can be read"),))
    against = [rule for rule in rules if rule.id in names]
    return Explanation(decision, says, missing(ready, request, decision.grounds.facets, against, dict(labels or {})))


def _says(policies: PolicySet, asked: Question) -> tuple[PolicySays, ...]:
    verdict = policies.compiled.evaluate(asked)
    said = (
        dict.fromkeys(verdict.permits, Said.PERMITS)
        | dict.fromkeys(verdict.forbids, Said.FORBIDS)
        | dict.fromkeys(verdict.errors, Said.ERRS)
    )
    found = [
        PolicySays(
            policy.id,
            said.get(policy.id, Said.SILENT),
            policies.facets.get(policy.id),
            policies.words[policy.id],
            policies.articles[policy.id],
        )
        for policy in policies.compiled.policies
    ]
    order = {facet: index for index, facet in enumerate(Facet)}
    return tuple(sorted(found, key=lambda one: -1 if one.facet is None else order[one.facet]))
