"""A new version of a use needs a new consent exactly when it asks more: each facet alone, and the laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent.clauses import narrows
from cockpit.consent.refinement import FACETS, broader, refines
from cockpit.consent.request import Ask, OverAsking, clause_for
from cockpit.domain.consent import AccessMode
from cockpit.domain.ids import Kind
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import (
    Actor,
    Automation,
    ConsentMode,
    EndAction,
    Grain,
    Obligation,
    Source,
    Use,
    UseInput,
    Words,
)
from tests.consent.worlds import ASK, INVOICE, NOW, REGISTRY, SERIES, SERVICE, USE

WHY = Words("Pour voir.", "To see.")
ONCE, RECURRING = AccessMode.ONCE, AccessMode.RECURRING
ERASE = Obligation("erase", "withdrawal", 10, "statement")
BASE = replace(
    USE,
    inputs=(
        UseInput(SERIES, ("start", "values"), Grain.DAY, True, WHY, Source.OBSERVED),
        UseInput(INVOICE, ("total",), Grain.RAW, False, WHY),
    ),
    max_period_months=12,
    max_duration_months=6,
    max_retention_months=6,
    max_per_day=2,
    consent_mode=ConsentMode.VIEW,
    end_action=EndAction.ERASE,
    places=("FR",),
    onward_to=(),
    automation=Automation.ASSISTS,
    obligations=(ERASE,),
    joint=True,
    access=(ONCE,),
)


def with_input(place: int, **changes: object) -> Use:
    parts = list(BASE.inputs)
    parts[place] = replace(parts[place], **changes)  # type: ignore[arg-type]
    return replace(BASE, inputs=tuple(parts))


WIDER = [
    ("purpose", replace(BASE, purposes=(*BASE.purposes, "https://w3id.org/dpv#ScientificResearch"))),
    ("operation", replace(BASE, operations=(*BASE.operations, "https://w3id.org/dpv#Profiling"))),
    ("period", replace(BASE, max_period_months=13)),
    ("duration", replace(BASE, max_duration_months=7)),
    ("retention", replace(BASE, max_retention_months=7)),
    ("frequency", replace(BASE, max_per_day=3)),
    ("access", replace(BASE, access=(ONCE, RECURRING))),
    ("mode", replace(BASE, consent_mode=ConsentMode.STORE)),
    ("end_action", replace(BASE, end_action=EndAction.ANONYMISE)),
    ("place", replace(BASE, places=("EU",))),
    ("onward", replace(BASE, onward_to=("landlord",))),
    ("automation", replace(BASE, automation=Automation.DECIDES)),
    ("obligation", replace(BASE, obligations=())),
    ("obligation", replace(BASE, obligations=(replace(ERASE, days=11),))),
    ("special", replace(BASE, special_basis="https://w3id.org/dpv/legal/eu/gdpr#A9-2-a")),
    ("joint", replace(BASE, joint=False)),
    (f"field:{SERIES}", with_input(0, fields=("start", "values", "meter"))),
    (f"grain:{SERIES}", with_input(0, grain=Grain.RAW)),
    (f"source:{SERIES}", with_input(0, source=Source.ANY)),
    (f"required:{INVOICE}", with_input(1, required=True)),
    ("kind:tax.notice", replace(BASE, inputs=(*BASE.inputs, replace(BASE.inputs[1], kind=Kind("tax.notice"))))),
]  # fmt: skip


@pytest.mark.parametrize(("facet", "wider"), WIDER)
def test_asking_more_in_one_facet_needs_a_new_consent_and_asking_less_does_not(facet: str, wider: Use) -> None:
    assert [found.facet for found in broader(wider, BASE)] == [facet]
    assert not refines(wider, BASE)
    assert refines(BASE, wider)


@pytest.mark.parametrize(
    ("facet", "other"),
    [
        ("use", replace(BASE, id=REGISTRY.uses["energy-study-v1"].id)),
        ("legal_basis", replace(BASE, legal_basis="https://w3id.org/dpv/legal/eu/gdpr#A6-1-f")),
        ("jurisdiction", replace(BASE, jurisdiction="BE")),
        ("authority", replace(BASE, authority="APD")),
    ],
)
def test_what_can_only_be_another_needs_a_new_consent_both_ways(facet: str, other: Use) -> None:
    assert [found.facet for found in broader(other, BASE)] == [facet]
    assert [found.facet for found in broader(BASE, other)] == [facet]


def test_leaving_the_cockpit_needs_consent_and_coming_back_does_not() -> None:
    inside = replace(BASE, actor=Actor.INSIDE)
    assert [found.facet for found in broader(BASE, inside)] == ["actor"]
    assert refines(inside, BASE)


def test_words_alone_need_no_new_consent() -> None:
    assert refines(replace(BASE, version=2, title=Words("Autre", "Other")), BASE)


def test_every_facet_is_said_in_both_languages() -> None:
    assert all(words.fr and words.en and words.fr != words.en for _, _, words in FACETS)


def test_looking_is_less_than_keeping_and_asking_is_neither_more_nor_less_than_keeping() -> None:
    keep, ask = replace(BASE, consent_mode=ConsentMode.STORE), replace(BASE, consent_mode=ConsentMode.QUERY)
    stream = replace(BASE, consent_mode=ConsentMode.STREAM)
    assert not refines(keep, ask)
    assert not refines(ask, keep)
    assert refines(keep, stream)
    assert not refines(stream, keep)


def subsets(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, min_size=1).map(lambda found: tuple(sorted(found)))


def parts(kind: Kind, *fields: str) -> st.SearchStrategy[UseInput]:
    return st.builds(
        UseInput, st.just(kind), subsets(*fields), st.sampled_from(Grain), st.booleans(), st.just(WHY),
        st.sampled_from(Source),
    )  # fmt: skip


optional_duty = st.none() | st.builds(
    Obligation, st.just("erase"), st.just("withdrawal"), st.integers(1, 3), st.just("s")
)


@st.composite
def uses(draw: st.DrawFn) -> Use:
    inputs = [draw(parts(SERIES, "start", "values", "meter"))]
    if draw(st.booleans()):
        inputs.append(draw(parts(INVOICE, "total", "issue_date")))
    duty = draw(optional_duty)
    return replace(
        BASE,
        version=draw(st.integers(1, 2)),
        purposes=draw(subsets(*BASE.purposes, "https://w3id.org/dpv#ScientificResearch")),
        operations=draw(subsets(*BASE.operations)),
        inputs=tuple(inputs),
        max_period_months=draw(st.integers(12, 13)),
        max_duration_months=draw(st.integers(6, 7)),
        max_retention_months=draw(st.integers(6, 7)),
        max_per_day=draw(st.integers(1, 2)),
        consent_mode=draw(st.sampled_from(ConsentMode)),
        end_action=draw(st.sampled_from(EndAction)),
        places=draw(subsets("EU", "FR", "BE")),
        onward_to=draw(st.just(()) | subsets("landlord", "bank")),
        automation=draw(st.sampled_from(Automation)),
        obligations=() if duty is None else (duty,),
        joint=draw(st.booleans()),
        access=draw(st.sampled_from([(ONCE,), (ONCE, RECURRING), (RECURRING,)])),
    )


@st.composite
def narrowed_from(draw: st.DrawFn, use: Use) -> Use:
    """A use that takes some facets of another draw and keeps those that leave it within ``use``."""
    other, made = draw(uses()), use
    for name in draw(st.sets(st.sampled_from([*FREE]))):
        tried = replace(made, **{name: getattr(other, name)})
        made = tried if refines(tried, made) else made
    return made


FREE = (
    "version", "purposes", "operations", "inputs", "max_period_months", "max_duration_months", "max_retention_months",
    "max_per_day", "consent_mode", "end_action", "places", "onward_to", "automation", "obligations", "joint", "access",
)  # fmt: skip


def what_matters(use: Use) -> object:
    inputs = sorted((part.kind, part.fields, part.grain, part.required, part.source) for part in use.inputs)
    places = tuple(place for place in use.places if place == "EU" or "EU" not in use.places)
    return [inputs, places, *(getattr(use, name) for name in FREE[1:] if name not in {"inputs", "places"})]


@given(uses())
def test_a_use_refines_itself(use: Use) -> None:
    assert broader(use, use) == ()


@given(st.data(), uses())
def test_refining_carries_on_from_one_version_to_the_next(data: st.DataObject, oldest: Use) -> None:
    older = data.draw(narrowed_from(oldest))
    newest = data.draw(narrowed_from(older))
    assert refines(newest, oldest)


@given(st.data(), uses())
def test_two_uses_that_refine_each_other_ask_the_same(data: st.DataObject, old: Use) -> None:
    new = data.draw(narrowed_from(old))
    if refines(old, new):
        assert what_matters(new) == what_matters(old)
    else:
        assert what_matters(new) != what_matters(old)


@given(st.data(), uses())
def test_whatever_a_refined_version_allows_the_old_one_allowed(data: st.DataObject, old: Use) -> None:
    new = data.draw(narrowed_from(old))
    asked, declared = data.draw(asks(new)), as_declared(new)
    after = clause_for(asked, declared, new, "0" * 64, NOW)
    # What the old version could not do without is asked too: it allowed at least that.
    fields = {part.kind: asked.fields.get(part.kind, ()) for part in old.inputs if part.required}
    wider = replace(asked, fields={**fields, **asked.fields})
    before = clause_for(wider, both(declared, old), old, "0" * 64, NOW)
    # Fewer purposes, less done with the data and its end are compared by refinement; a person's choice never is.
    same = {"use_version": old.version, "purposes": old.purposes, "consent_mode": old.consent_mode}
    assert set(after.purposes) <= set(before.purposes)
    assert narrows(replace(after, **same, end_action=old.end_action), before)  # type: ignore[arg-type]


def as_declared(use: Use) -> Service:
    fields = {part.kind: part.fields for part in use.inputs}
    made = DeclaredUse(use.id, use.version, fields, use.max_retention_months, use.places, use.onward_to, use.automation)
    return replace(SERVICE, uses=(made,))


def both(service: Service, old: Use) -> Service:
    """The same declaration under the old version, with the kinds that only the old one had."""
    (made,) = service.uses
    fields = {**{part.kind: part.fields for part in old.inputs}, **made.fields}
    return replace(service, uses=(replace(made, version=old.version, fields=fields),))


@st.composite
def asks(draw: st.DrawFn, use: Use) -> Ask:
    kinds = [part.kind for part in use.inputs if part.required or draw(st.booleans())] or [use.inputs[0].kind]
    return replace(
        ASK,
        fields=dict.fromkeys(kinds, ()),
        data_from="2025-11-23",
        mode=draw(st.sampled_from(use.access)),
        max_per_day=draw(st.integers(1, use.max_per_day)),
        retention_months=use.max_retention_months,
        optional=frozenset(),
    )


def test_a_use_that_runs_inside_is_not_for_services() -> None:
    inside = REGISTRY.uses["my-energy-v1"]
    with pytest.raises(OverAsking) as refusal:
        clause_for(ASK, as_declared(inside), inside, REGISTRY.use_sha256(inside), NOW)
    assert refusal.value.reason == "use_not_for_services"


def test_a_use_for_one_reading_refuses_a_service_that_would_come_back() -> None:
    with pytest.raises(OverAsking) as refusal:
        clause_for(replace(ASK, fields={SERIES: ()}, max_per_day=1), as_declared(BASE), BASE, "0" * 64, NOW)
    assert refusal.value.reason == "access_not_allowed"
