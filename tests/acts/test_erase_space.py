"""Erasing: nothing of the person is left, nobody else is touched, and no backup brings anything back."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import String, cast, func, or_, select

from cockpit.accounts.kit import read_kit
from cockpit.accounts.slots import by_kit, by_passphrase, open_vault_key
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_space import Erased, erase_space
from cockpit.acts.export_space import export_space
from cockpit.acts.find_space import find_space, visit_once
from cockpit.acts.open_space import open_space
from cockpit.acts.restore_backup import Target, restore
from cockpit.acts.sign_in import sign_in
from cockpit.acts.tend_space import tend_space
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.errors import NotFound, OperatorMustAct, WrongSecret
from cockpit.domain.ids import PersonId
from cockpit.settings import Settings
from cockpit.store import tables, walks
from cockpit.store.dump import Chunk, load
from cockpit.store.objects import ObjectStore
from cockpit.store.walls import EVERYONE
from tests.acts.operations import PASSPHRASE, backup_in, codes, deposit, live, saved
from tests.acts.test_tend_space import granted
from tests.conftest import MovingClock


def rows_naming(cockpit: Cockpit, person: PersonId) -> set[str]:
    """The tables in which any column of any row holds the person's id."""
    found = set()
    with cockpit.database.read(EVERYONE) as connection:
        for name, table in tables.metadata.tables.items():
            texts = [column for column in table.c if isinstance(column.type, String)]
            said = or_(*(cast(column, String).contains(person) for column in texts)) if texts else None
            if said is not None and connection.execute(select(func.count()).where(said)).scalar_one():
                found.add(name)
    return found


def test_nothing_of_an_erased_person_is_left_and_nobody_else_is_touched(cockpit: Cockpit, clock: MovingClock) -> None:
    opened = open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr")
    visit = recognise(cockpit, opened.cookie)
    assert visit is not None
    assert visit.keyring is not None
    deposit(cockpit, opened.person, 1, 3)
    granted(cockpit, visit)
    tend_space(cockpit, visit.keyring, least=1)
    other = live(cockpit, "dominique")
    before = rows_naming(cockpit, opened.person)
    assert {"person", "login", "session", "token", "segment", "manifest", "grant_wrap", "blob", "consent"} <= before
    size = log_size(cockpit)
    with cockpit.database.read(opened.person) as connection:
        entries = walks.entries(connection, opened.person)

    erased = erase_space(cockpit, opened.person)

    assert (erased.documents, erased.rows > 20) == (1, True)
    assert rows_naming(cockpit, opened.person) == set()
    assert {found.key[:32] for found in cockpit.spaces.files.objects.list()} == {other.person}
    with pytest.raises(NotFound):
        cockpit.keyrings.pepper(opened.person)
    with pytest.raises(NotFound):
        find_space(cockpit, "camille")
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "camille", PASSPHRASE)
    assert recognise(cockpit, opened.cookie) is None
    assert sign_in(cockpit, "dominique", PASSPHRASE)
    assert codes(cockpit) == set()
    # One entry more, about nobody; the entries of the past stay, or no proof of anybody would hold.
    assert log_size(cockpit) == size + 1
    with cockpit.database.read() as connection:
        *_, last = cockpit.ledger.leaves(connection)
    assert b'"space.erased"' in last.leaf
    assert b'"tag":""' in last.leaf
    assert last.part == {"entries": entries}


def test_erasing_twice_changes_nothing_more(cockpit: Cockpit) -> None:
    person = PersonId(live(cockpit, "camille", deposits=1).person)
    erase_space(cockpit, person)
    size = log_size(cockpit)
    assert erase_space(cockpit, person) == Erased(0, 0)
    assert log_size(cockpit) == size


STEPS = {
    "the documents": "cockpit.store.objects.ObjectStore.discard",
    "the rows": "cockpit.acts.erase_space.erase_rows",
    "the entry in the log": "cockpit.store.ledger.Ledger.append",
    "the end": "cockpit.store.engine.Database.forget_past",
}


