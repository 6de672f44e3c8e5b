"""Our compiled subset of Cedar against Cedar: its public corpus, a hundred thousand reads, and what is refused."""

from __future__ import annotations

import json
import random
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cedarpy
import pytest

from benchmarks.policy_world import KINDS, drawn
from cockpit.consent.cedar.expressions import Question
from cockpit.consent.cedar.oracle import ONE_IN, Oracle, export
from cockpit.consent.cedar.policies import CompiledPolicies, compile_policies
from cockpit.consent.cedar.values import Entities, OutsideSubset, Record, Uid, entities_of, uid_of, value_of
from cockpit.consent.cedar.written import cedar_json
from cockpit.consent.facts import question
from cockpit.consent.standing import broken
from cockpit.policies import load_policies
from tests.consent.worlds import POLICIES, REGISTRY, ready, request

VECTORS = Path(__file__).parents[1] / "vectors" / "cedar"
Found = Counter[str]


def explicit(json_value: Any) -> Any:
    """Entities of a context as Cedar writes them out: the vectors leave that to the schema."""
    if isinstance(json_value, list):
        return [explicit(one) for one in json_value]
    if not isinstance(json_value, dict) or "__entity" in json_value or "__extn" in json_value:
        return json_value
    if set(json_value) == {"type", "id"} and all(isinstance(one, str) for one in json_value.values()):
        return {"__entity": json_value}
    return {name: explicit(one) for name, one in json_value.items()}


def compared(case: Mapping[str, Any], files: Mapping[str, str], found: Found) -> None:
    """Every request of a vector, where we evaluate its policies: decision, determining policies, errors."""
    found["vectors"] += 1
    found["requests"] += len(case["requests"])
    try:
        policies = compiled(files[case["policies"]], files[case["entities"]], files[case["schema"]])
    except OutsideSubset:
        return
    found["vectors in the subset"] += 1
    for asked in case["requests"]:
        try:
            context = value_of(explicit(asked["context"]))
        except OutsideSubset:
            continue
        who, what, which = (uid_of(asked[name]) for name in ("principal", "action", "resource"))
        verdict = policies.evaluate(Question(who, what, which, context))
        found["compared"] += 1
        assert verdict.cedar_allows == (asked["decision"] == "allow"), asked
        assert set(verdict.determining) == set(asked["reason"]), asked
        assert set(verdict.errors) == set(asked["errors"]), asked
        assert verdict.allows == (verdict.cedar_allows and not asked["errors"])
        found[asked["decision"]] += 1
        found["with errors"] += bool(asked["errors"])


def compiled(policies: str, entities: str, schema: str) -> CompiledPolicies:
    try:
        # Cedar fills in what the schema says of the entities' attributes.
        known = json.loads(str(cedarpy.Entities.from_json_str(entities, schema)))
        exported = json.loads(cedarpy.policies_to_json_str(policies))
    except ValueError as error:
        raise OutsideSubset(str(error)) from error
    return compile_policies(exported, entities_of(known), by_annotation=False)


