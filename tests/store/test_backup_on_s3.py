"""A backup on S3, of documents on S3: on a real server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.acts.back_up import back_up
from cockpit.acts.erase_space import erase_space
from cockpit.acts.restore_backup import Backup, Target, rehearse, restore
from cockpit.archive.backup import open_repository
from cockpit.archive.backup_files import DUTY
from cockpit.archive.keyring_backup import open_keyring_place
from cockpit.bootstrap import build
from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.ids import PersonId
from cockpit.settings import Settings
from cockpit.store.objects import open_objects
from tests.acts.operations import PASSPHRASE, live
from tests.conftest import MovingClock
from tests.store.seaweed import seaweed, variables


@pytest.fixture
def bucket(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with seaweed(tmp_path_factory.mktemp("seaweed")) as port:
        for name, value in variables(port).items():
            monkeypatch.setenv(name, value)
        yield f"s3://documents/{os.urandom(4).hex()}"


def test_a_deployment_on_s3_is_saved_to_s3_restored_and_erased(bucket: str, clock: MovingClock, tmp_path: Path) -> None:
    cockpit = build(Settings(data=tmp_path / "data", argon2_memory_kib=64, objects=f"{bucket}/live"), clock)
    keyring = live(cockpit, "camille")
    live(cockpit, "dominique", deposits=1)
    key = cockpit.operator.duty(DUTY)
    backup = Backup(
        open_repository(f"{bucket}/backup", key), open_keyring_place(f"{bucket}/apart", key), cockpit.operator
    )
    assert back_up(cockpit, backup.repository, backup.apart).documents_written == 6
    clock.forward(hours=1)
    again = back_up(cockpit, backup.repository, backup.apart, keep=1)
    assert (again.chunks_written, again.documents_written, again.pruned) == (0, 0, 1)
    assert rehearse(backup, ("camille", PASSPHRASE), clock).findings == []
    assert restore(backup, Target(tmp_path / "new", objects=f"{bucket}/new")).documents == 6
    assert len(list(open_objects(f"{bucket}/new", tmp_path).list())) == 6
    with pytest.raises(OperatorMustAct, match="not empty"):
        restore(backup, Target(tmp_path / "newer", objects=f"{bucket}/new"))
    assert erase_space(cockpit, PersonId(keyring.person)).documents == 4
    assert len(list(cockpit.spaces.files.objects.list())) == 2
    cockpit.close()
