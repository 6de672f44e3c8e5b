"""The decision: deny by default, one named reason, never more than the clause, and nothing that policies could add."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.consent.cedar.expressions import Question
from cockpit.consent.cedar.policies import Verdict
from cockpit.consent.clauses import narrows
from cockpit.consent.engine import decide, select
from cockpit.consent.facts import ReadRequest, candidate, recipient
from cockpit.consent.narrowing import BadChoice, Narrowing, narrowed
from cockpit.consent.policy_set import PolicySet, policy_set
from cockpit.consent.standing import (
    KeepIn,
    NeverAutomated,
    NeverPassOn,
    NeverShare,
    QuietHours,
    StandingRule,
    TellAbove,
)
from cockpit.domain.consent import Clause, ConsentStatus
from cockpit.domain.decision import REASONS, Allowed, Facet, Reason, Refused
from cockpit.domain.ids import ConsentId, Kind, ServiceId
from cockpit.domain.place import EU
from cockpit.domain.use import Automation, Grain
from tests.consent.worlds import (
    INVOICE,
    NOW,
    PERSON,
    POLICIES,
    SERIES,
    SERVICE,
    USE,
    clause,
    consent,
    ready,
    request,
    requests,
    statuses,
)

TO = recipient(SERVICE, USE.id, USE.version)


def test_a_read_within_the_clause_is_allowed_with_its_obligations_and_its_grounds() -> None:
    decision = decide(POLICIES, request(id="r1"), [ready()])
    assert isinstance(decision, Allowed)
    assert decision.allowed.fields == ("interval", "start", "unit", "values")
    assert decision.obligations == ("delete-after P6M", "no-onward-transfer")
    grounds = decision.grounds
    assert (grounds.policies, grounds.facets) == (("permit-by-consent",), ())
    assert (grounds.use, grounds.consent) == ("energy-advice@1", f"{'1' * 32}@1")
    assert (grounds.policy_set, grounds.request, grounds.at) == (POLICIES.sha256, "r1", "2026-11-23T09:30:00Z")
    assert grounds.reasons[0].fr == "Votre accord couvre cette lecture."


def test_what_may_be_passed_on_is_an_obligation_too() -> None:
    passing = clause(onward=("insurer", "landlord"))
    decision = decide(POLICIES, request(), [ready(consent(passing))])
    assert isinstance(decision, Allowed)
    assert decision.obligations[1] == "onward-transfer-only insurer landlord"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (request(now="2027-05-01T00:00:00Z"), Reason.EXPIRED),
        (request(service=ServiceId("c_other")), Reason.OTHER_SERVICE),
        (request(kind=Kind("bank.transaction")), Reason.NOT_DECLARED),
        (request(fields=("meter",)), Reason.FIELD_NOT_COVERED),
        (request(data_from="2025-11-22"), Reason.OUTSIDE_PERIOD),
        (request(data_until="2026-11-23"), Reason.OUTSIDE_PERIOD),
        (request(data_from="2026-02-01", data_until="2026-01-01"), Reason.OUTSIDE_PERIOD),
        (request(reads_spent=4), Reason.QUOTA_SPENT),
        (request(data_from="20260101"), Reason.UNDECIDABLE),
        (request(now="yesterday"), Reason.UNDECIDABLE),
    ],
)
def test_each_excess_is_refused_for_its_own_reason(asked: ReadRequest, reason: Reason) -> None:
    decision = decide(POLICIES, asked, [ready()])
    assert isinstance(decision, Refused)
    assert decision.reason is reason


def test_no_consent_no_read() -> None:
    decision = decide(POLICIES, request(), [])
    assert isinstance(decision, Refused)
    assert (decision.reason, decision.consent, decision.grounds.policies) == (Reason.NO_CONSENT, None, ())


def test_a_finer_grain_than_given_is_refused() -> None:
    given_by_month = narrowed(clause(), Narrowing(3, grains={SERIES: Grain.MONTH}), NOW)
    decision = decide(POLICIES, request(grain=Grain.DAY), [ready(consent(given_by_month))])
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.TOO_FINE


def test_of_several_consents_the_one_that_allows_decides() -> None:
    paused = ready(consent(status=ConsentStatus.PAUSED))
    other = ready(replace(consent(), id=ConsentId("2" * 32)))
    for candidates in ([paused, other], [other, paused]):
        decision = decide(POLICIES, request(), candidates)
        assert isinstance(decision, Allowed)
        assert decision.consent == "2" * 32


def test_of_several_consents_that_refuse_the_nearest_is_reported() -> None:
    far = ready(consent(clause(data_from="2026-11-01", max_per_day=1), ConsentStatus.PAUSED))
    near = ready(replace(consent(clause(max_per_day=1)), id=ConsentId("2" * 32)))
    asked = request(reads_spent=1, data_from="2026-01-01")
    for candidates in ([far, near], [near, far]):
        decision = decide(POLICIES, asked, candidates)
        assert isinstance(decision, Refused)
        assert (decision.consent, decision.grounds.facets) == ("2" * 32, (Facet.FREQUENCY,))


def test_a_consent_about_another_kind_is_reported_only_when_there_is_no_other() -> None:
    series_only = ready(replace(consent(narrowed(clause(), Narrowing(3), NOW)), id=ConsentId("2" * 32)))
    both_but_paused = ready(consent(status=ConsentStatus.PAUSED))
    decision = decide(POLICIES, request(kind=INVOICE, reads_spent=9), [series_only, both_but_paused])
    assert isinstance(decision, Refused)
    assert decision.consent == "1" * 32


def test_candidates_are_selected_by_person_and_recipient() -> None:
    held = {(PERSON, SERVICE.id): (ready(),)}
    assert select(held, request()) == (ready(),)
    assert select(held, request(service=ServiceId("c_other"))) == ()


def test_every_facet_has_one_reason() -> None:
    assert set(REASONS) == set(Facet)


class Contrary:
    """A second engine that never agrees."""

    def agrees(self, asked: Question, verdict: Verdict) -> bool:
        return False


def test_two_engines_that_disagree_deny() -> None:
    decision = decide(POLICIES, request(), [ready()], shadow=Contrary())
    assert isinstance(decision, Refused)
    assert (decision.reason, decision.disagreement) == (Reason.UNDECIDABLE, True)


def with_policies(kept: set[str]) -> PolicySet:
    """The shipped policies without those that are not kept."""
    exported = POLICIES.exported
    static = {name: policy for name, policy in exported["staticPolicies"].items() if name in kept}
    return policy_set({**exported, "staticPolicies": static}, POLICIES.entities, [], b"mutated")


NAMES = sorted(POLICIES.words)
PERMIT_ALL = with_policies({"permit-by-consent"})


def permit_everything() -> PolicySet:
    """Someone's worst policy set: everything is permitted, nothing forbidden."""
    annotations = {"id": "all", "reason_fr": "tout", "reason_en": "all", "article": "none", "facet": "permit"}
    scope = {"op": "All"}
    policy = {"effect": "permit", "principal": scope, "action": scope, "resource": scope, "conditions": []}
    exported = {"staticPolicies": {"all": policy | {"annotations": annotations}}}
    return policy_set(exported, POLICIES.entities, [], b"worst")


