"""A request is held to the published use and to the service's own declaration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.consent.clauses import clause_from_json, clause_sha256, clause_to_json, narrows
from cockpit.consent.narrowing import BadChoice, Narrowing, narrowed
from cockpit.consent.request import Ask, OverAsking, clause_for
from cockpit.domain.consent import AccessMode
from cockpit.domain.ids import Kind
from cockpit.domain.use import Grain
from tests.consent.worlds import ASK, INVOICE, NOW, REGISTRY, SERIES, SERVICE, USE, clause


def made(ask: Ask) -> object:
    return clause_for(ask, SERVICE, USE, REGISTRY.use_sha256(USE), NOW)


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (replace(ASK, fields={}), "nothing_asked"),
        (replace(ASK, fields={INVOICE: ()}), "required_missing"),
        (replace(ASK, fields={SERIES: (), Kind("bank.transaction"): ()}), "kind_not_declared"),
        (replace(ASK, fields={SERIES: ("values", "meter")}), "field_not_declared"),
        (replace(ASK, data_from="2024-01-01"), "period_too_long"),
        (replace(ASK, data_from="2026-11-22", data_until="2026-11-01"), "period_reversed"),
        (replace(ASK, until="2026-11-23T09:30:00Z"), "already_over"),
        (replace(ASK, until="2028-01-01T00:00:00Z"), "duration_too_long"),
        (replace(ASK, retention_months=7), "retention_too_long"),
        (replace(ASK, retention_months=0), "retention_too_long"),
        (replace(ASK, max_per_day=5), "too_often"),
        (replace(ASK, max_per_day=0), "too_often"),
    ],
)
def test_asking_too_much_is_refused_with_a_code(ask: Ask, code: str) -> None:
    with pytest.raises(OverAsking) as refusal:
        made(ask)
    assert refusal.value.reason == code


def test_a_use_never_declared_is_refused() -> None:
    study = REGISTRY.uses["energy-study-v1"]
    with pytest.raises(OverAsking) as refusal:
        clause_for(ASK, SERVICE, study, REGISTRY.use_sha256(study), NOW)
    assert refusal.value.reason == "use_not_declared"


def test_a_finer_grain_than_the_use_allows_is_refused() -> None:
    study = REGISTRY.uses["energy-study-v1"]
    declared = replace(SERVICE.uses[0], use=study.id, version=1)
    with pytest.raises(OverAsking) as refusal:
        clause_for(
            replace(ASK, fields={SERIES: ()}, grains={SERIES: Grain.DAY}, max_per_day=1),
            replace(SERVICE, uses=(declared,)),
            study,
            REGISTRY.use_sha256(study),
            NOW,
        )
    assert refusal.value.reason == "too_fine"


def test_a_clause_survives_being_written_and_read() -> None:
    assert clause_from_json(clause_to_json(clause())) == clause()
    assert clause_sha256(clause()) != clause_sha256(clause(max_per_day=3))


class TestNarrowing:
    def test_optional_parts_stay_out_unless_ticked(self) -> None:
        assert [part.kind for part in narrowed(clause(), Narrowing(3), NOW).inputs] == [SERIES]
        with_invoices = narrowed(clause(), Narrowing(3, frozenset({INVOICE})), NOW)
        assert [part.kind for part in with_invoices.inputs] == [SERIES, INVOICE]

    def test_it_may_only_give_less(self) -> None:
        given = narrowed(
            clause(),
            Narrowing(1, without={SERIES: frozenset({"unit"})}, grains={SERIES: Grain.MONTH}, data_from="2026-06-01"),
            NOW,
        )
        assert narrows(given, clause())
        assert not narrows(clause(), given)

    def test_once_is_one_reading_within_a_day(self) -> None:
        given = narrowed(clause(), Narrowing(None), NOW)
        assert (given.mode, given.max_per_day, given.expires) == (AccessMode.ONCE, 1, "2026-11-24T09:30:00Z")

    @pytest.mark.parametrize(
        "choice",
        [
            Narrowing(2),
            Narrowing(3, without={SERIES: frozenset({"interval", "start", "unit", "values"})}),
            Narrowing(3, data_from="2026-12-01"),
        ],
    )
    def test_a_choice_that_cannot_be_is_said(self, choice: Narrowing) -> None:
        with pytest.raises(BadChoice):
            narrowed(clause(), choice, NOW)
