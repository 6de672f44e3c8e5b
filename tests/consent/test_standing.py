"""A person's own rules: when each is broken, to the minute, and what it says in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.consent.standing import (
    KeepIn,
    NeverAutomated,
    NeverPassOn,
    NeverShare,
    QuietHours,
    StandingRule,
    TellAbove,
    against,
    alerts,
    broken,
    words_of,
)
from cockpit.domain.ids import UseId
from cockpit.domain.use import Automation, Words
from tests.consent.worlds import INVOICE, POLICIES, SERIES, SERVICE, ready, request

PURPOSE = "https://w3id.org/dpv#Advertising"
BROADER = "https://w3id.org/dpv#Marketing"


def breaks(rule: StandingRule, **changes: object) -> bool:
    return bool(broken([rule], ready(), request(**changes), POLICIES.entities))


@pytest.mark.parametrize(
    ("begin", "end", "now", "quiet"),
    [
        # 09:30 UTC is 10:30 in Paris in November.
        ("10:30", "11:00", "2026-11-23T09:30:00Z", True),
        ("10:31", "11:00", "2026-11-23T09:30:00Z", False),
        ("10:00", "10:30", "2026-11-23T09:30:00Z", False),
        ("10:00", "10:31", "2026-11-23T09:30:00Z", True),
        ("22:00", "07:00", "2026-11-23T21:00:00Z", True),
        ("22:00", "07:00", "2026-11-23T20:59:00Z", False),
        ("22:00", "07:00", "2026-11-23T05:59:00Z", True),
        ("22:00", "07:00", "2026-11-23T06:00:00Z", False),
        ("10:30", "10:30", "2026-11-23T09:30:00Z", False),
        ("10:30", "10:30", "2026-11-23T12:00:00Z", False),
    ],
)
def test_hours_without_reading_hold_from_their_first_minute_until_their_last(
    begin: str, end: str, now: str, quiet: bool
) -> None:
    assert breaks(QuietHours(id="r", begin=begin, end=end), now=now) is quiet


def test_what_is_never_shared_is_a_kind_or_whatever_stands_under_a_category() -> None:
    assert breaks(NeverShare(id="r", category=SERIES))
    assert not breaks(NeverShare(id="r", category=SERIES), kind=INVOICE)
    assert not breaks(NeverShare(id="r", category="https://w3id.org/dpv#SpecialCategoryPersonalData"))


def test_a_service_or_a_purpose_may_be_named() -> None:
    assert breaks(NeverShare(id="r", category=SERIES, services=(SERVICE.id,)))
    assert not breaks(NeverShare(id="r", category=SERIES, services=("c_other",)))
    assert not breaks(NeverShare(id="r", category=SERIES, purposes=(BROADER,)))
    # What the service says it reads for counts, and so does what the clause says.
    assert breaks(NeverShare(id="r", category=SERIES, purposes=(BROADER,)), purpose=PURPOSE)
    assert breaks(NeverShare(id="r", category=SERIES, purposes=ready().consent.clause.purposes[:1]))


def test_rules_about_services_hold_against_what_is_declared_and_against_what_is_not() -> None:
    (declared,) = SERVICE.uses
    rules = (KeepIn(id="k", places=("FR",)), NeverPassOn(id="p"), NeverAutomated(id="a"))

    def found(**changes: object) -> list[str]:
        service = replace(SERVICE, uses=(replace(declared, **changes),))  # type: ignore[arg-type]
        return broken(rules, ready(service=service), request(), POLICIES.entities)

    assert found(places=("FR",), onward=(), automation=Automation.ASSISTS) == []
    assert found(places=("US",), onward=(), automation=Automation.NONE) == ["k"]
    assert found(places=("FR",), onward=("insurer",), automation=Automation.NONE) == ["p"]
    assert found(places=("FR",), onward=(), automation=Automation.DECIDES) == ["a"]
    assert found(use=UseId("another")) == ["k", "p", "a"]


def test_being_told_stops_nothing() -> None:
    rules = (TellAbove(id="t", reads=3), NeverPassOn(id="p"))
    assert not breaks(rules[0], reads_spent=99)
    assert alerts(rules, request(reads_spent=2)) == ()
    assert alerts(rules, request(reads_spent=3)) == ("t",)


def test_at_a_request_only_rules_that_last_are_told() -> None:
    rules = (NeverShare(id="n", category=SERIES), QuietHours(id="q", begin="00:00", end="23:59"))
    reads = [(ready(), request()), (ready(), request(kind=INVOICE))]
    assert against(rules, reads, POLICIES.entities) == ["n"]
    assert against(rules, reads[1:], POLICIES.entities) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (NeverShare(id="r", category="x"), Words("Jamais x, à personne", "Never x, to anyone")),
        (
            NeverShare(id="r", category="x", services=("a", "b"), purposes=("c",)),
            Words("Jamais x à, ni pour : a, b, c", "Never x to, nor for: a, b, c"),
        ),
        (KeepIn(id="r", places=("FR", "DE")), Words("Mes données restent ici : FR, DE", "My data stays here: FR, DE")),
        (
            NeverPassOn(id="r"),
            Words("Jamais à un service qui transmet mes données", "Never to a service that passes my data on"),
        ),
        (
            NeverAutomated(id="r"),
            Words("Jamais à un service où une machine décide", "Never to a service where a machine decides"),
        ),
        (
            QuietHours(id="r", begin="22:00", end="07:00"),
            Words("Aucune lecture de 22:00 à 07:00", "No reading from 22:00 to 07:00"),
        ),
        (
            TellAbove(id="r", reads=5),
            Words("Me prévenir au-delà de 5 lectures par jour", "Tell me above 5 readings a day"),
        ),
    ],
)
def test_each_rule_is_said_in_both_languages(rule: StandingRule, words: Words) -> None:
    assert words_of(rule) == words
