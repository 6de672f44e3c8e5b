"""A no holds for six months, against the same request and against more; asking for less is another question."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cockpit.consent.refusals import Refusal, asks_less, holds
from cockpit.domain.consent import ClauseInput
from cockpit.domain.ids import ServiceId, UseId
from cockpit.domain.use import Automation, Grain
from tests.consent.worlds import INVOICE, SERIES, clause

WIDE = replace(
    clause(),
    inputs=(
        ClauseInput(SERIES, ("start", "unit", "values"), Grain.DAY, True),
        ClauseInput(INVOICE, ("total",), Grain.RAW, False),
    ),
    retention="P6M",
    max_per_day=4,
    places=("EU", "US"),
    automation=Automation.ASSISTS,
)
SAID = Refusal(WIDE, "2026-05-23")


def test_the_same_request_is_held_back_for_six_months() -> None:
    assert holds(SAID, WIDE, date(2026, 5, 23))
    assert holds(SAID, WIDE, date(2026, 11, 22))
    assert not holds(SAID, WIDE, date(2026, 11, 23))


def test_its_days_may_move_on_and_another_version_is_the_same_use() -> None:
    later = replace(WIDE, data_until="2026-12-31", expires="2027-12-31T00:00:00Z", use_version=9)
    assert holds(SAID, later, date(2026, 6, 1))


def test_another_use_or_another_service_is_another_question() -> None:
    for other in (replace(WIDE, use=UseId("another")), replace(WIDE, service=ServiceId("c_other"))):
        assert not holds(SAID, other, date(2026, 6, 1))


LESS: list[dict[str, Any]] = [
    {"inputs": (ClauseInput(SERIES, ("start", "values"), Grain.DAY, True), WIDE.inputs[1])},
    {"inputs": (ClauseInput(SERIES, ("start", "unit", "values"), Grain.MONTH, True), WIDE.inputs[1])},
    {"inputs": (ClauseInput(SERIES, ("start", "unit", "values"), Grain.DAY, False), WIDE.inputs[1])},
    {"inputs": WIDE.inputs[:1]},
    {"retention": "P3M"},
    {"max_per_day": 1},
    {"places": ("EU",)},
    {"automation": Automation.NONE},
]
MORE: list[dict[str, Any]] = [
    {"inputs": (ClauseInput(SERIES, ("meter", "start", "unit", "values"), Grain.DAY, True), WIDE.inputs[1])},
    {"inputs": (ClauseInput(SERIES, ("start", "unit", "values"), Grain.RAW, True), WIDE.inputs[1])},
    {"inputs": (WIDE.inputs[0], ClauseInput(INVOICE, ("total",), Grain.RAW, True))},
    {"retention": "P12M"},
    {"max_per_day": 5},
    {"onward": ("insurer",)},
    {"purposes": (*WIDE.purposes, "https://w3id.org/dpv#Marketing")},
    {"automation": Automation.DECIDES},
]


@pytest.mark.parametrize("changes", LESS)
def test_asking_for_less_is_put_to_the_person_again(changes: dict[str, Any]) -> None:
    assert asks_less(replace(WIDE, **changes), WIDE)
    assert not holds(SAID, replace(WIDE, **changes), date(2026, 6, 1))


@pytest.mark.parametrize("changes", MORE)
def test_asking_for_more_is_not(changes: dict[str, Any]) -> None:
    assert holds(SAID, replace(WIDE, **changes), date(2026, 6, 1))
    # Less in one thing does not pay for more in another.
    assert holds(SAID, replace(WIDE, **{"places": ("EU",), **changes}), date(2026, 6, 1))
