"""Backing up: whole, from one moment, sealed, and no more than what changed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from cockpit.acts.back_up import back_up
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.restore_backup import Target, rehearse, restore
from cockpit.archive.alone import alone
from cockpit.bootstrap import build
from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.ids import PersonId
from cockpit.settings import Settings
from cockpit.store.files import object_key
from tests.acts.operations import PASSPHRASE, backup_in, deposit, live, places, saved
from tests.canaries import assert_nowhere
from tests.conftest import MovingClock


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_saved_comes_back_whole(cockpit: Cockpit, tmp_path: Path) -> None:
    for name in ("camille", "dominique"):
        live(cockpit, name)
    done = saved(cockpit, tmp_path)
    assert (done.documents_written, done.missing, done.keyring_saved) == (8, [], True)
    rehearsed = rehearse(backup_in(tmp_path, cockpit.operator), ("camille", PASSPHRASE), cockpit.clock)
    assert rehearsed.findings == []
    assert (rehearsed.restored.persons, rehearsed.restored.documents, rehearsed.restored.log_size) == (2, 8, 2)
    assert rehearsed.opened is not None
    # 15 records compacted and 2 in the inbox, and the entry of the opening; 4 documents.
    assert (rehearsed.opened.lines, rehearsed.opened.documents) == (18, 4)


def test_a_second_backup_of_an_unchanged_deployment_writes_its_snapshot_alone(
    cockpit: Cockpit, clock: MovingClock, tmp_path: Path
) -> None:
    live(cockpit, "camille")
    saved(cockpit, tmp_path)
    before = files_in(tmp_path / "backup")
    clock.forward(hours=1)
    again = saved(cockpit, tmp_path)
    assert (again.chunks_written, again.documents_written) == (0, 0)
    assert files_in(tmp_path / "backup") - before == {f"snapshots/{again.snapshot}"}


def test_a_small_deposit_costs_a_few_chunks(cockpit: Cockpit, clock: MovingClock, tmp_path: Path) -> None:
    keyring = live(cockpit, "camille", deposits=1)
    for number in range(100):
        deposit(cockpit, PersonId(keyring.person), 1000 + number)
    first = saved(cockpit, tmp_path)
    assert first.chunks_written > 8
    clock.forward(hours=1)
    deposit(cockpit, PersonId(keyring.person), 5000)
    again = saved(cockpit, tmp_path)
    # The head, the segment, what the source brought and the document's row, each in one chunk.
    assert 4 <= again.chunks_written <= 5
    assert again.documents_written == 1


def test_nothing_personal_is_readable_in_a_backup(cockpit: Cockpit, tmp_path: Path) -> None:
    live(cockpit, "kanarienvogel")
    saved(cockpit, tmp_path)
    assert len(assert_nowhere(tmp_path / "backup", ["kanarienvogel"])) > 10
    assert assert_nowhere(tmp_path / "apart", ["kanarienvogel"])


def test_a_backup_is_of_one_moment_while_others_write(cockpit: Cockpit, tmp_path: Path) -> None:
    keyring = live(cockpit, "camille", deposits=1)
    context = multiprocessing.get_context("spawn")
    settings = cockpit.settings
    stop = context.Event()
    ready = context.Event()
    writer = context.Process(target=keep_writing, args=(settings, PersonId(keyring.person), ready, stop))
    writer.start()
    try:
        assert ready.wait(30)
        for _ in range(3):
            saved(cockpit, tmp_path)
            rehearsed = rehearse(backup_in(tmp_path, cockpit.operator), ("camille", PASSPHRASE), cockpit.clock)
            assert rehearsed.findings == []
            assert rehearsed.restored.lost == []
            cockpit.clock.forward(hours=1)  # type: ignore[attr-defined]
    finally:
        stop.set()
        writer.join(30)
    assert writer.exitcode == 0


def keep_writing(settings: Settings, person: PersonId, ready: object, stop: object) -> None:
    other = build(settings)
    number = 10_000
    while not stop.is_set():  # type: ignore[attr-defined]
        deposit(other, person, number)
        number += 1
        ready.set()  # type: ignore[attr-defined]
    other.close()


def test_a_backup_killed_in_the_middle_leaves_what_the_next_one_uses(cockpit: Cockpit, tmp_path: Path) -> None:
    keyring = live(cockpit, "camille", deposits=1)
    for number in range(60):
        deposit(cockpit, PersonId(keyring.person), 1000 + number)
    context = multiprocessing.get_context("spawn")
    doomed = context.Process(target=back_up_once, args=(cockpit.settings, tmp_path))
    doomed.start()
    until = time.monotonic() + 30
    while len(files_in(tmp_path / "backup")) < 20:
        assert time.monotonic() < until
        time.sleep(0.005)
    assert doomed.pid is not None
    os.kill(doomed.pid, signal.SIGKILL)
    doomed.join()
    assert not any(name.startswith("snapshots/") for name in files_in(tmp_path / "backup"))
    done = saved(cockpit, tmp_path)
    assert done.chunks_known > 0
    rehearsed = rehearse(backup_in(tmp_path, cockpit.operator), ("camille", PASSPHRASE), cockpit.clock)
    assert (rehearsed.findings, rehearsed.restored.documents) == ([], 62)


def back_up_once(settings: Settings, folder: Path) -> None:
    saved(build(settings), folder)


def test_older_snapshots_are_pruned_with_what_only_they_need(
    cockpit: Cockpit, clock: MovingClock, tmp_path: Path
) -> None:
    keyring = live(cockpit, "camille")
    saved(cockpit, tmp_path)
    before = files_in(tmp_path / "backup")
    clock.forward(days=3)
    # An act that changes rows which the first snapshot listed: the old ones are needed no more.
    deposit(cockpit, PersonId(keyring.person), 900)
    done = saved(cockpit, tmp_path, keep=1)
    assert done.pruned == 1
    after = files_in(tmp_path / "backup")
    assert len([name for name in before - after if name.startswith("chunks/")]) >= 3
    assert rehearse(backup_in(tmp_path, cockpit.operator), None, cockpit.clock).findings == []


def test_what_is_younger_than_a_day_is_never_pruned(cockpit: Cockpit, clock: MovingClock, tmp_path: Path) -> None:
    keyring = live(cockpit, "camille")
    saved(cockpit, tmp_path)
    before = files_in(tmp_path / "backup")
    clock.forward(hours=1)
    deposit(cockpit, PersonId(keyring.person), 900)
    assert saved(cockpit, tmp_path, keep=1).pruned == 1
    assert all(name.startswith("snapshots/") for name in before - files_in(tmp_path / "backup"))


def test_a_document_lost_here_is_told_and_the_rest_is_saved(cockpit: Cockpit, tmp_path: Path) -> None:
    live(cockpit, "camille")
    objects = cockpit.spaces.files.objects
    first = next(iter(objects.list()))
    objects.delete([first.key])
    done = saved(cockpit, tmp_path)
    assert done.missing == [first.key]
    restored = restore(backup_in(tmp_path, cockpit.operator), Target(tmp_path / "new"))
    assert (restored.documents, restored.absent, restored.lost) == (3, 1, [])
    assert object_key(PersonId(first.key[:32]), first.key[-32:]) == first.key


def test_two_backups_of_one_deployment_do_not_run_together(cockpit: Cockpit, tmp_path: Path) -> None:
    with (
        places(cockpit, tmp_path) as (repository, apart),
        alone(cockpit.settings.data / "backup.lock"),
        pytest.raises(OperatorMustAct),
    ):
        back_up(cockpit, repository, apart)
