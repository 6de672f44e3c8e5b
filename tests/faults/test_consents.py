"""Killed or out of room at any moment of a consent: no read without its entry, no decision lost or by halves."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from cockpit.domain.errors import OperatorMustAct
from tests.faults.bringing import cockpit_in
from tests.faults.consenting import Told, begun, consent_for_ever, consent_once, visit_of, wrong
from tests.faults.test_disk_full import grow_no_more, limit
from tests.faults.test_kills import answered, in_a_child, read_all
from tests.postgresql import Cluster

# Forks must come from a process without threads: these run alone, by `nox -s faults`.
pytestmark = pytest.mark.faults

THOROUGH_EVERY = 20
MOST = 400
LINE = 4096


def survive(data: Path, kills: int, seed: int, address: str = "", *, too_early: bool = False) -> Told:
    """Kill ``kills`` times; all that was told to have happened."""
    chance, told = random.Random(seed), Told()
    cookie = answered(partial(begun, data, address))
    assert isinstance(cookie, str)
    for number in range(1, kills + 1):
        child, reading = in_a_child(partial(_consenting, data, address, cookie, too_early))
        # Most die at work, after a first thing was told; the others while they open the store.
        heard = os.read(reading, LINE) if chance.random() < 0.8 else b""
        time.sleep(chance.uniform(0, 0.12))
        os.kill(child, signal.SIGKILL)
        told.hear(heard + read_all(reading))
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        thorough = number % THOROUGH_EVERY == 0 or number == kills
        assert answered(partial(wrong, data, address, cookie, told, thorough=thorough)) == []
    return told


def _consenting(data: Path, address: str, cookie: str, too_early: bool, writing: int) -> None:
    consent_for_ever(data, address, cookie, writing, too_early=too_early)


def test_killed_at_any_moment_of_a_consent(tmp_path: Path) -> None:
    told = survive(tmp_path / "data", kills=12, seed=21)
    assert len(told.reads) >= 8
    assert told.withdrawn


def test_the_harness_notices_an_end_told_too_early(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="was withdrawn and is not"):
        survive(tmp_path / "data", kills=80, seed=21, too_early=True)


def test_killed_two_hundred_times(tmp_path: Path) -> None:
    assert len(survive(tmp_path / "data", kills=200, seed=22).reads) >= 150


def test_killed_on_postgresql(tmp_path: Path, postgresql: Cluster) -> None:
    with postgresql.database() as name:
        assert len(survive(tmp_path / "data", kills=60, seed=23, address=postgresql.address(name)).reads) >= 40


def out_of_room(data: Path) -> list[str]:
    """What is wrong after consents that filled the disk, and after one more when there was room again."""
    cookie, told = begun(data), Told()
    cockpit = cockpit_in(data)
    visit = visit_of(cockpit, cookie)
    consent_once(cockpit, visit, told.note)
    grow_no_more(data)
    for _ in range(MOST):
        try:
            consent_once(cockpit, visit, told.note)
        except OperatorMustAct:
            break
    else:
        return ["the disk was never full"]
    found = wrong(data, "", cookie, told, thorough=False)
    limit(resource.RLIM_INFINITY)
    consent_once(cockpit, visit, told.note)
    cockpit.close()
    return found + wrong(data, "", cookie, told, thorough=True)


def test_when_files_may_grow_no_more(tmp_path: Path) -> None:
    assert answered(partial(out_of_room, tmp_path / "data")) == []