def erase_and_be_killed(settings: Settings, person: PersonId, at: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        erase_space(build(settings), person)


@pytest.mark.parametrize("step", STEPS)
def test_an_erasing_that_is_killed_is_finished_by_the_next(cockpit: Cockpit, step: str) -> None:
    person = PersonId(live(cockpit, "camille").person)
    live(cockpit, "dominique", deposits=1)
    doomed = multiprocessing.get_context("spawn").Process(
        target=erase_and_be_killed, args=(cockpit.settings, person, STEPS[step])
    )
    doomed.start()
    doomed.join(60)
    assert doomed.exitcode == -signal.SIGKILL
    with pytest.raises((NotFound, WrongSecret)):
        sign_in(cockpit, "camille", PASSPHRASE)
    if step != "the end":
        assert find_space(cockpit, "camille") == person
    erase_space(cockpit, person)
    assert rows_naming(cockpit, person) == set()
    assert codes(cockpit) == set()
    with cockpit.database.read() as connection:
        assert sum(b'"space.erased"' in leaf.leaf for leaf in cockpit.ledger.leaves(connection)) == 1


def test_what_was_removed_is_in_no_file_of_sqlite_any_more(clock: MovingClock, tmp_path: Path) -> None:
    cockpit = build(Settings(data=tmp_path / "data", argon2_memory_kib=64), clock)
    keyring = live(cockpit, "camille", deposits=1)
    with cockpit.database.read(PersonId(keyring.person)) as connection:
        wrapped = [bytes(row.wrapped) for row in connection.execute(slots_of(keyring.person))]
    files = [cockpit.settings.data / f"{name}.sqlite{end}" for name in ("cockpit", "keyring") for end in ("", "-wal")]
    everything = b"".join(path.read_bytes() for path in files)
    assert all(one in everything for one in (*wrapped, keyring.person.encode()))
    erase_space(cockpit, PersonId(keyring.person))
    everything = b"".join(path.read_bytes() for path in files)
    assert not any(one in everything for one in (*wrapped, keyring.person.encode()))
    cockpit.close()


def slots_of(person: str):
    return select(tables.key_slot.c.wrapped).where(tables.key_slot.c.person_id == person)


def test_an_archive_taken_before_is_still_proved(cockpit: Cockpit, tmp_path: Path) -> None:
    live(cockpit, "camille", deposits=1)
    buffer = io.BytesIO()
    export_space(cockpit, visit_once(cockpit, "camille", PASSPHRASE), buffer)
    archive = tmp_path / "camille.zip"
    archive.write_bytes(buffer.getvalue())
    erase_space(cockpit, find_space(cockpit, "camille"))
    done = subprocess.run([sys.executable, "-m", "cockpit.verifier", str(archive)], check=False, capture_output=True)
    assert done.returncode == 0, done.stdout


def test_an_older_backup_with_the_newest_keyring_does_not_bring_them_back(
    cockpit: Cockpit, clock: MovingClock, tmp_path: Path
) -> None:
    opened = open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr")
    deposit(cockpit, opened.person, 1, 3)
    live(cockpit, "dominique", deposits=1)
    older = saved(cockpit, tmp_path).snapshot
    clock.forward(hours=1)
    erase_space(cockpit, opened.person)
    saved(cockpit, tmp_path)

    backup, target = backup_in(tmp_path, cockpit.operator), tmp_path / "new"
    restored = restore(backup, Target(target), older)

    assert (restored.persons, restored.erased, restored.documents) == (1, 1, 2)
    shutil.copytree(cockpit.settings.keys_folder, target / "keys")
    there = build(Settings(data=target, argon2_memory_kib=64), clock)
    assert rows_naming(there, opened.person) == set()
    assert codes(there) == set()
    with pytest.raises(WrongSecret):
        sign_in(there, "camille", PASSPHRASE)
    # Somebody with the operator's keys forces every row of the older backup back in: no pepper, so no slot opens.
    _, snapshot = backup.repository.snapshot(older)
    with there.database.write(EVERYONE) as connection:
        for name in snapshot.chunks:
            for identity in snapshot.ids(name):
                chunk = Chunk.from_bytes(backup.repository.chunk(identity))
                if "person_id" in chunk.columns:
                    load(connection, chunk.without(lambda person: person != opened.person))
    assert {"person", "login", "key_slot", "segment"} <= rows_naming(there, opened.person)
    for way in (by_passphrase(PASSPHRASE), by_kit(read_kit(opened.kit))):
        with pytest.raises(NotFound):
            open_vault_key(there, opened.person, way)
    assert codes(there) == {"keyring_missing", "document_missing"}
    there.close()


def test_without_the_object_store_erasing_says_so_and_the_space_is_shut_already(
    cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = PersonId(live(cockpit, "camille", deposits=1).person)

    def away(*_: object) -> NoReturn:
        raise OperatorMustAct("the object store did not answer", code="objects")

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "discard", away)
        with pytest.raises(OperatorMustAct):
            erase_space(cockpit, person)
    with pytest.raises(NotFound):
        cockpit.keyrings.pepper(person)
    assert erase_space(cockpit, person).documents == 2


def log_size(cockpit: Cockpit) -> int:
    with cockpit.database.read() as connection:
        return cockpit.ledger.checkpoint(connection)[0]