WORST = permit_everything()


@given(requests, statuses, st.sets(st.sampled_from(NAMES)))
@settings(max_examples=60)
def test_no_change_of_the_policies_makes_a_dead_consent_live(
    asked: ReadRequest, status: ConsentStatus, kept: set[str]
) -> None:
    if not status.live:
        for policies in (POLICIES, WORST, with_policies(kept | {"permit-by-consent"})):
            assert isinstance(decide(policies, asked, [ready(consent(status=status))]), Refused)


@given(requests)
def test_whatever_the_policies_permit_is_cut_to_the_clause(asked: ReadRequest) -> None:
    terms = clause()
    for policies in (POLICIES, PERMIT_ALL, WORST):
        try:
            decision = decide(policies, asked, [ready()])
        except KeyError:
            pytest.fail("a refusal must be a value")
        if isinstance(decision, Allowed):
            part = terms.input_for(asked.kind)
            assert part is not None
            assert set(decision.allowed.fields) <= set(part.fields)
            assert decision.allowed.grain.coarseness >= part.grain.coarseness
            assert terms.data_from <= decision.data_from
            assert decision.data_until <= terms.data_until
            assert asked.now < terms.expires
            assert (asked.person, asked.service) == (PERSON, SERVICE.id)
            if policies is POLICIES:
                assert decision.data_from <= decision.data_until
                assert asked.reads_spent < terms.max_per_day
                assert set(asked.fields) <= set(part.fields)


@given(requests, st.sampled_from([name for name in NAMES if name != "permit-by-consent"]))
@settings(max_examples=60)
def test_a_policy_more_never_allows_more(asked: ReadRequest, left_out: str) -> None:
    fewer = with_policies(set(NAMES) - {left_out})
    if isinstance(decide(POLICIES, asked, [ready()]), Allowed):
        assert isinstance(decide(fewer, asked, [ready()]), Allowed)


@given(requests)
def test_without_a_permit_nothing_is_allowed(asked: ReadRequest) -> None:
    silent = with_policies(set())
    decision = decide(silent, asked, [ready()])
    assert isinstance(decision, Refused)
    assert decision.grounds.policies == ()


