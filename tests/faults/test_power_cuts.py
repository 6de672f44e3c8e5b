"""The power goes at any moment: what was acknowledged is there, whole, whatever the disk had not written yet."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from cockpit.sealing.keyring import Keyring
from tests.faults.bringing import wrong
from tests.faults.power import Operation, cuts, read_trace
from tests.faults.test_kills import answered

# Forks must come from a process without threads: these run alone, by `nox -s faults`.
pytestmark = pytest.mark.faults

ACTS = 40
CHILD = """
import os, struct, sys
from pathlib import Path
from cockpit.domain.ids import PersonId
from tests.faults import bringing
if sys.argv[3] == "careless":
    from cockpit.store import connecting
    careful = connecting._configure_sqlite
    def careless(connection, record):
        careful(connection, record)
        connection.execute("PRAGMA synchronous=OFF")
    connecting._configure_sqlite = careless
data = Path(sys.argv[1])
keyring = bringing.begun(data)
said = os.open(data / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
Path(sys.argv[2]).write_text(keyring.person + keyring.vault_key.hex())
cockpit = bringing.cockpit_in(data)
for number in range(int(sys.argv[4])):
    os.write(said, struct.pack(">i", number - 1))
    bringing.bring(cockpit, PersonId(keyring.person), number)
    if number % bringing.TENDED_EVERY == 0:
        bringing.tend_space(cockpit, keyring, least=2)
os.write(said, struct.pack(">i", int(sys.argv[4]) - 1))
"""


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that records; it needs a C compiler."""
    made = tmp_path_factory.mktemp("recorder") / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", str(made), str(source), "-ldl", "-lpthread"]
    subprocess.run(command, check=True, timeout=60)
    return made


class Recorded:
    """A life under the recorder: what was written, and which key opens it."""

    def __init__(self, recorder: Path, folder: Path, care: str, acts: int = ACTS) -> None:
        self.data, trace, key = folder / "data", folder / "trace", folder / "key"
        environment = os.environ | {
            "LD_PRELOAD": str(recorder),
            "RECORD_DIR": str(self.data),
            "RECORD_TO": str(trace),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        command = [sys.executable, "-c", CHILD, str(self.data), str(key), care, str(acts)]
        subprocess.run(command, check=True, timeout=120, env=environment)
        self.trace = read_trace(trace)
        said = key.read_text()
        self.keyring = Keyring(said[:32], bytes.fromhex(said[32:]))
        self.first = next(number for number, one in enumerate(self.trace) if self._acknowledges(one))

    def acknowledged(self, point: int) -> set[int]:
        """The batches acknowledged before a point of the trace."""
        heard = [struct.unpack(">i", one.data)[0] for one in self.trace[:point] if self._acknowledges(one)]
        return set(range(max(heard, default=-1) + 1))

    def losses(self, folder: Path, count: int, seed: int) -> list[str]:
        """What is wrong after each of ``count`` cuts at chance points, all told."""
        points = random.Random(seed).sample(range(self.first + 1, len(self.trace)), count)
        found = []
        for point, state in cuts(self.trace, points, seed):
            shutil.rmtree(folder, ignore_errors=True)
            for path, content in state.items():
                if path.endswith(("-shm", "/acknowledged")):
                    continue
                file = folder / Path(path).relative_to(self.data)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                file.chmod(0o600)
            told = partial(_wrong, folder, self.keyring, self.acknowledged(point))
            found += [f"cut at {point}: {one}" for one in answered(told)]  # type: ignore[attr-defined]
        return found

    def _acknowledges(self, one: Operation) -> bool:
        return one.what == "w" and one.path.endswith("/acknowledged")


def _wrong(folder: Path, keyring: Keyring, acknowledged: set[int]) -> list[str]:
    try:
        for name in ("cockpit.sqlite", "keyring.sqlite"):
            with sqlite3.connect(folder / name) as connection:
                (said,) = connection.execute("PRAGMA integrity_check").fetchone()
            connection.close()
            if said != "ok":
                return [f"{name}: {said}"]
        return wrong(folder, "", keyring, acknowledged, thorough=False)
    except Exception as error:  # noqa: BLE001 - a store that does not open is what is looked for
        return [repr(error)]


def test_after_a_cut_every_acknowledged_batch_is_whole(recorder: Path, tmp_path: Path) -> None:
    life = Recorded(recorder, tmp_path, "careful")
    kinds = {one.what for one in life.trace}
    assert {"c", "w", "s"} <= kinds
    assert any("/objects/" in one.path for one in life.trace), "documents must be in the trace too"
    assert life.losses(tmp_path / "after", 24, seed=21) == []


def test_the_harness_finds_the_losses_of_a_store_that_does_not_sync(recorder: Path, tmp_path: Path) -> None:
    life = Recorded(recorder, tmp_path, "careless", acts=20)
    assert life.losses(tmp_path / "after", 16, seed=22) != []


def test_after_two_thousand_cuts(recorder: Path, tmp_path: Path) -> None:
    life = Recorded(recorder, tmp_path, "careful", acts=200)
    assert life.losses(tmp_path / "after", 2000, seed=23) == []
