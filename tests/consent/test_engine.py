"""The decision: deny by default, one named reason, and never more than the clause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent.engine import ReadRequest, decide
from cockpit.consent.narrowing import BadChoice, Narrowing, narrowed
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.decision import Allowed, Reason, Refused
from cockpit.domain.ids import Kind, ServiceId
from cockpit.domain.use import Grain
from tests.consent.worlds import INVOICE, NOW, SERIES, SERVICE, clause, consent, request, requests, statuses


def test_a_read_within_the_clause_is_allowed_with_its_obligations() -> None:
    decision = decide(request(), consent(), SERVICE)
    assert isinstance(decision, Allowed)
    assert decision.allowed.fields == ("interval", "start", "unit", "values")
    assert decision.obligations == ("delete-after P6M", "no-onward-transfer")


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
    ],
)
def test_each_excess_is_refused_for_its_own_reason(asked: ReadRequest, reason: Reason) -> None:
    decision = decide(asked, consent(), SERVICE)
    assert isinstance(decision, Refused)
    assert decision.reason is reason


def test_no_consent_no_read() -> None:
    assert decide(request(), None, SERVICE) == Refused(Reason.NO_CONSENT)


def test_a_finer_grain_than_given_is_refused() -> None:
    given_by_month = narrowed(clause(), Narrowing(3, grains={SERIES: Grain.MONTH}), NOW)
    decision = decide(request(grain=Grain.DAY), consent(given_by_month), SERVICE)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.TOO_FINE


@given(requests, statuses)
def test_only_an_active_consent_ever_allows(asked: ReadRequest, status: ConsentStatus) -> None:
    if not status.live:
        assert isinstance(decide(asked, consent(status=status), SERVICE), Refused)


@given(requests)
def test_what_is_allowed_is_within_the_clause(asked: ReadRequest) -> None:
    terms = clause()
    decision = decide(asked, consent(terms), SERVICE)
    if isinstance(decision, Allowed):
        part = terms.input_for(asked.kind)
        assert part is not None
        assert set(decision.allowed.fields) <= set(part.fields)
        assert terms.data_from <= decision.data_from <= decision.data_until <= terms.data_until
        assert decision.allowed.grain.coarseness >= part.grain.coarseness
        assert asked.now < terms.expires
        assert asked.reads_spent < terms.max_per_day


@given(
    requests,
    st.sampled_from([None, 1, 3, 6, 12]),
    st.sets(st.sampled_from([INVOICE])),
    st.sets(st.sampled_from(["start", "values", "unit"])),
    st.sampled_from(list(Grain)),
)
def test_a_narrower_consent_never_allows_more(
    asked: ReadRequest, months: int | None, kinds: set[Kind], without: set[str], grain: Grain
) -> None:
    choice = Narrowing(months, frozenset(kinds), {SERIES: frozenset(without)}, {SERIES: grain})
    try:
        narrower = narrowed(clause(), choice, NOW)
    except BadChoice:
        return
    if isinstance(decide(asked, consent(narrower), SERVICE), Allowed):
        # A read that names nothing takes each clause's own window: name the narrower one's for the wider.
        wide = request(
            service=asked.service,
            kind=asked.kind,
            fields=asked.fields,
            grain=asked.grain,
            data_from=asked.data_from or narrower.data_from,
            data_until=asked.data_until or narrower.data_until,
            now=asked.now,
            reads_spent=asked.reads_spent,
        )
        assert isinstance(decide(wide, consent(), SERVICE), Allowed)