rules: st.SearchStrategy[StandingRule] = st.one_of(
    st.builds(
        NeverShare,
        id=st.just("never"),
        category=st.sampled_from([SERIES, INVOICE, "https://w3id.org/dpv/pd#Financial"]),
        services=st.sampled_from([(), (SERVICE.id,), ("c_other",)]),
        purposes=st.sampled_from([(), USE.purposes]),
    ),
    st.builds(KeepIn, id=st.just("keep"), places=st.sampled_from([("EU",), ("FR",), ("US",)])),
    st.builds(NeverPassOn, id=st.just("pass")),
    st.builds(NeverAutomated, id=st.just("machine")),
    st.builds(
        QuietHours,
        id=st.just("night"),
        begin=st.sampled_from(["22:00", "08:00"]),
        end=st.sampled_from(["07:00", "18:00"]),
    ),
    st.builds(TellAbove, id=st.just("tell"), reads=st.integers(0, 5)),
)


@given(requests, st.lists(rules, max_size=3), rules)
def test_a_rule_more_never_allows_more(asked: ReadRequest, some: list[StandingRule], more: StandingRule) -> None:
    with_it = decide(POLICIES, asked, [ready()], [*some, more])
    without = decide(POLICIES, asked, [ready()], some)
    if isinstance(with_it, Allowed):
        assert isinstance(without, Allowed)
        assert (with_it.allowed, with_it.data_from, with_it.data_until) == (
            without.allowed, without.data_from, without.data_until,
        )  # fmt: skip


def less(draw: st.DrawFn, terms: Clause) -> Clause:
    """Terms that give less than these in any of the ways there are."""
    inputs = []
    for part in terms.inputs:
        fields = tuple(name for name in part.fields if draw(st.booleans())) or part.fields[:1]
        coarser = [grain for grain in Grain if grain.coarseness >= part.grain.coarseness]
        inputs.append(replace(part, fields=fields, grain=draw(st.sampled_from(coarser))))
    places = draw(st.sampled_from([terms.places, ("FR",), tuple(sorted(EU))[:3]]))
    return replace(
        terms,
        inputs=tuple(part for part in inputs if draw(st.booleans())),
        data_from=max(terms.data_from, draw(st.sampled_from(["2026-03-01", "2025-01-01"]))),
        data_until=min(terms.data_until, draw(st.sampled_from(["2026-09-01", "2027-01-01"]))),
        expires=min(terms.expires, draw(st.sampled_from(["2026-12-24T00:00:00Z", "2028-01-01T00:00:00Z"]))),
        max_per_day=min(terms.max_per_day, draw(st.integers(1, 6))),
        operations=tuple(name for name in terms.operations if draw(st.booleans())),
        places=places,
        automation=draw(st.sampled_from([each for each in Automation if each.weight <= terms.automation.weight])),
    )


@given(requests, st.data())
@settings(max_examples=300)
def test_a_narrower_consent_never_allows_more(asked: ReadRequest, data: st.DataObject) -> None:
    wider = clause(places=("EU",), automation=Automation.DECIDES)
    narrower = data.draw(st.composite(lambda draw: less(draw, wider))())
    assert narrows(narrower, wider)
    decision = decide(POLICIES, asked, [candidate(consent(narrower), TO)])
    if isinstance(decision, Allowed):
        # A read that names nothing takes each clause's own terms: name the narrower one's for the wider.
        named = replace(
            asked,
            fields=decision.allowed.fields,
            grain=decision.allowed.grain,
            data_from=decision.data_from,
            data_until=decision.data_until,
        )
        wide = decide(POLICIES, named, [candidate(consent(wider), TO)])
        assert isinstance(wide, Allowed)
        assert replace(wide.allowed, required=decision.allowed.required) == decision.allowed


@given(requests, st.sampled_from([None, 1, 3]), st.sets(st.sampled_from([INVOICE])))
def test_what_a_person_narrows_on_the_screen_allows_no_more(
    asked: ReadRequest, months: int | None, kinds: set[Kind]
) -> None:
    try:
        narrower = narrowed(clause(), Narrowing(months, frozenset(kinds)), NOW)
    except BadChoice:
        return
    if isinstance(decide(POLICIES, asked, [ready(consent(narrower))]), Allowed):
        first, last = asked.data_from or narrower.data_from, asked.data_until or narrower.data_until
        assert isinstance(decide(POLICIES, replace(asked, data_from=first, data_until=last), [ready()]), Allowed)


@given(requests)
def test_the_same_question_has_the_same_answer(asked: ReadRequest) -> None:
    first, second = decide(POLICIES, asked, [ready()]), decide(POLICIES, asked, [ready()])
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


DECIDE = """
import msgspec
from tests.consent.worlds import POLICIES, ready, request
from cockpit.consent.engine import decide
asked = request(fields=("meter", "x"), reads_spent=9, data_from="2020-01-01")
print(msgspec.json.encode(decide(POLICIES, asked, [ready()])))
"""


def test_the_same_question_has_the_same_answer_in_every_process() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", DECIDE], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
