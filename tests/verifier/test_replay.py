"""The verifier decides every read again: with its own evaluation of the policies, on what they were asked."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import cedarpy
import pytest

from benchmarks.policy_world import KINDS, drawn
from cockpit.consent.cedar.written import cedar_json, question_json
from cockpit.consent.engine import put
from cockpit.policies import load_policies
from cockpit.sealing.canonical import canonical
from cockpit.verifier.verify import PROVED, REFUTED, Policies, Refuted, Verdict, read_policies, verify
from tests.consent.test_cedar import CONDITIONS, CONTEXT, HEADS, KNOWN
from tests.consent.worlds import REGISTRY
from tests.verifier.specimen import AUDIT, POLICY_SET, POLICY_SHA256, Specimen, reading


def lived(
    reads: list[Any] | None = None, refusals: list[Any] | None = None, more: dict[str, bytes] | None = None
) -> bytes:
    """The archive of a life with further reads and refusals in it, each an audit part and a subject part."""
    specimen = Specimen(reads=reads or [], refusals=refusals or [])
    specimen.more |= more or {}
    specimen.live()
    return specimen.taken()


def fault(archive: bytes) -> str:
    report = verify(archive)
    assert report.outcome == REFUTED
    found = {name: refusal.fault for name, refusal in report.checks if refusal}
    assert set(found) == {"decisions"}
    return found["decisions"]


TOO_MUCH = reading(0, context__asked__fields=["meter"])
REFUSAL = AUDIT | {"decision": "field-not-covered", "policies": ["forbid-fields"], "fields": ["meter"]}


def test_what_was_decided_by_the_policies_is_proved() -> None:
    knock = AUDIT | {"decision": "not-active", "policies": []}
    unasked = {name: value for name, value in reading(0).items() if name != "asked"}
    disagreement = AUDIT | {"decision": "undecidable"}
    archive = lived(
        reads=[(AUDIT, reading(5))],
        refusals=[(REFUSAL, TOO_MUCH), (knock, unasked), (disagreement, reading(0))],
    )
    assert verify(archive).outcome == PROVED, verify(archive).checks


@pytest.mark.parametrize(
    ("audit", "subject", "allowed"),
    [
        (AUDIT, TOO_MUCH, True),
        (AUDIT | {"policies": ["another"]}, reading(1), True),
        (AUDIT | {"decision": "quota-spent"}, reading(1), False),
        (REFUSAL | {"policies": []}, TOO_MUCH, False),
        (AUDIT, reading(1), False),
        (REFUSAL, TOO_MUCH, True),
    ],
    ids=["allowed against them", "by others", "refused for nothing", "by none", "said otherwise", "let through"],
)
def test_a_decision_that_the_policies_do_not_come_to_is_refuted(
    audit: dict[str, Any], subject: dict[str, Any], allowed: bool
) -> None:
    told = [(audit, subject)]
    assert fault(lived(reads=told) if allowed else lived(refusals=told)) == "decision-disagrees"


def test_a_read_that_no_policy_was_asked_about_is_refuted() -> None:
    unasked = {name: value for name, value in reading(1).items() if name != "asked"}
    assert fault(lived(reads=[(AUDIT, unasked)])) == "decision-unasked"
    assert fault(lived(refusals=[(REFUSAL, unasked)])) == "decision-unasked"


def test_only_refusals_that_come_before_the_policies_may_be_unasked_and_hide_nothing_after_them() -> None:
    unasked = {name: value for name, value in reading(1).items() if name != "asked"}
    knock, undecidable = (AUDIT | {"decision": word, "policies": []} for word in ("not-active", "undecidable"))
    for audit in (knock, undecidable):
        assert verify(lived(refusals=[(audit, unasked)])).outcome == PROVED
        assert fault(lived(reads=[(audit, unasked)])) == "decision-unasked"
    after = [(knock, unasked), (REFUSAL | {"policies": []}, TOO_MUCH)]
    assert fault(lived(refusals=after)) == "decision-disagrees"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("principal", {"type": "Service", "id": "another"}),
        ("context__asked__at", 20261123093112),
        ("context__asked__subject", {"__entity": {"type": "Person", "id": "p2"}}),
        ("context__consent__status", "renewed"),
        ("context__consent__expires", 20280523000000),
        ("context__consent__from", 20241101),
        ("context__consent__until", 20261124),
        ("context__consent__reads", 5),
        ("context__part__fields", ["meter", "start", "values"]),
        ("context__clause__recipients", [{"__entity": {"type": "Service", "id": "another"}}]),
        ("context__clause__purposes", []),
        ("context__clause__operations", [{"__entity": {"type": "Purpose", "id": "compute"}}]),
    ],
)
def test_a_question_made_to_fit_is_refuted(path: str, value: Any) -> None:
    assert fault(lived(reads=[(AUDIT, reading(1, **{path: value}))])) == "question-disagrees"


def test_more_fields_released_than_asked_or_granted_are_refuted() -> None:
    assert fault(lived(reads=[(AUDIT | {"fields": ["start"]}, reading(1))])) == "question-disagrees"


@pytest.mark.parametrize(
    ("audit", "subject", "wrong"),
    [
        (AUDIT | {"kind": "bank.account"}, reading(1), True),
        (AUDIT | {"kind": "bank.account"}, reading(1) | {"kind": "bank.account"}, True),
        (AUDIT | {"kind": "unknown"}, reading(1) | {"kind": "unknown"}, True),
        (REFUSAL | {"kind": "unknown"}, TOO_MUCH | {"kind": "unknown"}, False),
        (REFUSAL | {"kind": "unknown"}, TOO_MUCH, True),
        (REFUSAL, TOO_MUCH | {"kind": "unknown"}, True),
        (REFUSAL | {"kind": "bank.account"}, TOO_MUCH | {"kind": "bank.account"}, True),
    ],
)
def test_another_kind_told_than_decided_on_is_refuted(
    audit: dict[str, Any], subject: dict[str, Any], wrong: bool
) -> None:
    told = [(audit, subject)]
    taken = lived(reads=told) if audit["decision"] == "allowed" else lived(refusals=told)
    if wrong:
        assert fault(taken) == "question-disagrees"
    else:
        assert verify(taken).outcome == PROVED


def test_a_swapped_or_missing_policy_set_is_refuted() -> None:
    lenient = json.loads(POLICY_SET)
    del lenient["policies"]["staticPolicies"]["forbid-fields"]
    assert fault(lived(more={f"policies/{POLICY_SHA256}.json": canonical(lenient)})) == "policy-set"
    specimen = Specimen(more={})
    specimen.live()
    assert fault(specimen.taken()) == "missing"


@pytest.mark.parametrize(
    "bend",
    [
        lambda whole: whole.update(schema="another"),
        lambda whole: whole["policies"].update(templates={"x": {}}),
        lambda whole: whole["policies"]["staticPolicies"]["forbid-fields"].update(principal={"op": "like"}),
        lambda whole: whole["policies"]["staticPolicies"]["forbid-fields"]["conditions"][0].update(body={"+": {}}),
    ],
)
def test_a_policy_set_that_is_not_understood_is_refused_and_not_passed_over(bend: Any) -> None:
    whole = json.loads(POLICY_SET)
    bend(whole)
    with pytest.raises(Refuted, match="policy-form"):
        read_policies(canonical(whole)).decide(reading(1)["asked"])


def test_a_thousand_drawn_reads_are_decided_alike_by_two_programs_that_share_nothing() -> None:
    ours = load_policies(REGISTRY, KINDS)
    assert hashlib.sha256(ours.document).hexdigest() == ours.sha256
    theirs = read_policies(ours.document)
    answers = set()
    for candidate, request, rules in drawn(random.Random(5), 1_000):
        asked = put(ours, request, candidate, rules)
        verdict, again = ours.compiled.evaluate(asked), theirs.decide(question_json(asked))
        assert again == Verdict(verdict.permits, verdict.forbids, verdict.errors)
        answers.add(again)
    assert len(answers) > 50


@pytest.mark.parametrize(("condition", "satisfied", "errs"), CONDITIONS)
def test_each_operator_is_cedars(condition: str, satisfied: bool, errs: bool) -> None:
    exported = json.loads(cedarpy.policies_to_json_str(f"permit (principal, action, resource) when {{ {condition} }};"))
    found = Policies(exported, {}).decide(
        {
            "principal": {"type": "A", "id": "a"},
            "action": {"type": "Action", "id": "b"},
            "resource": {"type": "C", "id": "c"},
            "context": cedar_json(CONTEXT),
        }
    )
    assert (bool(found.permits), bool(found.errors)) == (satisfied, errs)


@pytest.mark.parametrize("head", HEADS)
def test_each_form_of_a_policys_head_is_cedars(head: str) -> None:
    text = f"permit ({head});"
    above = {("A", "a"): {("B", "b")}, ("Action", "b"): {("Action", "above")}}
    found = Policies(json.loads(cedarpy.policies_to_json_str(text)), above).decide(
        {
            "principal": {"type": "A", "id": "a"},
            "action": {"type": "Action", "id": "b"},
            "resource": {"type": "C", "id": "c"},
            "context": {},
        }
    )
    asked = {"principal": 'A::"a"', "action": 'Action::"b"', "resource": 'C::"c"', "context": {}}
    assert bool(found.permits) == cedarpy.is_authorized(asked, text, KNOWN).allowed
    assert not found.errors


def test_a_policy_that_errs_is_named() -> None:
    text = "permit (principal, action, resource); forbid (principal, action, resource) when { context.nothing };"
    found = Policies(json.loads(cedarpy.policies_to_json_str(text)), {}).decide(
        {**{name: {"type": "A", "id": "a"} for name in ("principal", "action", "resource")}, "context": {}}
    )
    assert (found.permits, found.forbids, found.errors) == (("policy0",), (), ("policy1",))
