"""The disk is full: the act fails with a sentence, nothing of it is kept, reading goes on, and room mends it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.ids import PersonId
from cockpit.sealing.keyring import Keyring
from tests.faults.bringing import begun, bring, cockpit_in, wrong
from tests.faults.test_kills import answered

# Forks must come from a process without threads: these run alone, by `nox -s faults`.
pytestmark = pytest.mark.faults

MOST = 400


def fill_then_make_room(data: Path, narrow: Callable[[Path], None], widen: Callable[[], None]) -> list[str]:
    """What is wrong after acts that filled the disk, one that failed, and one that came after room was made."""
    keyring = begun(data)
    cockpit = cockpit_in(data)
    person = PersonId(keyring.person)
    bring(cockpit, person, 0)
    narrow(data)
    kept = {0}
    for number in range(1, MOST):
        try:
            bring(cockpit, person, number)
        except OperatorMustAct as error:
            said = str(error)
            break
        kept.add(number)
    else:
        return ["the disk was never full"]
    found = [] if "kept" in said or "store" in said else [f"the error does not say what became of the act: {said}"]
    found += _while_full(cockpit_of=cockpit, keyring=keyring, failed=number)
    widen()
    for _ in range(2):
        bring(cockpit, person, number)
    cockpit.close()
    return found + wrong(data, "", keyring, kept | {number}, thorough=True)


def _while_full(cockpit_of: object, keyring: Keyring, failed: int) -> list[str]:
    from cockpit.acts.cockpit import Cockpit  # noqa: PLC0415 - named here for its type alone
    from tests.faults.bringing import LINE  # noqa: PLC0415

    assert isinstance(cockpit_of, Cockpit)
    with cockpit_of.spaces.read(keyring) as reader:
        keys = [one.record.source_key for one in reader.records(LINE)]
    return [f"the failed act left {key}" for key in keys if key.startswith(f"{failed}-")]


def limit(size: int) -> None:
    """No file of this process may grow beyond ``size`` bytes."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


def grow_no_more(data: Path) -> None:
    """Leave the files of a deployment forty kilobytes of room."""
    # Instead of dying of it, a process that ignores the signal is told that the file may not grow.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit(max(file.stat().st_size for file in data.rglob("*") if file.is_file()) + 40_000)


def test_when_files_may_grow_no_more(tmp_path: Path) -> None:
    task = partial(fill_then_make_room, tmp_path / "data", grow_no_more, partial(limit, resource.RLIM_INFINITY))
    assert answered(task) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes; mounting one takes root."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system takes root; the test above fills a disk without it")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_when_the_disk_has_no_room(small_disk: Path) -> None:
    larger = ["mount", "-o", "remount,size=64m", str(small_disk)]
    widen = partial(subprocess.run, larger, check=True)
    assert answered(partial(fill_then_make_room, small_disk / "data", lambda _: None, widen)) == []