def corpus(every: int) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """One in ``every`` vector of the public corpus, with its files by name."""
    texts: dict[str, str] = {}
    with tarfile.open(VECTORS / "corpus-tests.tar.gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                texts[member.name] = content.read().decode()
    cases = sorted(name for name in texts if name.endswith(".json") and not name.endswith(".entities.json"))
    for name in cases[::every]:
        yield json.loads(texts[name]), texts


def test_one_in_twenty_vectors_of_the_public_corpus_agree() -> None:
    found: Found = Counter()
    for case, files in corpus(20):
        compared(case, files, found)
    assert found["compared"] > 1500
    assert found["allow"] > 100
    assert found["deny"] > 100


@pytest.mark.long
def test_the_whole_public_corpus_agrees() -> None:
    found: Found = Counter()
    for case, files in corpus(1):
        compared(case, files, found)
    # docs/explanation/policies.md quotes these.
    assert (found["vectors"], found["requests"]) == (7809, 62472)
    assert found["vectors in the subset"] >= 5290
    assert found["compared"] >= 40_005


def test_the_written_examples_agree() -> None:
    found: Found = Counter()
    for path in sorted((VECTORS / "tests").rglob("*.json")):
        case = json.loads(path.read_text())
        files = {case[name]: (VECTORS / case[name]).read_text() for name in ("policies", "entities", "schema")}
        compared(case, files, found)
    assert found["vectors in the subset"] >= 10
    assert found["compared"] >= 40


def agreed(count: int, seed: int) -> Found:
    """Drawn reads, ours and Cedar's answer."""
    policies = load_policies(REGISTRY, KINDS)
    oracle, found = Oracle(policies.exported, policies.entity_json, policies.sha256), Counter[str]()
    for candidate, asked, rules in drawn(random.Random(seed), count):
        put = question(candidate, asked, frozenset(broken(rules, candidate, asked, policies.entities)))
        verdict = policies.compiled.evaluate(put)
        assert oracle.agrees(put, verdict), put
        found["allow" if verdict.allows else "deny"] += 1
        for policy in verdict.forbids:
            found[policy] += 1
    return found


def test_three_thousand_drawn_reads_agree_with_cedar() -> None:
    found = agreed(3_000, 1)
    # A comparison of nothing but refusals, or of policies that never forbid, would prove little.
    assert found["allow"] > 300
    assert all(found[policy] > 0 for policy in POLICIES.facets), found


@pytest.mark.long
def test_a_hundred_thousand_drawn_reads_agree_with_cedar() -> None:
    assert sum(agreed(100_000, 2)[name] for name in ("allow", "deny")) == 100_000


def outcome(condition: str, context: dict[str, Any]) -> tuple[bool, bool, bool]:
    """What one permit with a condition comes to: satisfied, errored, and allowed by our rule."""
    text = f"permit (principal, action, resource) when {{ {condition} }};"
    policies = compile_policies(json.loads(cedarpy.policies_to_json_str(text)), Entities(), by_annotation=False)
    asked = Question(Uid("A", "a"), Uid("Action", "b"), Uid("C", "c"), value_of(context))
    verdict = policies.evaluate(asked)
    answer = cedarpy.is_authorized(
        {"principal": 'A::"a"', "action": 'Action::"b"', "resource": 'C::"c"', "context": cedar_json(asked.context)},
        text,
        [],
    )
    assert answer.allowed == verdict.cedar_allows
    assert bool(answer.diagnostics.errors) == bool(verdict.errors)
    return bool(verdict.permits), bool(verdict.errors), verdict.allows


CONTEXT = {"one": 1, "yes": True, "no": False, "deep": {"x": 3}, "some": [1, 2], "word": "a", "words": ["a", "b"]}
CONDITIONS = [
    # Python takes True for 1, and Cedar does not.
    ("context.one == true", False, False),
    ("context.yes == 1", False, False),
    ("[1].contains(context.yes)", False, False),
    ("[context.yes].containsAll([1])", False, False),
    ("[true].containsAny([context.one])", False, False),
    ("{a: 1} == {a: context.yes}", False, False),
    ("[[1]].contains([context.yes])", False, False),
    ("[{a: 1}].contains({a: context.one})", True, False),
    ("[{a: 1}].contains({a: context.yes})", False, False),
    ("context.yes < 2", False, True),
    ("context.one && true", False, True),
    ("context.yes || context.nothing", True, False),
    ("context.nothing || context.yes", False, True),
    ("context.no && context.nothing", False, False),
    ("if context.yes then context.yes else context.nothing", True, False),
    ("context.nothing == 1", False, True),
    ("context has nothing || context.deep has x", True, False),
    ("context.deep.x == 3", True, False),
    ("context.one.x == 3", False, True),
    ("principal.x == 3", False, True),
    ("principal has x", False, False),
    ("context.some.isEmpty()", False, False),
    ("context.one.isEmpty()", False, True),
    ('principal is A && principal in [B::"b", A::"a"]', True, False),
    ("principal in [1]", False, True),
    ('principal is A in B::"b"', False, False),
    ('context.deep in A::"a"', False, True),
    ("context.some.containsAll([]) && context.some.containsAny([1, 5])", True, False),
    ("context.one", False, True),
    ("context.one != 2 && context.deep.x != context.one", True, False),
    ("context.one != 1", False, False),
    ("context.yes != 1", True, False),
    ("context.nothing != 1", False, True),
    ("context.one < context.deep.x && context.one <= 1 && context.deep.x > 2 && context.deep.x >= 3", True, False),
    ("context.one < 1", False, False),
    ("context.one > 1", False, False),
    ("context.deep.x <= 2", False, False),
    ("context.one >= 2", False, False),
    ("2 < context.word", False, True),
    ("context.word < 2", False, True),
    ("context.word >= context.word", False, True),
    ("[context.one, 5].contains(1) && [context.one, 5].contains(5)", True, False),
    ("[context.one, 5].contains(context.nothing)", False, True),
    ("[context.nothing].contains(1)", False, True),
    ('context.words.contains("a") && context.words.contains(context.word)', True, False),
    ('context.words.contains("c")', False, False),
    ("context.words.contains(1)", False, False),
    ("context.word.contains(1)", False, True),
    ('context.words.containsAll(["a"]) && context.words.containsAll(["b", "a"])', True, False),
    ('context.words.containsAll(["a", "c"])', False, False),
    ('["a"].containsAll(context.words)', False, False),
    ("context.some.containsAll([2, 1]) && !context.some.containsAll([3])", True, False),
    ('context.some.containsAll([true]) || context.some.containsAll(["1"])', False, False),
    ('context.words.containsAll([1, "a"])', False, False),
    ("context.word.containsAll([1])", False, True),
    ("context.some.containsAll(context.one)", False, True),
    ("context.one.containsAny([1])", False, True),
    ("[1].containsAny(context.one)", False, True),
    ('context.words.containsAny(["c", "b"])', True, False),
    ('context.words.containsAny(["c"])', False, False),
    ("context.some == [2, 1, 2]", True, False),
    ("context.some == [1]", False, False),
    ("context.deep == {x: 3}", True, False),
    ("context.deep == {x: 4}", False, False),
    ('context.word == "a" && context.word != "b"', True, False),
    ("context has one && !(context has nothing)", True, False),
    ("context.deep has y", False, False),
    ("context.one has x", False, True),
    ("context.word.x == 1", False, True),
    ("!context.yes || context.no", False, False),
    ("!context.one", False, True),
    ("(if context.no then context.nothing else context.word) == context.word", True, False),
    ("(if context.one then 1 else 2) == 1", False, True),
    ('principal == A::"a" && principal != A::"b" && resource != A::"a"', True, False),
    ('principal in A::"a" && !(principal in A::"b")', True, False),
    ("principal is B", False, False),
    ("context.one is A", False, True),
    ('principal is A in A::"a"', True, False),
    ('resource is A in C::"c"', False, False),
    ('[principal, A::"z"].contains(A::"a")', True, False),
]
"""Conditions on that context, whether each is satisfied, and whether it has no value."""


@pytest.mark.parametrize(("condition", "satisfied", "errs"), CONDITIONS)
def test_each_operator_is_cedars(condition: str, satisfied: bool, errs: bool) -> None:
    assert outcome(condition, CONTEXT) == (satisfied, errs, satisfied)


def test_a_forbid_that_errs_is_skipped_by_cedar_and_denies_with_us() -> None:
    text = "permit (principal, action, resource); forbid (principal, action, resource) when { context.x };"
    policies = compile_policies(json.loads(cedarpy.policies_to_json_str(text)), Entities(), by_annotation=False)
    verdict = policies.evaluate(Question(Uid("A", "a"), Uid("Action", "b"), Uid("C", "c"), {}))
    assert (verdict.cedar_allows, verdict.allows) == (True, False)


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        ("context.a + 1 == 2", r"the operator \+"),
        ('context.a like "x*"', "the operator like"),
        ("context.a.greaterThan(context.b)", "the operator greaterThan"),
        ('ip("127.0.0.1").isLoopback()', "the operator isLoopback"),
        ('principal.hasTag("x")', "the operator hasTag"),
        ("-context.a == 2", "the operator neg"),
    ],
)
def test_what_is_outside_the_subset_is_refused_by_name(condition: str, named: str) -> None:
    text = f'@id("mine") permit (principal, action, resource) when {{ {condition} }};'
    with pytest.raises(OutsideSubset, match=f"mine: {named}"):
        compile_policies(json.loads(cedarpy.policies_to_json_str(text)), Entities())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("permit (principal, action, resource);", "without @id"),
        ('@id("a") permit (principal, action, resource); @id("a") forbid (principal, action, resource);', "one @id"),
        ('@id("a") permit (principal == ?principal, action, resource);', "templates"),
    ],
)
def test_policies_are_known_by_their_own_names(text: str, named: str) -> None:
    with pytest.raises(OutsideSubset, match=named):
        compile_policies(json.loads(cedarpy.policies_to_json_str(text)), Entities())


