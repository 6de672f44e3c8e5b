"""The hourly round: what is over ends by itself, and a round that fails is tried again."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.shares import shares
from cockpit.domain.errors import OperatorMustAct
from cockpit_web import routine
from tests.conftest import MovingClock
from tests.web.furnished import furnish


def test_a_round_ends_what_is_over(cockpit: Cockpit, visit: Visit, clock: MovingClock) -> None:
    furnish(cockpit, visit)
    clock.now += timedelta(days=100)
    routine.once(cockpit)
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        assert "consent.expired" in {event for share in shares(cockpit, reader) for event, _ in share.events}


def test_a_round_that_fails_is_said_and_goes_no_further(
    cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: Cockpit) -> None:
        raise OperatorMustAct("the disk is full", code="disk")

    monkeypatch.setattr(routine, "expire_consents", full)
    with caplog.at_level(logging.WARNING):
        routine.once(cockpit)
    assert "disk" in caplog.text
