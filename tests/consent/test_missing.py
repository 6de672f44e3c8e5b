"""What would have to be there for a refused read to be allowed: each line, and the whole sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.consent.missing import missing, sentence
from cockpit.consent.standing import NeverPassOn
from cockpit.domain.decision import Facet
from cockpit.domain.ids import UseId
from cockpit.domain.use import Words
from tests.consent.worlds import SERVICE, clause, consent, ready, request

TERMS = replace(clause(), data_from="2026-01-01", data_until="2026-10-31", places=("FR",), onward=("insurer",))
READY = ready(consent(TERMS))
(DECLARED,) = SERVICE.uses


def said(*facets: Facet, **changes: object) -> list[tuple[str, str]]:
    labels = {"meter": Words("numéro de compteur", "meter number")}
    found = missing(READY, request(**changes), facets, (NeverPassOn(id="p"),), labels)
    return [(line.fr, line.en) for line in found]


def test_each_field_is_named_by_its_label_or_by_its_name() -> None:
    assert said(Facet.FIELDS, fields=("start", "meter", "other")) == [
        ("le champ « numéro de compteur »", "the field “meter number”"),
        ("le champ « other »", "the field “other”"),
    ]


@pytest.mark.parametrize(
    ("first", "last", "lines"),
    [
        ("2026-01-01", "2026-10-31", []),
        ("2025-12-31", "2026-10-31", [("la période avant le 2026-01-01", "the period before 2026-01-01")]),
        ("2026-01-01", "2026-11-01", [("la période après le 2026-10-31", "the period after 2026-10-31")]),
        (None, None, []),
        ("2026-03-01", "2026-03-01", []),
        (
            "2026-03-02",
            "2026-03-01",
            [("une période qui finit après son début", "a period that ends after its beginning")],
        ),
    ],
)
def test_each_end_of_the_period_is_named(first: str | None, last: str | None, lines: list[tuple[str, str]]) -> None:
    assert said(Facet.PERIOD, data_from=first, data_until=last) == lines


def test_what_a_service_declares_beyond_the_consent_is_named() -> None:
    grown = replace(DECLARED, places=("US", "FR", "IN"), onward=("insurer", "broker"), retention_months=24)
    to = ready(consent(TERMS), replace(SERVICE, uses=(grown,)))
    found = missing(to, request(), (Facet.PLACE, Facet.ONWARD, Facet.RETENTION))
    assert [line.fr for line in found] == [
        "votre accord pour un autre lieu : IN, US",
        "votre accord pour transmettre à : broker",
        "votre accord pour une garde de 24 mois",
    ]
    silent = ready(consent(TERMS), replace(SERVICE, uses=(replace(DECLARED, use=UseId("another")),)))
    found = missing(silent, request(), (Facet.PLACE, Facet.ONWARD, Facet.RETENTION))
    assert [line.en for line in found] == [
        "your consent to another place: –",
        "your consent to pass on to: –",
        "your consent to keeping it for 0 months",
    ]


def test_the_person_s_own_rule_is_quoted_beside_everything_else() -> None:
    assert said(Facet.GRAIN, Facet.FIELDS, Facet.STANDING_RULE, Facet.PAUSED, fields=("other",)) == [
        ("un accord pour plus de détail", "a consent for finer data"),
        ("le champ « other »", "the field “other”"),
        (
            "la levée de votre règle « Jamais à un service qui transmet mes données »",
            "that you lift your rule “Never to a service that passes my data on”",
        ),
        ("la fin de la pause", "the end of the pause"),
    ]


def test_one_sentence_says_all_of_it() -> None:
    lines = missing(READY, request(), (Facet.PAUSED, Facet.GRAIN))
    assert sentence(lines) == Words(
        "Il manquerait : la fin de la pause, un accord pour plus de détail.",
        "What is missing: the end of the pause, a consent for finer data.",
    )
    assert sentence(()) == Words("", "")


def test_fields_that_are_not_declared_are_named() -> None:
    found = missing(READY, request(fields=("start", "meter")), (Facet.DECLARED_FIELDS,))
    assert [line.en for line in found] == ["a declaration of: meter"]