def test_nothing_of_a_policy_enters_the_text_that_python_runs() -> None:
    name = "\"] or __import__('os').abort() or [\""
    text = f"permit (principal, action, resource) when {{ context has {json.dumps(name)} }};"
    policies = compile_policies(json.loads(cedarpy.policies_to_json_str(text)), Entities(), by_annotation=False)
    asked = Question(Uid("A", "a"), Uid("Action", "b"), Uid("C", "c"), {name: 1})
    assert policies.evaluate(asked).allows


def test_text_that_does_not_fit_the_schema_is_not_exported() -> None:
    schema = "entity A; action read appliesTo { principal: A, resource: A, context: { n: Long } };"
    with pytest.raises(OutsideSubset, match="mine"):
        export('@id("mine") permit (principal, action, resource) when { context.n == "x" && context.m };', schema)


def test_one_read_in_a_hundred_and_the_first_of_each_use_are_asked_twice() -> None:
    oracle = Oracle(POLICIES.exported, POLICIES.entity_json, POLICIES.sha256)
    assert oracle.is_due("x", "energy-advice@1")
    due = sum(oracle.is_due(f"request {number}", "energy-advice@1") for number in range(20_000))
    assert 0.7 < due / 20_000 * ONE_IN < 1.3
    assert [oracle.is_due(f"{n}", "energy-advice@1") for n in range(500)] == [
        oracle.is_due(f"{n}", "energy-advice@1") for n in range(500)
    ]
    assert oracle.is_due("request 0", "energy-advice@2")


