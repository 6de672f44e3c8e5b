"""The shipped policies: one a facet, each with its words, validated by Cedar, and one hash of everything."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from importlib.resources import files

import cedarpy
import pytest

from cockpit.consent.cedar.values import OutsideSubset, Uid
from cockpit.consent.cedar.written import cedar_json
from cockpit.consent.facts import SPECIAL, question
from cockpit.consent.policy_set import policy_set
from cockpit.domain.decision import Facet
from cockpit.domain.errors import WeMustFix
from cockpit.domain.ids import Kind
from cockpit.policies import exported_text, load_policies
from tests.consent.worlds import POLICIES, REGISTRY, ready, request

FOLDER = files("cockpit_policies").joinpath("cedar")


def test_what_is_shipped_is_the_export_of_the_texts() -> None:
    shipped = FOLDER.joinpath("policies.json").read_text("utf-8")
    assert shipped == exported_text(), "run: cockpit policies compile policies/cockpit_policies/cedar"


def test_one_policy_forbids_for_each_facet_and_one_permits() -> None:
    assert sorted(POLICIES.facets.values()) == sorted(Facet)
    assert [policy.id for policy in POLICIES.compiled.policies if policy.permits] == ["permit-by-consent"]


def test_every_policy_has_its_words_and_the_article_it_serves() -> None:
    for policy in POLICIES.compiled.policies:
        words = POLICIES.words[policy.id]
        assert words.fr.endswith(".") and words.en.endswith(".") and words.fr != words.en
        assert POLICIES.articles[policy.id].startswith(("GDPR art.", "ISO/IEC TS 27560"))


def test_a_question_is_what_the_schema_says() -> None:
    asked = question(ready(), request(purpose="https://w3id.org/dpv#Marketing", operation="x"))
    answer = cedarpy.is_authorized(
        {
            "principal": {"type": "Service", "id": "c_coach"},
            "action": {"type": "Action", "id": "read"},
            "resource": {"type": "Kind", "id": "energy.series"},
            "context": cedar_json(asked.context),
        },
        cedarpy.policies_from_json_str(json.dumps(POLICIES.exported)),
        POLICIES.entity_json,
        FOLDER.joinpath("schema.cedarschema").read_text("utf-8"),
    )
    assert not answer.diagnostics.errors
    assert answer.decision is not cedarpy.Decision.NoDecision


@pytest.mark.parametrize("name", ["id", "reason_fr", "reason_en", "article", "facet"])
def test_a_policy_without_one_of_its_words_is_refused(name: str) -> None:
    exported = json.loads(json.dumps(POLICIES.exported))
    del exported["staticPolicies"]["forbid-grain"]["annotations"][name]
    with pytest.raises(OutsideSubset, match=name):
        policy_set(exported, POLICIES.entities, [], b"")


def test_a_facet_that_nobody_knows_is_refused() -> None:
    exported = json.loads(json.dumps(POLICIES.exported))
    exported["staticPolicies"]["forbid-grain"]["annotations"]["facet"] = "grains"
    with pytest.raises(OutsideSubset, match="grains"):
        policy_set(exported, POLICIES.entities, [], b"")


def test_the_hash_covers_the_registry_and_the_kinds() -> None:
    assert load_policies(REGISTRY).sha256 == POLICIES.sha256
    other = replace(REGISTRY, sha256=hashlib.sha256(b"another registry").hexdigest())
    assert load_policies(other).sha256 != POLICIES.sha256
    more = load_policies(REGISTRY, {Kind("health.visit"): "https://w3id.org/dpv/pd#MedicalHealth"})
    assert more.sha256 != POLICIES.sha256
    assert more.entities.within(Uid("Kind", "health.visit"), SPECIAL)


def test_kinds_stand_under_their_categories() -> None:
    for kind, sheet in REGISTRY.kinds.items():
        assert POLICIES.entities.within(Uid("Kind", kind), Uid("Category", sheet.dpv))
        assert POLICIES.entities.within(Uid("Kind", kind), SPECIAL) == (kind in REGISTRY.special)


def test_an_export_that_cannot_be_compiled_is_ours_to_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.policies.EXPORT", "schema.cedarschema")
    with pytest.raises(WeMustFix, match="cannot be compiled"):
        load_policies(REGISTRY)
