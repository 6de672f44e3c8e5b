"""The shipped documents are whole, and what they say together holds."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest

from cockpit.domain.errors import WeMustFix
from cockpit.domain.ids import Kind
from cockpit.domain.use import Actor
from cockpit.registry import KindSheet, Registry, load_registry, registry_of
from cockpit.registry.shelf import read_shelf
from cockpit.registry.vocabulary import WIDE_PURPOSES, is_special, too_wide, vocabulary

REGISTRY: Registry = load_registry()
RECIPIENTS = [use for use in REGISTRY.uses.values() if use.actor is Actor.RECIPIENT]


def test_there_are_uses_for_many_needs_and_some_that_never_leave_the_cockpit() -> None:
    assert len(RECIPIENTS) >= 18
    inside = {use.id for use in REGISTRY.uses.values() if use.actor is Actor.INSIDE}
    assert {"my-energy", "my-budget", "my-papers-and-deadlines", "what-changed", "contradictions", "search"} <= inside


def test_the_control_by_an_administration_is_the_only_use_that_cannot_be_refused() -> None:
    assert [use.id for use in RECIPIENTS if not use.refusable] == ["entitlement-control"]


def test_special_categories_are_found_through_their_broader_terms() -> None:
    special = {"health.reimbursement", "health.vaccination", "health.disability_allowance"}
    assert {kind for kind in REGISTRY.special if kind.startswith("health.")} == special
    assert REGISTRY.special == special
    assert not is_special("https://w3id.org/dpv/pd#Insurance")


def test_every_purpose_that_stands_just_under_the_root_is_listed_with_its_reason() -> None:
    root = "https://w3id.org/dpv#Purpose"
    terms = vocabulary()
    broad = {iri for iri, term in terms.items() if root in term["broader"]}
    with_narrower = {iri for iri in broad if any(iri in term["broader"] for term in terms.values())}
    assert with_narrower <= set(WIDE_PURPOSES)
    assert all(WIDE_PURPOSES.values())
    assert too_wide("https://w3id.org/dpv/pd#Financial")
    assert too_wide("https://w3id.org/dpv#PublicPolicyMaking") is None


def test_the_hash_of_the_set_changes_with_any_document() -> None:
    shelf = read_shelf(files("cockpit_policies"))
    kind = Kind("bank.account")
    reworded: KindSheet = replace(shelf.kinds[kind], natural_key="another key")
    assert registry_of(shelf).sha256 == REGISTRY.sha256
    assert registry_of(replace(shelf, kinds={**shelf.kinds, kind: reworded})).sha256 != REGISTRY.sha256


@pytest.mark.parametrize("published", [{}, {"energy-study-v1": "0" * 64}, {"gone-v1": "0" * 64}])
def test_nothing_starts_on_a_use_that_is_unpublished_changed_or_gone(published: dict[str, str]) -> None:
    shelf = read_shelf(files("cockpit_policies"))
    with pytest.raises(WeMustFix, match=r"energy-study-v1|gone-v1"):
        registry_of(replace(shelf, published=published))