def test_the_oracle_notices_another_answer() -> None:
    oracle = Oracle(POLICIES.exported, POLICIES.entity_json, POLICIES.sha256)
    allowed = question(ready(), request())
    refused = question(ready(), request(fields=("meter",)))
    assert oracle.agrees(allowed, POLICIES.compiled.evaluate(allowed))
    assert not oracle.agrees(allowed, POLICIES.compiled.evaluate(refused))
    assert not oracle.agrees(refused, POLICIES.compiled.evaluate(allowed))


def test_what_is_settled_is_answered_once_and_each_time_the_same() -> None:
    """The kept answers are those of policies compiled without keeping any, in the same order, for every drawn read."""
    kept = load_policies(REGISTRY, KINDS)
    plain = compile_policies(kept.exported, kept.entities)
    for one, read, rules in drawn(random.Random(11), 2_000):
        asked = question(one, read, frozenset(broken(rules, one, read, kept.entities)))
        for _ in range(2):
            assert kept.compiled.evaluate(asked) == plain.evaluate(asked)


def test_a_part_that_is_another_object_is_looked_at_anew() -> None:
    text = "permit (principal, action, resource) when { context.settled.open && context.asked.fine };"
    exported = json.loads(cedarpy.policies_to_json_str(text))
    policies = compile_policies(exported, Entities(), by_annotation=False, settled=frozenset({"settled"}))
    both = compile_policies(
        json.loads(cedarpy.policies_to_json_str("permit (principal, action, resource) when { context.settled.open };")),
        Entities(), by_annotation=False, settled=frozenset({"settled"}),
    )  # fmt: skip
    for found in (policies, both):
        for wanted in (True, False, True):
            for missing in (False, True):
                settled: Record = {} if missing else {"open": wanted}
                context: Record = {"settled": settled, "asked": {"fine": True}}
                verdict = found.evaluate(Question(Uid("A", "a"), Uid("A", "b"), Uid("A", "c"), context))
                assert (bool(verdict.permits), bool(verdict.errors)) == (wanted and not missing, missing)
            no_record: Record = {"settled": "text", "asked": {"fine": True}}
            assert found.evaluate(Question(Uid("A", "a"), Uid("A", "b"), Uid("A", "c"), no_record)).errors


