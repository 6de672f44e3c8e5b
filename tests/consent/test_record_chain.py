"""The versions of a record are one unbroken life: a gap, a swap, a step back or an impossible change is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent import lifecycle
from cockpit.consent.record.build import last_version, short_record
from cockpit.consent.record.chain import check_chain
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import Tampered
from tests.consent.records import record, transition

STARTS = [ConsentStatus.REQUESTED, ConsentStatus.DEFERRED, ConsentStatus.REFUSED, ConsentStatus.GIVEN]


def grown(life: list[ConsentRecord], state: ConsentStatus, minute: int) -> ConsentRecord:
    before = life[-1]
    step = transition(state, f"2026-11-23T10:{minute:02}:00Z", last_version(before))
    return short_record(step, before.service, before.use, before.clause_sha256)


@st.composite
def lives(draw: st.DrawFn) -> list[ConsentRecord]:
    life = [record(step=transition(draw(st.sampled_from(STARTS))))]
    for minute in range(draw(st.integers(1, 6))):
        possible = sorted(lifecycle.possible(life[-1].state))
        if not possible:
            break
        _, becomes = lifecycle.TABLE[draw(st.sampled_from(possible))]
        life.append(grown(life, becomes, minute))
    return life


@given(lives())
def test_a_life_by_the_table_of_states_is_unbroken(life: list[ConsentRecord]) -> None:
    check_chain(life)


@given(lives().filter(lambda life: len(life) > 1), st.data())
def test_a_version_taken_out_swapped_or_changed_is_refused(life: list[ConsentRecord], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(life) - 2))
    swapped = [*life[:at], life[at + 1], life[at], *life[at + 2 :]]
    for broken in (life[:at] + life[at + 1 :], swapped, [*life, life[-1]]):
        with pytest.raises(Tampered):
            check_chain(broken)
    changed = [*life[:at], replace(life[at], policy_sha256="0" * 64), *life[at + 1 :]]
    with pytest.raises(Tampered, match="does not name"):
        check_chain(changed)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"subject": "s_other"}, "another consent"),
        ({"at": "2026-11-22T00:00:00Z"}, "dated before"),
        ({"state": ConsentStatus.GIVEN}, "cannot follow"),
        ({"version": 7}, "not the next"),
    ],
)
def test_what_cannot_follow_is_named(change: dict[str, object], fault: str) -> None:
    life = [record()]
    withdrawn = grown(life, ConsentStatus.WITHDRAWN, 0)
    with pytest.raises(Tampered, match=fault):
        check_chain([*life, replace(withdrawn, **change)])  # type: ignore[arg-type]


def test_nothing_follows_a_withdrawal() -> None:
    life = [record()]
    life.append(grown(life, ConsentStatus.WITHDRAWN, 0))
    for state in ConsentStatus:
        with pytest.raises(Tampered):
            check_chain([*life, grown(life, state, 1)])


def test_a_life_does_not_begin_in_the_middle() -> None:
    with pytest.raises(Tampered, match="middle"):
        check_chain([record(step=transition(ConsentStatus.RENEWED))])
    life = [record()]
    with pytest.raises(Tampered):
        check_chain([grown(life, ConsentStatus.PAUSED, 0)])
