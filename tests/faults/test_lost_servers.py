"""PostgreSQL crashes, or S3 goes away, in the middle of acts: what was acknowledged stays, the rest is done again."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from signal import SIGINT, SIGQUIT

import pytest

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import OperatorMustAct
from tests.faults.household import act, batch, begin, enter, examine, is_batch
from tests.faults.working import opened
from tests.postgresql import Cluster
from tests.store.seaweed import Cable, seaweed, variables


def crash_and_work(cockpit: Cockpit, server: Cluster, times: int, seed: int) -> tuple[int, int]:
    """Do acts while the server ends; gives how many were refused, and of how many nobody could say."""
    rng, person, told = random.Random(seed), begin(cockpit), list[int]()
    refused = unsure = 0
    for number in range(1, times + 1):
        ending = threading.Timer(rng.uniform(0, 0.12), server.stop, [rng.choice((SIGINT, SIGQUIT))])
        ending.start()
        reason = None
        try:
            act(cockpit, person, number)
        except OperatorMustAct as error:
            reason = error.reason
        ending.join()
        server.start()
        if reason:
            refused, unsure = refused + 1, unsure + (reason == "database_unsure")
            found = examine(cockpit, told, {number})
            # "Nothing was kept" is true when it is said; otherwise a look decides, and doing it again does no harm.
            assert reason == "database_unsure" or number not in found
            act(cockpit, person, number)
        told.append(number)
        examine(cockpit, told, ())
    return refused, unsure


@pytest.mark.postgresql
def test_postgresql_ends_in_the_middle_of_acts(cockpit: Cockpit, postgresql: Cluster) -> None:
    assert crash_and_work(cockpit, postgresql, 6, 1)[0]


@pytest.mark.faults
@pytest.mark.postgresql
def test_postgresql_ends_forty_times(cockpit: Cockpit, postgresql: Cluster) -> None:
    assert crash_and_work(cockpit, postgresql, 40, 2)[0] > 10


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The object store's own retries would only make these tests wait."""
    monkeypatch.setattr("cockpit.store.objects._PATIENCE", {"max_retries": 0})


@pytest.fixture
def cable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, impatient: None) -> Iterator[Cable]:
    (tmp_path / "s3").mkdir()
    with seaweed(tmp_path / "s3") as port:
        cable = Cable(port)
        for name, value in variables(cable.port).items():
            monkeypatch.setenv(name, value)
        yield cable
        cable.close()


def cut_and_work(cockpit: Cockpit, cable: Cable, times: int, seed: int) -> int:
    """Do acts while the line to S3 is cut after ever another number of bytes; gives how many were refused."""
    rng, person, told = random.Random(seed), begin(cockpit), list[int]()
    refused = 0
    for number in islice(filter(is_batch, count(1)), times):
        size = len(batch(number).file.content)
        cable.cut_after(rng.choice((0, rng.randrange(1, 2000), rng.randrange(1, size + 4000))))
        try:
            act(cockpit, person, number)
        except OperatorMustAct as error:
            refused += 1
            assert error.reason == "objects"
            # Records are read without S3: only a document's own bytes are away.
            visit = enter(cockpit)
            assert visit.keyring is not None
            with cockpit.spaces.read(visit.keyring) as reader:
                kept = {int(one.record.source_key.partition("/")[0]) for one in reader.stream(batch(1).records[0].kind)}
            assert kept == set(told)
            cable.mend()
            act(cockpit, person, number)
        cable.mend()
        told.append(number)
        examine(cockpit, told, ())
    return refused


def test_s3_goes_away_in_the_middle_of_acts(cable: Cable, tmp_path: Path) -> None:
    cockpit = opened(tmp_path / "data", objects_at="s3://documents/a")
    assert cut_and_work(cockpit, cable, 6, 1)
    cockpit.close()


@pytest.mark.faults
def test_s3_goes_away_sixty_times(cable: Cable, tmp_path: Path) -> None:
    cockpit = opened(tmp_path / "data", objects_at="s3://documents/a")
    assert cut_and_work(cockpit, cable, 60, 2) > 20
    cockpit.close()
