"""The life of a consent: what is final stays so, and what lives was once given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.consent.lifecycle import TABLE, Change, ChangeNotPossible, after, possible
from cockpit.domain.consent import FINAL, LIVE, ConsentStatus

changes = st.lists(st.sampled_from(list(Change)), max_size=12)


def lived(steps: list[Change]) -> list[ConsentStatus]:
    """The states of a consent to which these changes happen; those that cannot be are skipped."""
    states = [ConsentStatus.REQUESTED]
    for change in steps:
        if change in possible(states[-1]):
            states.append(after(states[-1], change))
    return states


@given(changes)
def test_nothing_follows_a_final_state(steps: list[Change]) -> None:
    states = lived(steps)
    assert all(state not in FINAL for state in states[:-1])


@given(changes)
def test_what_lives_was_given_by_the_person(steps: list[Change]) -> None:
    states = lived(steps)
    if states[-1] in LIVE:
        assert ConsentStatus.GIVEN in states


@given(changes)
def test_a_refused_request_never_lives(steps: list[Change]) -> None:
    states = lived([Change.REFUSE, *steps])
    assert not any(state.live for state in states)


@pytest.mark.parametrize("status", [status for status in ConsentStatus if status.final])
@pytest.mark.parametrize("change", list(Change))
def test_a_final_state_refuses_every_change(status: ConsentStatus, change: Change) -> None:
    with pytest.raises(ChangeNotPossible):
        after(status, change)


@pytest.mark.parametrize(
    "status", sorted(LIVE | {ConsentStatus.PAUSED, ConsentStatus.SUSPENDED}, key=lambda status: status.value)
)
def test_it_can_always_be_withdrawn(status: ConsentStatus) -> None:
    assert after(status, Change.WITHDRAW) is ConsentStatus.WITHDRAWN


def test_every_state_but_the_first_is_reached_and_every_open_one_left() -> None:
    reached = {becomes for _, becomes in TABLE.values()}
    assert reached | {ConsentStatus.REQUESTED} == set(ConsentStatus)
    assert all(possible(status) for status in ConsentStatus if not status.final)


def test_a_suspension_is_lifted_by_the_person_alone() -> None:
    assert possible(ConsentStatus.SUSPENDED) == {
        Change.RECONFIRM, Change.WITHDRAW, Change.EXPIRE, Change.REVOKE, Change.INVALIDATE,
    }  # fmt: skip


def test_the_message_of_a_refused_change_names_the_state() -> None:
    with pytest.raises(ChangeNotPossible, match="withdrawn") as caught:
        after(ConsentStatus.WITHDRAWN, Change.RESUME)
    assert caught.value.reason == "change_not_possible"
