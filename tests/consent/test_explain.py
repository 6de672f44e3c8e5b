"""What is missing, in both languages, and every policy's word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.consent.explain import Said, explain
from cockpit.consent.facts import ReadRequest
from cockpit.consent.missing import sentence
from cockpit.consent.standing import NeverShare, StandingRule, words_of
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.decision import Allowed, Facet
from cockpit.domain.ids import Kind
from cockpit.domain.service import Service, Standing
from cockpit.domain.use import Automation, Grain
from tests.consent.test_engine import rules
from tests.consent.worlds import POLICIES, REGISTRY, SERIES, SERVICE, clause, consent, ready, request

LABELS = REGISTRY.kinds[SERIES].fields


def test_an_allowed_read_misses_nothing() -> None:
    told = explain(POLICIES, request(), [ready()])
    assert isinstance(told.decision, Allowed)
    assert told.missing == ()
    assert {one.said for one in told.policies} == {Said.PERMITS, Said.SILENT}
    assert len(told.policies) == len(POLICIES.words)


def test_what_is_missing_is_said_in_both_languages() -> None:
    asked = request(fields=("meter",), data_from="2020-01-01", data_until="2030-01-01", reads_spent=4)
    told = explain(POLICIES, asked, [ready()], labels=LABELS)
    whole = sentence(list(told.missing))
    label = LABELS["meter"]
    assert whole.fr.startswith(f"Il manquerait : le champ « {label.fr} », ")
    assert "la période avant le 2025-11-23" in whole.fr and "la période après le 2026-11-22" in whole.fr
    assert "une lecture de plus que les 4 permises" in whole.fr
    assert f"the field “{label.en}”" in whole.en and "the period before 2025-11-23" in whole.en


def declared(**changes: object) -> Service:
    return replace(SERVICE, uses=(replace(SERVICE.uses[0], **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "status", "service", "facet", "said"),
    [
        (request(), ConsentStatus.WITHDRAWN, SERVICE, Facet.LIVE, "en cours"),
        (request(), ConsentStatus.PAUSED, SERVICE, Facet.PAUSED, "pause"),
        (request(), ConsentStatus.SUSPENDED, SERVICE, Facet.SUSPENDED, "confirmation"),
        (request(now="2027-06-01T00:00:00Z"), ConsentStatus.GIVEN, SERVICE, Facet.EXPIRED, "2027-05-01"),
        (request(service="c_x"), ConsentStatus.GIVEN, SERVICE, Facet.RECIPIENT, "ce service"),
        (request(person="b"), ConsentStatus.GIVEN, SERVICE, Facet.SUBJECT, "personne"),
        (request(kind=Kind("tax.notice")), ConsentStatus.GIVEN, SERVICE, Facet.CATEGORY, "tax.notice"),
        (request(kind=Kind("tax.notice")), ConsentStatus.GIVEN, SERVICE, Facet.DECLARATION, "tax.notice"),
        (request(purpose="urn:p"), ConsentStatus.GIVEN, SERVICE, Facet.PURPOSE, "urn:p"),
        (request(operation="urn:o"), ConsentStatus.GIVEN, SERVICE, Facet.OPERATION, "urn:o"),
        (request(), ConsentStatus.GIVEN, replace(SERVICE, standing=Standing.SUSPENDED), Facet.SERVICE, "exploitant"),
        (request(), ConsentStatus.GIVEN, declared(retention_months=9), Facet.RETENTION, "9 mois"),
        (request(), ConsentStatus.GIVEN, declared(places=("US",)), Facet.PLACE, "US"),
        (request(), ConsentStatus.GIVEN, declared(onward=("broker",)), Facet.ONWARD, "broker"),
        (request(), ConsentStatus.GIVEN, declared(automation=Automation.DECIDES), Facet.AUTOMATED, "automatisée"),
        (request(), ConsentStatus.GIVEN, declared(fields={SERIES: ("start",)}), Facet.DECLARED_FIELDS, "values"),
    ],
)
def test_each_facet_says_what_would_be_needed(
    asked: ReadRequest, status: ConsentStatus, service: Service, facet: Facet, said: str
) -> None:
    told = explain(POLICIES, asked, [ready(consent(status=status), service)])
    assert facet in told.decision.grounds.facets
    assert any(said in line.fr for line in told.missing)
    assert all(line.fr and line.en for line in told.missing)
    assert len(told.missing) >= len(told.decision.grounds.facets)


def test_a_finer_grain_a_backward_period_and_no_consent_say_so_too() -> None:
    coarse = clause(inputs=(replace(clause().inputs[0], grain=Grain.MONTH),))
    told = explain(POLICIES, request(grain=Grain.RAW), [ready(consent(coarse))])
    assert told.missing[0].en == "a consent for finer data"
    backward = explain(POLICIES, request(data_from="2026-02-01", data_until="2026-01-01"), [ready()])
    assert backward.missing[0].en == "a period that ends after its beginning"
    assert explain(POLICIES, request(), []).missing[0].fr == "un accord"
    assert explain(POLICIES, request(now="?"), [ready()]).missing[0].en == "a request that can be read"
    assert sentence([]).fr == ""


def test_a_rule_in_the_way_is_named() -> None:
    rule = NeverShare(id="never", category=SERIES)
    told = explain(POLICIES, request(), [ready()], [rule])
    assert told.missing[0].fr == "la levée de votre règle « Jamais energy.series, à personne »"


def test_every_rule_has_words_in_both_languages() -> None:
    from hypothesis import given  # noqa: PLC0415

    @given(rules)
    def each(rule: StandingRule) -> None:
        words = words_of(rule)
        assert words.fr and words.en and words.fr != words.en

    each()
