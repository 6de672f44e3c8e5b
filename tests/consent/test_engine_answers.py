"""The whole answer of the engine, to the letter: what leaves, on which grounds, and which refusal is reported."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.consent.cedar.expressions import Question
from cockpit.consent.cedar.policies import Verdict
from cockpit.consent.cedar.values import Uid
from cockpit.consent.engine import decide
from cockpit.consent.facts import Candidate, ReadRequest, candidate, months, question, recipient
from cockpit.consent.policy_set import policy_set
from cockpit.consent.standing import QuietHours
from cockpit.domain.consent import Clause, ClauseInput, Consent, ConsentStatus
from cockpit.domain.decision import Allowed, Facet, Reason, Refused
from cockpit.domain.ids import ConsentId, Kind, PersonId, ServiceId, UseId
from cockpit.domain.use import Automation, Grain
from tests.consent.test_engine import PERMIT_ALL, WORST
from tests.consent.worlds import INVOICE, PERSON, POLICIES, SERIES, SERVICE, clause, consent, ready, request

WHOLE = ClauseInput(SERIES, ("interval", "start", "unit", "values"), Grain.RAW, True)
VACCINE = Kind("health.vaccination")
EXPLICIT = "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a"


def allowed(asked: ReadRequest, by: Candidate | None = None) -> Allowed:
    decision = decide(POLICIES, asked, [by or ready()])
    assert isinstance(decision, Allowed), decision
    return decision


def refused(asked: ReadRequest, *candidates: Candidate) -> Refused:
    decision = decide(POLICIES, asked, candidates or [ready()])
    assert isinstance(decision, Refused), decision
    return decision


def given(status: ConsentStatus = ConsentStatus.GIVEN, number: str = "1", **changes: object) -> Candidate:
    """A consent of its own number, with these terms."""
    terms: Clause = clause(**changes)
    return ready(Consent(ConsentId(number * 32), PERSON, terms, status, 1))


@pytest.mark.parametrize(
    ("asked", "leaving"),
    [
        ({}, WHOLE),
        ({"fields": ("values", "start")}, replace(WHOLE, fields=("values", "start"))),
        ({"grain": Grain.MONTH}, replace(WHOLE, grain=Grain.MONTH)),
        ({"grain": Grain.RAW}, WHOLE),
        ({"fields": ("start",), "grain": Grain.DAY}, replace(WHOLE, fields=("start",), grain=Grain.DAY)),
    ],
)
def test_what_leaves_is_what_was_asked_of_what_was_granted(asked: dict[str, object], leaving: ClauseInput) -> None:
    assert allowed(request(**asked)).allowed == leaving


def test_an_optional_part_stays_optional() -> None:
    part = allowed(request(kind=INVOICE, fields=("total",))).allowed
    assert part == ClauseInput(INVOICE, ("total",), Grain.RAW, False)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (None, None, ("2025-11-23", "2026-11-22")),
        ("2026-01-05", None, ("2026-01-05", "2026-11-22")),
        (None, "2026-01-05", ("2025-11-23", "2026-01-05")),
        ("2025-11-23", "2026-11-22", ("2025-11-23", "2026-11-22")),
        ("2026-02-01", "2026-02-28", ("2026-02-01", "2026-02-28")),
    ],
)
def test_the_days_that_leave_are_those_that_were_asked_for(
    first: str | None, last: str | None, days: tuple[str, str]
) -> None:
    decision = allowed(request(data_from=first, data_until=last))
    assert (decision.data_from, decision.data_until) == days


def test_policies_that_permit_everything_widen_no_day() -> None:
    asked = request(data_from="2020-01-01", data_until="2030-01-01")
    decision = decide(PERMIT_ALL, asked, [ready()])
    assert isinstance(decision, Allowed)
    assert (decision.data_from, decision.data_until) == ("2025-11-23", "2026-11-22")


def test_the_last_instant_is_outside() -> None:
    end = clause().expires
    for now, reason in ((end, Reason.EXPIRED), ("2027-04-30T23:59:59Z", None)):
        decision = decide(POLICIES, request(now=now), [ready()])
        assert (decision.reason if isinstance(decision, Refused) else None) == reason
    # Whatever policies permit.
    assert isinstance(decide(PERMIT_ALL, request(now=end), [ready()]), Refused)


def test_what_policies_would_allow_beyond_a_life_is_not_active_and_beyond_a_clause_no_consent() -> None:
    over = decide(PERMIT_ALL, request(now="2030-01-01T00:00:00Z"), [ready()])
    uncovered = decide(PERMIT_ALL, request(kind=Kind("tax.notice")), [ready()])
    assert isinstance(over, Refused)
    assert isinstance(uncovered, Refused)
    assert (over.reason, uncovered.reason) == (Reason.NOT_ACTIVE, Reason.NO_CONSENT)
    nothing_left = decide(PERMIT_ALL, request(fields=("meter",)), [ready()])
    assert isinstance(nothing_left, Refused)
    assert nothing_left.reason is Reason.NO_CONSENT


def test_what_cannot_be_evaluated_is_undecidable_on_the_grounds_of_this_consent() -> None:
    for decision in (decide(WORST, request(), [ready()]), refused(request(now="at noon"))):
        if isinstance(decision, Refused):
            assert decision.reason is Reason.UNDECIDABLE
            assert decision.consent == ConsentId("1" * 32)
            assert (decision.grounds.use, decision.grounds.consent) == ("energy-advice@1", f"{'1' * 32}@1")


def test_policies_that_err_deny_as_undecidable() -> None:
    scope = {"op": "All"}
    nothing = {"kind": "when", "body": {".": {"left": {"Var": "context"}, "attr": "nothing"}}}
    policy = {"effect": "permit", "principal": scope, "action": scope, "resource": scope, "conditions": [nothing]}
    annotations = {"id": "errs", "reason_fr": "x", "reason_en": "x", "article": "none", "facet": "permit"}
    exported = {"staticPolicies": {"errs": policy | {"annotations": annotations}}}
    decision = decide(policy_set(exported, POLICIES.entities, [], b"errs"), request(), [ready()])
    assert isinstance(decision, Refused)
    assert (decision.reason, decision.disagreement) == (Reason.UNDECIDABLE, False)


def test_a_refusal_names_the_use_and_the_consent_it_was_nearest_to() -> None:
    decision = refused(request(fields=("meter",)))
    assert (decision.reason, decision.consent) == (Reason.FIELD_NOT_COVERED, ConsentId("1" * 32))
    assert (decision.grounds.use, decision.grounds.consent) == ("energy-advice@1", f"{'1' * 32}@1")
    assert decision.grounds.facets == (Facet.FIELDS, Facet.DECLARED_FIELDS)


def test_without_a_consent_there_are_no_grounds_but_the_policies() -> None:
    decision = decide(POLICIES, request(), [])
    assert isinstance(decision, Refused)
    grounds = decision.grounds
    assert (decision.reason, grounds.use, grounds.consent) == (Reason.NO_CONSENT, "", "")
    assert (grounds.policies, grounds.facets, grounds.policy_set) == ((), (), POLICIES.sha256)


class Listening:
    """A second engine that keeps what it is asked, and answers what it is told to."""

    def __init__(self, answer: bool) -> None:
        self.answer, self.heard = answer, list[tuple[Question, Verdict]]()

    def agrees(self, asked: Question, verdict: Verdict) -> bool:
        self.heard.append((asked, verdict))
        return self.answer


def test_the_second_engine_is_asked_the_same_and_denies_on_the_same_grounds() -> None:
    asked, by = request(fields=("meter",)), ready()
    agreeing, contrary = Listening(True), Listening(False)
    refusal, denial = (decide(POLICIES, asked, [by], shadow=one) for one in (agreeing, contrary))
    put = question(by, asked)
    assert agreeing.heard == contrary.heard == [(put, POLICIES.compiled.evaluate(put))]
    assert isinstance(refusal, Refused)
    assert isinstance(denial, Refused)
    assert (refusal.disagreement, denial.disagreement) == (False, True)
    assert (denial.reason, denial.consent, denial.grounds) == (Reason.UNDECIDABLE, by.consent.id, refusal.grounds)


def test_of_several_refusals_the_one_that_least_blocks_is_reported() -> None:
    narrow = replace(WHOLE, fields=("start",))
    by_field = given(number="2", inputs=(narrow,))
    by_more = given(number="3", inputs=(narrow,), data_until="2025-12-01")
    over = given(number="4", status=ConsentStatus.WITHDRAWN)
    asked = request(fields=("values",), data_until="2026-11-01")
    for order in ([by_field, by_more, over], [over, by_more, by_field], [by_more, by_field]):
        assert refused(asked, *order).consent == ConsentId("2" * 32)


def test_of_refusals_that_block_as_much_the_later_facet_is_nearer_and_the_first_of_equals_wins() -> None:
    by_field = given(number="2", inputs=(replace(WHOLE, fields=("start",)),))
    by_period = given(number="3", data_until="2025-12-01")
    asked = request(fields=("values",), data_until="2026-11-01")
    assert refused(asked, by_field).grounds.facets == (Facet.FIELDS,)
    assert refused(asked, by_period).grounds.facets == (Facet.PERIOD,)
    for order in ([by_field, by_period], [by_period, by_field]):
        assert refused(asked, *order).consent == ConsentId("3" * 32)
    same = given(number="5", inputs=(replace(WHOLE, fields=("start",)),))
    assert refused(asked, by_field, same).consent == ConsentId("2" * 32)
    assert refused(asked, same, by_field).consent == ConsentId("5" * 32)


def test_a_refusal_that_names_nothing_is_farther_than_any_that_does() -> None:
    elsewhere = given(number="2", recipients=(ServiceId("c_other"),))
    named = given(number="3", inputs=(replace(WHOLE, fields=("start",)),), data_until="2025-12-01")
    asked = request(fields=("values",), data_until="2026-11-01")
    unnamed = decide(PERMIT_ALL, asked, [elsewhere])
    assert isinstance(unnamed, Refused)
    assert unnamed.grounds.facets == ()
    assert refused(asked, elsewhere, named).grounds.facets != ()


@pytest.mark.parametrize(
    ("legal", "special", "explicit"),
    [
        ("https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", "", False),
        ("https://w3id.org/dpv/legal/eu/gdpr#A6-1-a-explicit-consent", "", True),
        ("https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", EXPLICIT, True),
        ("https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", "https://w3id.org/dpv/legal/eu/gdpr#A9-2-h", False),
        ("https://example.org/#/gdpr#A6-1-a-explicit-consent", "", True),
        ("https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", "https://example.org/#/gdpr#A9-2-a", True),
    ],
)
def test_special_categories_leave_under_explicit_consent_only(legal: str, special: str, explicit: bool) -> None:
    part = ClauseInput(VACCINE, ("date",), Grain.RAW, True)
    service = replace(SERVICE, uses=(replace(SERVICE.uses[0], fields={VACCINE: ("date",)}),))
    terms = consent(clause(legal_basis=legal, special=True, inputs=(part,)))
    by = candidate(terms, recipient(service, UseId("energy-advice"), 1), special)
    assert by.terms["explicit"] is explicit
    decision = decide(POLICIES, request(kind=VACCINE), [by])
    assert isinstance(decision, Allowed) is explicit, decision
    if isinstance(decision, Refused):
        assert decision.reason is Reason.NOT_EXPLICIT


def test_nothing_special_needs_no_explicit_consent() -> None:
    assert ready().terms["explicit"] is False
    assert allowed(request()).allowed == WHOLE


def test_others_are_named_as_what_they_are() -> None:
    asked = question(ready(), request(person=PersonId("b" * 32), service=ServiceId("c_other")))
    assert asked.principal == Uid("Service", "c_other")
    facts = asked.context["asked"]
    assert isinstance(facts, dict)
    assert facts["subject"] == Uid("Person", "b" * 32)


def test_a_service_that_declares_nothing_declares_nothing_of_any_kind() -> None:
    silent = recipient(replace(SERVICE, uses=()), UseId("energy-advice"), 1)
    for kind in (SERIES, Kind("tax.notice")):
        assert silent.of_kind(kind) == {
            "standing": SERVICE.standing.value, "declared": False, "kinds": frozenset(), "fields": frozenset(),
            "retention": 0, "places": frozenset(), "onward": frozenset(), "automation": 0,
        }  # fmt: skip
    declared = recipient(SERVICE, UseId("energy-advice"), 1)
    other = declared.of_kind(Kind("tax.notice"))
    assert (other["declared"], other["fields"], other["retention"]) == (True, frozenset(), 6)
    assert other["automation"] == Automation.ASSISTS.weight
    assert other["places"] == frozenset({"FR"})


@pytest.mark.parametrize("duration", ["6M", "P6", "P6D", "6", "", "P M", "Y6M"])
def test_what_is_no_number_of_months_is_refused(duration: str) -> None:
    assert months("P6M") == 6
    with pytest.raises(ValueError, match=r"months|invalid literal"):
        months(duration)


def test_rules_are_told_only_where_there_are_any() -> None:
    quiet = QuietHours(id="r", begin="00:00", end="23:59")
    assert question(ready(), request()).context["rules"] == frozenset()
    decision = decide(POLICIES, request(), [ready()], [quiet])
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.STANDING_RULE
    assert allowed(request()).grounds.alerts == ()
