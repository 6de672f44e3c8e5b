"""The policy set: compiled policies with their facets and words, the vocabulary they look at, one hash of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cockpit.consent.cedar.expressions import Json
from cockpit.consent.cedar.policies import CedarPolicy, CompiledPolicies, compile_policies
from cockpit.consent.cedar.values import Entities, OutsideSubset
from cockpit.domain.decision import Facet
from cockpit.domain.use import Words

_ORDER = {facet.value: index for index, facet in enumerate(Facet)}


SETTLED = frozenset({"clause", "declaration"})
"""What of a question is the same object from read to read: ``facts`` makes both once, for all consents alike."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """What decides. ``exported`` is Cedar's JSON of the same policies, ``entity_json`` that of the same vocabulary.

    ``document`` holds both, and names what they were made from; ``sha256`` is its hash.
    """

    compiled: CompiledPolicies
    entities: Entities
    facets: Mapping[str, Facet]
    words: Mapping[str, Words]
    articles: Mapping[str, str]
    sha256: str
    exported: Json = field(repr=False)
    entity_json: list[Json] = field(repr=False)
    document: bytes = field(repr=False)

    def facets_of(self, policies: tuple[str, ...]) -> tuple[Facet, ...]:
        """What these policies look at, in the order of ``Facet``."""
        return tuple(sorted([self.facets[policy] for policy in policies if policy in self.facets], key=_place))

    def words_of(self, policies: tuple[str, ...]) -> tuple[Words, ...]:
        """What these policies say, in their order."""
        return tuple([self.words[policy] for policy in policies])


def policy_set(exported: Json, entities: Entities, entity_json: list[Json], document: bytes) -> PolicySet:
    """Compile. Raises ``OutsideSubset`` for what we do not evaluate, and for a policy that lacks one of its words."""
    compiled = compile_policies(exported, entities, settled=SETTLED)
    return PolicySet(
        compiled=compiled,
        entities=entities,
        facets={policy.id: _facet(policy) for policy in compiled.policies if not policy.permits},
        words={
            policy.id: Words(_said(policy, "reason_fr"), _said(policy, "reason_en")) for policy in compiled.policies
        },
        articles={policy.id: _said(policy, "article") for policy in compiled.policies},
        sha256=hashlib.sha256(document).hexdigest(),
        exported=exported,
        entity_json=entity_json,
        document=document,
    )


def _said(policy: CedarPolicy, name: str) -> str:
    text = policy.annotations.get(name, "")
    if not text:
        raise OutsideSubset(f"{policy.id}: a policy without @{name}")
    return text


def _facet(policy: CedarPolicy) -> Facet:
    name = _said(policy, "facet")
    if name not in Facet._value2member_map_:
        raise OutsideSubset(f"{policy.id}: no such facet, {name}")
    return Facet(name)


def _place(facet: Facet) -> int:
    return _ORDER[facet._value_]