HEADS = [
    'principal == A::"a", action, resource',
    'principal == A::"b", action, resource',
    'principal in B::"b", action, resource',
    'principal in C::"c", action, resource',
    "principal is A, action, resource",
    "principal is B, action, resource",
    'principal is A in B::"b", action, resource',
    'principal is B in B::"b", action, resource',
    'principal is A in C::"c", action, resource',
    'principal, action == Action::"b", resource',
    'principal, action == Action::"c", resource',
    'principal, action in [Action::"c", Action::"b"], resource',
    'principal, action in [Action::"c", Action::"d"], resource',
    'principal, action in Action::"b", resource',
    'principal, action in Action::"above", resource',
    'principal, action, resource == C::"c"',
    'principal, action, resource in C::"d"',
]
"""Each form that the head of a policy may have, true and false."""
KNOWN = [
    {"uid": {"type": "A", "id": "a"}, "attrs": {}, "parents": [{"type": "B", "id": "b"}]},
    {"uid": {"type": "Action", "id": "b"}, "attrs": {}, "parents": [{"type": "Action", "id": "above"}]},
]
"""The entities that these heads are about: who asks stands below one, what is asked below another."""


@pytest.mark.parametrize("head", HEADS)
def test_each_form_of_a_policys_head_is_cedars(head: str) -> None:
    text = f"permit ({head});"
    exported = json.loads(cedarpy.policies_to_json_str(text))
    verdict = compile_policies(exported, entities_of(KNOWN), by_annotation=False).evaluate(
        Question(Uid("A", "a"), Uid("Action", "b"), Uid("C", "c"), {})
    )
    asked = {"principal": 'A::"a"', "action": 'Action::"b"', "resource": 'C::"c"', "context": {}}
    assert bool(verdict.permits) == cedarpy.is_authorized(asked, text, KNOWN).allowed
    assert not verdict.errors


def test_a_template_is_refused() -> None:
    text = "permit (principal == ?principal, action, resource);"
    exported = json.loads(cedarpy.policies_to_json_str(text))
    assert exported["templates"]
    with pytest.raises(OutsideSubset, match="templates"):
        compile_policies(exported, Entities())
    with pytest.raises(OutsideSubset, match="templates"):
        compile_policies({"staticPolicies": {}, "templateLinks": [{}]}, Entities())


def test_entities_with_tags_and_extension_values_are_refused() -> None:
    with pytest.raises(OutsideSubset, match="tags"):
        entities_of([{"uid": {"type": "A", "id": "a"}, "tags": {"x": 1}}])
    with pytest.raises(OutsideSubset, match="extension"):
        value_of({"__extn": {"fn": "ip", "arg": "127.0.0.1"}})
