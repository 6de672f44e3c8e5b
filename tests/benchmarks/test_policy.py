"""The benchmark of decisions says what it promises, on reads of which some are refused for every reason."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.performance import AIMS, PAGE, with_numbers
from benchmarks.policy import world
from benchmarks.policy_world import drawn
from cockpit.consent.engine import decide, select
from cockpit.domain.decision import Allowed
from tests.consent.worlds import POLICIES


@pytest.mark.long
def test_it_prints_one_object_with_every_promised_number() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.policy", "--quick", "--json", "--rounds", "1", "--consents", "500"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert list(report) == ["name", "calibration", "metrics", "ratios", "peers"]
    for aims in AIMS.values():
        for _, part, name in (aim.split(".") for aim in aims if aim.startswith("policy.")):
            assert isinstance(report[part][name], float | int), name
    assert report["metrics"]["oracle_mismatches"] == 0
    assert 0.6 < report["calibration"]["allowed_share"] < 0.95


def test_the_page_has_a_place_for_it() -> None:
    assert "found" in with_numbers(PAGE.read_text(), "policy", "found")


def test_the_world_is_the_same_each_time_and_is_found_by_person_and_recipient() -> None:
    one, other = world(90, 50), world(90, 50)
    assert one.reads == other.reads
    assert all(len(candidates) >= 1 for candidates in one.held.values())
    allowed = [isinstance(decide(POLICIES, read, select(one.held, read)), Allowed) for read in one.reads]
    assert 20 < sum(allowed) < 50
    assert list(drawn(random.Random(1), 5)) == list(drawn(random.Random(1), 5))
