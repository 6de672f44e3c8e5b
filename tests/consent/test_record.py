"""The record and the screen come from one clause; it prints and reads to itself, and narrowing adds nothing to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent.clauses import clause_sha256
from cockpit.consent.narrowing import DURATIONS_MONTHS, Narrowing, narrowed
from cockpit.consent.notice import render
from cockpit.consent.record.build import clause_of, last_version, record_of, short_record
from cockpit.consent.record.form import record_bytes, record_from_bytes, record_from_json, record_sha256, record_to_json
from cockpit.domain.consent import AccessMode, Clause, ClauseInput, ConsentStatus
from cockpit.domain.consent_record import Actor, ActorRole, Authentication, ConsentRecord
from cockpit.domain.errors import Tampered, WeMustFix
from cockpit.domain.ids import Kind, ServiceId
from cockpit.domain.moment import instant
from cockpit.domain.place import within
from cockpit.domain.use import Automation, EndAction, Grain
from tests.consent.records import GIVEN, ID, KINDS, PUBLISHED, record, transition
from tests.consent.worlds import INVOICE, NOW, REGISTRY, SERIES, SERVICE, USE, clause

LETTING = replace(REGISTRY.uses["rent-application-v1"], id=USE.id)
"""The same id, and a use that passes data on."""

narrowings = st.builds(
    Narrowing,
    months=st.none() | st.sampled_from(DURATIONS_MONTHS),
    kinds=st.sampled_from([frozenset(), frozenset({INVOICE})]),
    without=st.dictionaries(
        st.just(SERIES), st.sampled_from([frozenset(), frozenset({"unit"}), frozenset({"unit", "interval"})])
    ),
    grains=st.dictionaries(st.just(SERIES), st.sampled_from([Grain.RAW, Grain.DAY, Grain.MONTH])),
    data_from=st.none() | st.sampled_from(["2025-12-01", "2026-06-01"]),
)
clauses = narrowings.map(lambda choice: narrowed(clause(), choice, NOW))
texts = st.text(max_size=12)
records = st.builds(
    lambda terms, state, language, subject, actor, authentication: record(
        terms,
        language=language,
        step=replace(GIVEN, state=state, subject=subject, actor=actor, authentication=authentication),
    ),
    clauses,
    st.sampled_from(list(ConsentStatus)),
    st.sampled_from(["fr", "en"]),
    texts,
    st.builds(Actor, st.sampled_from(list(ActorRole)), texts, texts),
    st.none()
    | st.builds(Authentication, texts, texts, st.datetimes(datetime(2020, 1, 1), timezones=st.just(UTC)).map(instant)),
)
shorts = records.map(lambda made: replace(made, terms=None))


@given(records | shorts)
def test_a_record_reads_to_itself_and_its_bytes_are_stable(made: ConsentRecord) -> None:
    data = record_bytes(made)
    assert record_from_bytes(data) == made
    assert record_bytes(record_from_bytes(data)) == data
    assert record_sha256(made) == record_sha256(record_from_json(json.loads(data)))


@given(clauses, st.sampled_from(["fr", "en"]))
def test_the_clause_and_the_screen_come_back_from_the_record(terms: Clause, language: str) -> None:
    made = record(terms, language=language)
    again = clause_of(made)
    assert again == terms
    assert made.clause_sha256 == clause_sha256(terms)
    assert made.terms is not None
    assert made.terms.notice.sha256 == render(terms, USE, SERVICE, KINDS.words, language).sha256


SHOWN: dict[str, dict[str, Any]] = {
    "inputs": {"inputs": (ClauseInput(SERIES, ("start", "values"), Grain.RAW, True),)},
    "grain": {"inputs": (ClauseInput(SERIES, ("interval", "start", "unit", "values"), Grain.DAY, True),)},
    "required": {"inputs": tuple(replace(part, required=not part.required) for part in clause().inputs)},
    "data_from": {"data_from": "2026-01-01"},
    "data_until": {"data_until": "2026-10-31"},
    "mode": {"mode": AccessMode.ONCE},
    "max_per_day": {"max_per_day": 1},
    "expires": {"expires": "2027-01-01T00:00:00Z"},
    "retention": {"retention": "P3M"},
    "end_action": {"end_action": EndAction.ANONYMISE},
    "places": {"places": ("EU",)},
    "automation": {"automation": Automation.NONE},
}


@pytest.mark.parametrize("facet", SHOWN)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_one_facet_of_the_clause_changed_changes_the_record_and_the_screen(facet: str, language: str) -> None:
    before, after = record(language=language), record(clause(**SHOWN[facet]), language=language)
    assert before.terms and after.terms
    assert before.terms.notice.sha256 != after.terms.notice.sha256
    assert replace(before.terms, notice=after.terms.notice) != after.terms


def test_who_receives_it_next_is_in_the_record_and_on_the_screen() -> None:
    fewer, more = clause(), clause(onward=("landlord",))
    before, after = record(fewer, LETTING), record(more, LETTING)
    assert before.terms and after.terms
    assert before.terms.notice.sha256 != after.terms.notice.sha256
    assert (before.terms.conditions.onward, after.terms.conditions.onward) == ((), ("landlord",))


def test_every_facet_of_a_clause_is_in_the_record() -> None:
    changes: dict[str, Any] = {
        "use_sha256": "0" * 64,
        "purposes": ("https://w3id.org/dpv#Marketing",),
        "recipients": (SERVICE.id, ServiceId("c_partner")),
        "operations": USE.operations[:1],
        "consent_mode": type(clause().consent_mode).VIEW,
        "onward": ("landlord",),
        "legal_basis": "https://w3id.org/dpv/legal/eu/gdpr#A6-1-e",
    } | {name: value for change in SHOWN.values() for name, value in change.items()}
    never = {"service", "use", "use_version", "special"}
    assert set(changes) | never == set(Clause.__dataclass_fields__)
    for name, value in changes.items():
        changed = clause(**{name: value})
        assert clause_of(record(changed)) == changed, name


def test_a_special_category_is_in_the_record_with_its_basis() -> None:
    use = replace(USE, special_basis="https://w3id.org/dpv/legal/eu/gdpr#A9-2-a")
    kinds = replace(KINDS, special=frozenset({INVOICE}))
    terms = clause(special=True)
    notice = render(terms, use, SERVICE, KINDS.words, "fr")
    made = record_of(terms, use, SERVICE, notice, GIVEN, kinds, PUBLISHED)
    assert clause_of(made) == terms
    assert made.terms and made.terms.law.bases == (USE.legal_basis, use.special_basis)
    assert [part.special for part in made.terms.categories] == [part.kind == INVOICE for part in terms.inputs]


def test_a_record_of_another_notice_is_refused() -> None:
    shown = render(clause(max_per_day=1), USE, SERVICE, KINDS.words, "fr")
    with pytest.raises(WeMustFix):
        record_of(clause(), USE, SERVICE, shown, GIVEN, KINDS, PUBLISHED)


def test_a_place_outside_the_union_is_a_transfer() -> None:
    made = record(clause(places=("EU", "FR", "US")))
    assert made.terms and made.terms.conditions.transfers == ("US",)


def test_an_id_is_a_version_7() -> None:
    with pytest.raises(WeMustFix):
        record(step=replace(GIVEN, id="6f1b2a34-0000-4000-8000-000000000001"))


def test_a_short_version_names_the_terms_and_the_version_before() -> None:
    made = record()
    short = short_record(
        transition(ConsentStatus.WITHDRAWN, last=last_version(made)), made.service, made.use, made.clause_sha256
    )
    assert (short.terms, short.version, short.id) == (None, 2, ID)
    assert (short.replaces, short.clause_sha256) == (record_sha256(made), made.clause_sha256)
    assert clause_of(short) is None


def _members(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in parts:
        yield from _members(inner, (*path, name))


@pytest.mark.parametrize("path", [p for p in _members(record_to_json(record())) if p])
def test_a_missing_or_unknown_field_is_refused(path: tuple[Any, ...]) -> None:
    value: Any = record_to_json(record())
    holder = value
    for name in path[:-1]:
        holder = holder[name]
    if isinstance(holder, dict):
        holder[f"{path[-1]}x"] = "unknown"
        with pytest.raises(Tampered):
            record_from_json(value)
        del holder[f"{path[-1]}x"]
        del holder[path[-1]]
        with pytest.raises(Tampered):
            record_from_json(value)


def test_another_schema_is_refused() -> None:
    with pytest.raises(Tampered):
        record_from_json(record_to_json(record()) | {"schema": "mesinfos-cockpit consent-record v2"})


@given(narrowings)
def test_narrowing_never_adds_to_the_record(choice: Narrowing) -> None:
    whole, less = record().terms, record(narrowed(clause(), choice, NOW)).terms
    assert whole and less
    for name in ("use", "controllers", "purposes", "obligations", "law", "withdrawal"):
        assert getattr(whole, name) == getattr(less, name), name
    assert set(less.operations) <= set(whole.operations)
    assert {party.id for party in less.recipients} <= {party.id for party in whole.recipients}
    by_kind = {part.kind: part for part in whole.categories}
    for part in less.categories:
        wider = by_kind[Kind(part.kind)]
        assert set(part.fields) <= set(wider.fields) and part.grain.coarseness >= wider.grain.coarseness
        assert wider.data_from <= part.data_from and part.data_until <= wider.data_until
        assert (part.dpv, part.special) == (wider.dpv, wider.special)
    then, now = whole.conditions, less.conditions
    assert now.until <= then.until and now.count <= then.count and now.retention == then.retention
    assert within(now.places, then.places) and set(now.onward) <= set(then.onward)
    assert set(now.transfers) <= set(then.transfers)
    assert now.automated.weight <= then.automated.weight
