"""Killed at any moment, a cockpit loses nothing that it acknowledged, keeps nothing by halves, and takes retries."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from cockpit.sealing.keyring import Keyring
from tests.faults.bringing import ACKNOWLEDGEMENT, begun, bring_for_ever, wrong
from tests.postgresql import Cluster

# Forks must come from a process without threads: these run alone, by `nox -s faults`.
pytestmark = pytest.mark.faults

THOROUGH_EVERY = 25


def in_a_child(task: Callable[[int], None]) -> tuple[int, int]:
    """A forked process that does ``task`` with the writing end of a pipe; its id, and the reading end.

    Forked from a process that has imported everything and opened nothing: it starts in milliseconds.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.close(reading)
            task(writing)
            code = 0
        except BaseException as error:  # noqa: BLE001 - a child that lets it go on would run the test suite again
            os.write(2, f"{error!r}\n".encode())
        finally:
            os._exit(code)
    os.close(writing)
    return child, reading


def read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


def answered(task: Callable[[], object]) -> object:
    """What ``task`` gives, done in a process of its own: this one must open nothing that a fork would share."""
    child, reading = in_a_child(lambda writing: _write(writing, json.dumps(task()).encode()))
    answer = read_all(reading)
    assert os.waitpid(child, 0)[1] == 0
    return json.loads(answer)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def survive(data: Path, kills: int, seed: int, address: str = "", *, too_early: bool = False) -> int:
    """Kill ``kills`` times; the number of batches acknowledged in all."""
    chance = random.Random(seed)
    person, vault_key = answered(lambda: [(ring := begun(data, address)).person, ring.vault_key.hex()])  # type: ignore[misc]
    keyring = Keyring(person, bytes.fromhex(vault_key))
    acknowledged: set[int] = set()
    for number in range(1, kills + 1):
        first = max(acknowledged, default=-1) + 1
        bringing = partial(bring_for_ever, data, address, keyring, first, too_early=too_early)
        child, reading = in_a_child(bringing)
        if chance.random() < 0.8:
            # Most die at work, after a first acknowledgement; the others while they open the store.
            acknowledged.add(ACKNOWLEDGEMENT.unpack(os.read(reading, ACKNOWLEDGEMENT.size))[0])
        time.sleep(chance.uniform(0, 0.06))
        os.kill(child, signal.SIGKILL)
        heard = read_all(reading)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        whole = len(heard) - len(heard) % ACKNOWLEDGEMENT.size
        acknowledged |= {one for (one,) in ACKNOWLEDGEMENT.iter_unpack(heard[:whole])}
        thorough = number % THOROUGH_EVERY == 0 or number == kills
        assert answered(partial(wrong, data, address, keyring, acknowledged, thorough=thorough)) == []
    return len(acknowledged)


def test_killed_at_any_moment_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    assert survive(tmp_path / "data", kills=12, seed=11) >= 8


def test_the_harness_notices_what_was_acknowledged_too_early(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="is lost"):
        survive(tmp_path / "data", kills=40, seed=11, too_early=True)


def test_killed_five_hundred_times(tmp_path: Path) -> None:
    assert survive(tmp_path / "data", kills=500, seed=12) >= 400


def test_killed_on_postgresql(tmp_path: Path, postgresql: Cluster) -> None:
    with postgresql.database() as name:
        assert survive(tmp_path / "data", kills=100, seed=13, address=postgresql.address(name)) >= 80
