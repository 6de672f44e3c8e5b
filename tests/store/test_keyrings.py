"""The keyring is a database of its own: what is shredded there stays shredded, and a crash in between harms nobody."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import HandleTaken, OpenedSpace, open_space
from cockpit.acts.rotate_operator_key import rotate_operator_key
from cockpit.acts.sign_in import sign_in, sign_in_with_kit
from cockpit.acts.sweep_keyring import sweep_keyring
from cockpit.bootstrap import build
from cockpit.domain.errors import NotFound, OperatorMustAct, Tampered, WeMustFix
from cockpit.sealing.box import new_key
from cockpit.settings import Settings
from cockpit.store import keyrings, tables
from cockpit.store.keyrings import OperatorSecrets
from cockpit.store.walls import EVERYONE
from tests.conftest import PASSPHRASE, MovingClock


def rows(cockpit: Cockpit) -> int:
    with cockpit.keyrings.database.read(EVERYONE) as connection:
        return len(connection.execute(select(keyrings.keyring)).all())


def test_the_main_database_holds_no_pepper_not_even_wrapped(cockpit: Cockpit, opened: OpenedSpace) -> None:
    assert "keyring" not in inspect(cockpit.database.engine).get_table_names()
    with cockpit.keyrings.database.read(EVERYONE) as connection:
        row = connection.execute(select(keyrings.keyring)).one()
    cockpit.close()
    main = b"".join(path.read_bytes() for path in cockpit.settings.data.glob("cockpit.sqlite*"))
    for wrapped in (row.wrapped_pepper, row.wrapped_tag_key, row.wrapped_source_key):
        assert wrapped.startswith(b"file:v1:")
        assert wrapped[8:] not in main


def test_a_shredded_person_stays_shredded_whatever_backup_of_the_database_comes_back(
    cockpit: Cockpit, opened: OpenedSpace, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.sqlite"
    with sqlite3.connect(cockpit.settings.database_file) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    source.close()
    target.close()
    pepper = cockpit.keyrings.pepper(opened.person)
    cockpit.keyrings.shred(opened.person)
    cockpit.keyrings.shred(opened.person)
    cockpit.close()
    for path in cockpit.settings.data.glob("cockpit.sqlite*"):
        path.unlink()
    shutil.copy(backup, cockpit.settings.database_file)
    restored = build(cockpit.settings)
    for way in (
        lambda: sign_in(restored, "camille", PASSPHRASE),
        lambda: sign_in_with_kit(restored, "camille", opened.kit),
    ):
        with pytest.raises(NotFound):
            way()
    restored.close()
    # secure_delete overwrites the row: the wrapped pepper is not left in the file either.
    assert cockpit.settings.keyring_file is not None
    left = b"".join(path.read_bytes() for path in cockpit.settings.data.glob("keyring.sqlite"))
    assert b"file:v1:" not in left
    assert pepper not in left


def test_secrets_of_another_person_are_not_taken_for_ones_own(cockpit: Cockpit, opened: OpenedSpace) -> None:
    other = open_space(cockpit, "dominique", PASSPHRASE, "Dominique", "fr").person
    with cockpit.keyrings.database.write(EVERYONE) as connection:
        connection.exec_driver_sql(
            "UPDATE keyring SET wrapped_pepper = (SELECT wrapped_pepper FROM keyring WHERE person_id = ?)"
            " WHERE person_id = ?",
            (other, opened.person),
        )
    with pytest.raises(Tampered):
        cockpit.keyrings.pepper(opened.person)


KILLED_BETWEEN = """
import os, signal, sys
from cockpit.acts.open_space import open_space
from cockpit.bootstrap import build
from cockpit.settings import Settings
from cockpit.store import people
from cockpit.store.walls import EVERYONE
from pathlib import Path
people.insert_person = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
open_space(build(Settings(data=Path(sys.argv[1]), argon2_memory_kib=64)), "camille", sys.argv[2], "Camille", "fr")
"""


def test_a_crash_between_the_two_databases_leaves_secrets_of_nobody_and_the_person_tries_again(
    cockpit: Cockpit, clock: MovingClock
) -> None:
    command = [sys.executable, "-c", KILLED_BETWEEN, str(cockpit.settings.data), PASSPHRASE]
    assert subprocess.run(command, check=False, timeout=60).returncode == -9
    assert rows(cockpit) == 1
    with cockpit.database.read(EVERYONE) as connection:
        assert not connection.execute(select(tables.person)).all()
    open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr")
    sign_in(cockpit, "camille", PASSPHRASE)
    assert rotate_operator_key(cockpit).rows == 2
    clock.now += timedelta(days=400)
    assert sweep_keyring(cockpit, destroy=False) == 1
    assert rows(cockpit) == 2
    assert sweep_keyring(cockpit, destroy=True) == 1
    assert rows(cockpit) == 1
    sign_in(cockpit, "camille", PASSPHRASE)


def test_a_row_of_today_is_not_swept(cockpit: Cockpit, clock: MovingClock) -> None:
    cockpit.keyrings.put("f" * 32, OperatorSecrets(new_key(), new_key(), new_key()), "2026-11-23T09:00:00Z")  # type: ignore[arg-type]
    assert sweep_keyring(cockpit, destroy=True) == 0
    clock.forward(days=1, minutes=1)
    assert sweep_keyring(cockpit, destroy=True) == 1


def test_a_name_that_is_taken_leaves_no_secrets(cockpit: Cockpit, opened: OpenedSpace) -> None:
    with pytest.raises(HandleTaken):
        open_space(cockpit, "camille", PASSPHRASE, "Autre", "fr")
    assert rows(cockpit) == 1


def test_a_database_without_its_keyring_is_not_given_an_empty_one(cockpit: Cockpit, visit: Visit) -> None:
    cockpit.close()
    for path in cockpit.settings.data.glob("keyring.sqlite*"):
        path.unlink()
    with pytest.raises(OperatorMustAct, match=r"keyring\.sqlite is missing"):
        build(cockpit.settings)
    assert not (cockpit.settings.data / "keyring.sqlite").exists()


def test_the_keyring_may_lie_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.sqlite"
    made = build(Settings(data=tmp_path / "data", argon2_memory_kib=64, keyring=f"sqlite:///{elsewhere}"))
    open_space(made, "camille", PASSPHRASE, "Camille", "fr")
    sign_in(made, "camille", PASSPHRASE)
    made.close()
    assert elsewhere.exists()
    assert not (tmp_path / "data" / "keyring.sqlite").exists()


def test_keys_of_another_deployment_are_refused_at_the_start(cockpit: Cockpit, visit: Visit, tmp_path: Path) -> None:
    cockpit.close()
    build(Settings(data=tmp_path / "other")).close()
    shutil.rmtree(cockpit.settings.keys_folder)
    shutil.copytree(tmp_path / "other" / "keys", cockpit.settings.keys_folder)
    with pytest.raises(OperatorMustAct, match="do not belong together"):
        build(cockpit.settings)


def test_new_keys_beside_a_keyring_elsewhere_that_has_rows_are_refused(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path / "data", argon2_memory_kib=64, keyring=f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    )
    made = build(settings)
    open_space(made, "camille", PASSPHRASE, "Camille", "fr")
    made.close()
    shutil.rmtree(settings.data)
    with pytest.raises(OperatorMustAct, match="do not belong together"):
        build(settings)


@pytest.mark.parametrize("address", ["nonsense", "floppy://a", "sqlite:////nowhere/at/all/keyring.sqlite"])
def test_an_address_that_leads_nowhere_is_the_operators_to_mend(tmp_path: Path, address: str) -> None:
    with pytest.raises(OperatorMustAct):
        build(Settings(data=tmp_path / "data", keyring=address))


def test_a_row_that_names_no_version_is_damage(cockpit: Cockpit, opened: OpenedSpace) -> None:
    with cockpit.keyrings.database.write(EVERYONE) as connection:
        connection.exec_driver_sql("UPDATE keyring SET wrapped_pepper = x'00'")
    with pytest.raises(WeMustFix):
        cockpit.keyrings.pepper(opened.person)
    with pytest.raises(WeMustFix):
        rotate_operator_key(cockpit)
