"""``authorization_details``: one object, of one type, read strictly; what is granted can be asked again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent.request import Ask, clause_for
from cockpit.domain.consent import AccessMode
from cockpit.domain.ids import Kind
from cockpit.domain.use import Grain
from cockpit.grants.details import MAX_BYTES, InvalidDetails, granted_details, parse_details
from tests.consent.worlds import ASK, NOW, REGISTRY, SERVICE, USE

API = "http://localhost:8000/api"


def detail(**changes: Any) -> dict[str, Any]:
    """One object that is accepted; a change to ``None`` leaves the member out."""
    members = {
        "type": "personal_data_access",
        "purpose": "energy-advice-v1",
        "datatypes": ["energy.series", "invoice.document"],
        "fields": {"energy.series": ["start", "values"]},
        "grains": {"energy.series": "month"},
        "optional": ["invoice.document"],
        "period": {"from": "2025-11-23", "to": "2026-11-22"},
        "access": {"mode": "once", "max_per_day": 2, "until": "2027-05-01T00:00:00Z"},
        "retention": "P6M",
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def parse(*details: dict[str, Any]) -> Ask:
    return parse_details(json.dumps(details), API).ask


def test_one_object_is_read_to_what_it_asks() -> None:
    read = parse_details(json.dumps([detail()]), API)
    assert read.reference == "energy-advice-v1"
    assert read.ask == Ask(
        fields={Kind("energy.series"): ("start", "values"), Kind("invoice.document"): ()},
        grains={Kind("energy.series"): Grain.MONTH},
        optional=frozenset({Kind("invoice.document")}),
        data_from="2025-11-23",
        data_until="2026-11-22",
        mode=AccessMode.ONCE,
        max_per_day=2,
        until="2027-05-01T00:00:00Z",
        retention_months=6,
    )


def test_what_may_be_left_out_has_the_meaning_the_reference_gives() -> None:
    ask = parse(detail(fields=None, grains=None, optional=None, access={"until": "2027-05-01T00:00:00Z"}))
    assert set(ask.fields.values()) == {()}
    assert (ask.grains, ask.optional, ask.mode, ask.max_per_day) == ({}, frozenset(), AccessMode.RECURRING, 1)


def test_the_members_of_rfc_9396_may_say_what_is_so() -> None:
    assert parse(detail(actions=["read"], locations=[API], necessity="required", consent_ref="x")) == parse(detail())


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"type": "payment_initiation"}, "type"),
    ({"type": None}, "type"),
    ({"purpose": None}, "purpose"),
    ({"datatypes": None}, "datatypes"),
    ({"datatypes": "energy.series"}, "datatypes"),
    ({"datatypes": ["energy.series", "energy.series"]}, "datatypes"),
    ({"datatypes": [f"kind.{n}" for n in range(65)], "fields": None, "grains": None, "optional": None}, "datatypes"),
    ({"fields": {"bank.transaction": ["amount"]}}, "fields"),
    ({"fields": {"energy.series": []}}, "fields"),
    ({"fields": {"energy.series": ["start", "start"]}}, "fields"),
    ({"fields": {"energy.series": [f"f{n}" for n in range(65)]}}, "fields"),
    ({"fields": {"energy.series": "start"}}, "fields"),
    ({"grains": {"bank.transaction": "month"}}, "grains"),
    ({"grains": {"energy.series": "year"}}, "grains"),
    ({"optional": ["bank.transaction"]}, "optional"),
    ({"actions": ["read", "write"]}, "actions"),
    ({"locations": ["https://elsewhere.example/api"]}, "locations"),
    ({"necessity": "optional"}, "necessity"),
    ({"period": {"from": "2025-11-23"}}, "to"),
    ({"period": {"from": "2025-02-30", "to": "2026-11-22"}}, "period.from"),
    ({"period": {"from": "2025-11-23", "to": "20261122"}}, "period.to"),
    ({"period": {"from": "2025-W01-1", "to": "2026-11-22"}}, "period.from"),
    ({"period": {"from": "２０２５-11-23", "to": "2026-11-22"}}, "period.from"),
    ({"period": {"from": "2025-11-23T00:00:00Z", "to": "2026-11-22"}}, "period.from"),
    ({"period": {"from": "2025-11-23", "to": "2026-11-22", "zone": "UTC"}}, "zone"),
    ({"access": {"mode": "once"}}, "until"),
    ({"access": {"until": "2027-05-01"}}, "access.until"),
    ({"access": {"until": "2027-05-01T00:00:00+02:00"}}, "access.until"),
    ({"access": {"until": "2027-05-01T0:00:00Z"}}, "access.until"),
    ({"access": {"until": "2027-05-01T00:00:00Z", "mode": "always"}}, "mode"),
    ({"access": {"until": "2027-05-01T00:00:00Z", "max_per_day": "4"}}, "max_per_day"),
    ({"retention": "P6Y"}, "retention"),
    ({"retention": "P0M"}, "retention"),
    ({"retention": "P1000M"}, "retention"),
    ({"retention": "6"}, "retention"),
    ({"retention": 6}, "retention"),
    ({"scope": "openid"}, "scope"),
]


@pytest.mark.parametrize(("changes", "named"), REFUSED)
def test_each_wrong_member_is_refused_and_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidDetails) as refusal:
        parse(detail(**changes))
    assert refusal.value.reason == "invalid_authorization_details"
    assert named in str(refusal.value)


@pytest.mark.parametrize("count", [0, 2, 8])
def test_there_is_exactly_one_object_and_the_refusal_says_so(count: int) -> None:
    with pytest.raises(InvalidDetails, match="exactly one object"):
        parse(*[detail()] * count)


@pytest.mark.parametrize(
    "text",
    ["", "[", "{}", "null", "[[]]", "[" * MAX_BYTES, "[null]", '"x"', "[{}] []", "\ud800", '["\\ud800"]', "[{}]\x00"],
)
def test_what_is_no_such_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidDetails):
        parse_details(text, API)


def test_a_text_of_more_than_16_kib_is_not_even_read() -> None:
    padded = json.dumps([detail()]) + " " * MAX_BYTES
    with pytest.raises(InvalidDetails, match="16 KiB"):
        parse_details(padded, API)
    exact = json.dumps([detail()])
    assert parse_details(exact + " " * (MAX_BYTES - len(exact)), API).ask == parse(detail())


days = st.dates().map(lambda day: day.isoformat())
kinds = st.sampled_from(["energy.series", "invoice.document", "bank.transaction"]).map(Kind)
names = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4, unique=True).map(tuple)


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    asked = draw(st.dictionaries(kinds, names, min_size=1))
    return Ask(
        fields=asked,
        grains={kind: draw(st.sampled_from(Grain)) for kind in asked},
        optional=frozenset(kind for kind in asked if draw(st.booleans())),
        data_from=draw(days),
        data_until=draw(days),
        mode=draw(st.sampled_from(AccessMode)),
        max_per_day=draw(st.integers(0, 10**20)),
        until=draw(st.datetimes().map(lambda at: f"{at:%H:%M:%S}")).join(["2027-01-01T", "Z"]),
        retention_months=draw(st.integers(1, 999)),
    )


def written(ask: Ask) -> dict[str, Any]:
    return {
        "type": "personal_data_access",
        "purpose": "energy-advice-v1",
        "datatypes": list(ask.fields),
        "fields": {kind: list(fields) for kind, fields in ask.fields.items()},
        "grains": ask.grains,
        "optional": sorted(ask.optional),
        "period": {"from": ask.data_from, "to": ask.data_until},
        "access": {"mode": ask.mode, "max_per_day": ask.max_per_day, "until": ask.until},
        "retention": f"P{ask.retention_months}M",
    }


@given(asks())
def test_every_ask_that_is_written_down_is_read_back(ask: Ask) -> None:
    assert parse(written(ask)) == ask


@given(st.sampled_from([Grain.RAW, Grain.DAY, Grain.MONTH]), st.sampled_from(AccessMode), st.integers(1, 4))
def test_what_was_granted_could_have_been_asked(grain: Grain, mode: AccessMode, max_per_day: int) -> None:
    ask = replace(ASK, grains={Kind("energy.series"): grain}, mode=mode, max_per_day=max_per_day)
    clause = clause_for(ask, SERVICE, USE, REGISTRY.use_sha256(USE), NOW)
    (granted,) = granted_details(clause, "c0ffee", API)
    assert (granted["consent_id"], granted["expires_at"]) == ("c0ffee", clause.expires)
    assert granted["recipients"] == [SERVICE.id]
    again = {name: value for name, value in granted.items() if name not in {"consent_id", "expires_at", "recipients"}}
    read = parse_details(json.dumps([{**again, "optional": ["invoice.document"]}]), API)
    assert clause_for(read.ask, SERVICE, USE, REGISTRY.use_sha256(USE), NOW) == clause


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(detail())), json_values)
def test_whatever_stands_in_a_member_the_answer_is_an_ask_or_a_refusal(member: str, value: Any) -> None:
    try:
        read = parse(detail(**{member: value}))
    except InvalidDetails:
        return
    assert read.retention_months >= 1


@given(st.text(max_size=200))
def test_no_text_of_chance_is_an_ask(text: str) -> None:
    with pytest.raises(InvalidDetails):
        parse_details(text, API)
