"""The policies shipped in ``cockpit_policies/cedar``, over the vocabulary of the registry; one hash of it all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from cockpit.consent.cedar.expressions import Json
from cockpit.consent.cedar.oracle import export
from cockpit.consent.cedar.values import OutsideSubset, entities_of
from cockpit.consent.facts import SPECIAL
from cockpit.consent.policy_set import PolicySet, policy_set
from cockpit.domain.errors import WeMustFix
from cockpit.domain.ids import Kind
from cockpit.registry import Registry
from cockpit.registry.vocabulary import vocabulary
from cockpit.sealing.canonical import canonical

EXPORT = "policies.json"
POLICY_SET_SCHEMA = "mesinfos-cockpit policy set v1"
_TYPES = {"pd": "Category", "purposes": "Purpose", "processing": "Operation"}


def load_policies(registry: Registry, kinds: Mapping[Kind, str] | None = None) -> PolicySet:
    """The shipped policies, compiled over the registry's vocabulary.

    ``kinds`` adds kinds that are not published, each with its category of the DPV: for trying policies. Raises
    ``WeMustFix`` when the documents cannot be compiled.
    """
    folder = _folder()
    known = {kind: sheet.dpv for kind, sheet in registry.kinds.items()} | dict(kinds or {})
    entities = vocabulary_json(known)
    texts = {
        document.name: hashlib.sha256(document.read_bytes()).hexdigest()
        for document in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if document.name.endswith((".cedar", ".cedarschema", ".json"))
    }
    try:
        exported = json.loads(folder.joinpath(EXPORT).read_text("utf-8"))
        whole = {
            "schema": POLICY_SET_SCHEMA, "policies": exported, "entities": entities, "texts": texts,
            "registry": registry.sha256,
        }  # fmt: skip
        return policy_set(exported, entities_of(entities), entities, canonical(whole))
    except (OutsideSubset, ValueError, KeyError) as error:
        raise WeMustFix(f"policies: {EXPORT} cannot be compiled: {error}") from error


def exported_text() -> str:
    """What ``policies.json`` must hold: Cedar's JSON of every policy text, validated against the schema, one set.

    Raises ``WeMustFix`` saying what Cedar, or our compiler, has against them.
    """
    folder = _folder()
    texts = [
        document.read_text("utf-8")
        for document in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if document.name.endswith(".cedar")
    ]
    try:
        exported = export("\n".join(texts), folder.joinpath("schema.cedarschema").read_text("utf-8"))
        policy_set(exported, entities_of([]), [], b"")
    except ValueError as error:
        raise WeMustFix(f"policies: {error}") from error
    return json.dumps(_by_annotation(exported), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def vocabulary_json(kinds: Mapping[Kind, str]) -> list[Json]:
    """Kinds under their categories, and categories, purposes and operations under broader ones, as Cedar's entities.

    Whatever the vocabulary marks as special stands under the special categories of GDPR art. 9.
    """
    made = [_entity(SPECIAL.type, SPECIAL.id, ())]
    for iri, term in vocabulary().items():
        kind = _TYPES[term["scheme"]]
        above = [(kind, broader) for broader in term["broader"]]
        if term["special"]:
            above.append(SPECIAL)
        if iri != SPECIAL.id:
            made.append(_entity(kind, iri, above))
    return made + [_entity("Kind", kind, [("Category", category)]) for kind, category in sorted(kinds.items())]


def _entity(type_name: str, identifier: str, above: Iterable[tuple[str, str]]) -> Json:
    parents = [{"type": kind, "id": name} for kind, name in above]
    return {"uid": {"type": type_name, "id": identifier}, "attrs": {}, "parents": parents}


def _by_annotation(exported: Json) -> Json:
    """Policies under their ``@id``: their place in the texts means nothing."""
    named = {policy["annotations"]["id"]: policy for policy in exported["staticPolicies"].values()}
    return {**exported, "staticPolicies": named}


def _folder() -> Traversable:
    return files("cockpit_policies").joinpath("cedar")
