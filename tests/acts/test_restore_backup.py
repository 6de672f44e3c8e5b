"""Restoring: only what was saved, only where nothing is, and nobody who was erased since."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Connection, text

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.restore_backup import Target, rehearse, restore
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.errors import NotFound, OperatorMustAct, Tampered, WrongSecret
from cockpit.sealing.operator import OperatorKeys, load_or_create, open_master
from cockpit.settings import Settings
from cockpit.store import migrations
from cockpit.store.upkeep import database_at
from cockpit.store.walls import EVERYONE
from tests.acts.operations import BANK, PASSPHRASE, backup_in, codes, live, saved
from tests.conftest import MovingClock
from tests.postgresql import OWNER, Cluster

CHANGES = ("flip", "cut", "swap", "remove")


def change(path: Path, other: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "flip":
        path.write_bytes(content[:-40] + bytes([content[-40] ^ 1]) + content[-39:])
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "swap":
        path.write_bytes(other.read_bytes())
    else:
        path.unlink()


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("part", ["chunks", "snapshots", "apart"])
def test_a_changed_backup_is_refused(cockpit: Cockpit, clock: MovingClock, tmp_path: Path, part: str, how: str) -> None:
    live(cockpit, "camille", deposits=1)
    saved(cockpit, tmp_path)
    clock.forward(hours=1)
    saved(cockpit, tmp_path)
    folder = tmp_path / "apart" if part == "apart" else tmp_path / "backup" / part
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    newest = found[-1]
    other = found[0] if part != "apart" else next(p for p in (tmp_path / "backup/chunks").rglob("*") if p.is_file())
    if (part, how) == ("snapshots", "remove"):
        change(newest, other, how)
        # A snapshot that is gone is not missed: the one before is the newest.
        assert restore(backup_in(tmp_path, cockpit.operator), Target(tmp_path / "new")).snapshot == other.name
        return
    change(newest, other, how)
    with pytest.raises(Tampered if (part, how) != ("apart", "remove") else NotFound):
        restore(backup_in(tmp_path, cockpit.operator), Target(tmp_path / "new"))


@pytest.mark.parametrize("how", CHANGES)
def test_a_changed_document_is_found_by_a_rehearsal(cockpit: Cockpit, tmp_path: Path, how: str) -> None:
    live(cockpit, "camille")
    saved(cockpit, tmp_path)
    first, second, *_ = sorted(path for path in (tmp_path / "backup/objects").rglob("*") if path.is_file())
    change(first, second, how)
    rehearsed = rehearse(backup_in(tmp_path, cockpit.operator), ("camille", PASSPHRASE), cockpit.clock)
    assert rehearsed.restored.lost or {found.code for found in rehearsed.findings} == {"does_not_open"}


def test_a_backup_of_other_keys_is_refused(cockpit: Cockpit, tmp_path: Path) -> None:
    live(cockpit, "camille", deposits=1)
    saved(cockpit, tmp_path)
    folder = tmp_path / "other"
    stranger: OperatorKeys = load_or_create(folder, open_master("file", folder, {}), new=True)
    with pytest.raises(Tampered, match="somebody else"):
        restore(backup_in(tmp_path, stranger), Target(tmp_path / "new"))


def test_a_restored_deployment_serves_as_the_first_did(cockpit: Cockpit, clock: MovingClock, tmp_path: Path) -> None:
    live(cockpit, "camille")
    saved(cockpit, tmp_path)
    target = tmp_path / "new"
    restore(backup_in(tmp_path, cockpit.operator), Target(target))
    shutil.copytree(cockpit.settings.keys_folder, target / "keys")
    again = build(Settings(data=target, argon2_memory_kib=64), clock)
    visit = recognise(again, sign_in(again, "camille", PASSPHRASE))
    assert visit is not None
    assert visit.keyring is not None
    with again.spaces.read(visit.keyring) as reader:
        assert reader.count(BANK) == 17
        (blob,) = {stored.blob for stored in reader.newest(BANK, 1)}
        assert blob is not None
        assert b"KANARIENVOGEL" in reader.file(blob)
    # Nobody is signed in there: sessions are not saved.
    assert codes(again) == set()
    again.close()


def test_nothing_is_restored_over_anything(cockpit: Cockpit, tmp_path: Path) -> None:
    live(cockpit, "camille", deposits=1)
    saved(cockpit, tmp_path)
    backup = backup_in(tmp_path, cockpit.operator)
    with pytest.raises(OperatorMustAct, match="not empty"):
        restore(backup, Target(cockpit.settings.data))
    with pytest.raises(OperatorMustAct, match="not empty"):
        restore(backup, Target(tmp_path / "new", cockpit.settings.database_url))
    assert codes(cockpit) == set()


def test_a_rehearsal_leaves_no_trace_and_touches_nothing(
    cockpit: Cockpit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(cockpit, "camille", deposits=1)
    saved(cockpit, tmp_path)
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    roots = (tmp_path / "backup", tmp_path / "apart", cockpit.settings.data / "objects")
    before = {path: path.stat().st_mtime_ns for path in itertools.chain(*(root.rglob("*") for root in roots))}
    rehearse(backup_in(tmp_path, cockpit.operator), None, cockpit.clock)
    with pytest.raises(WrongSecret):
        rehearse(backup_in(tmp_path, cockpit.operator), ("camille", "not the passphrase"), cockpit.clock)
    assert list(aside.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_older_snapshot_can_be_chosen(cockpit: Cockpit, clock: MovingClock, tmp_path: Path) -> None:
    live(cockpit, "camille", deposits=1)
    first = saved(cockpit, tmp_path)
    clock.forward(days=2)
    live(cockpit, "dominique", deposits=1)
    saved(cockpit, tmp_path)
    clock.forward(days=2)
    rehearsed = rehearse(backup_in(tmp_path, cockpit.operator), None, cockpit.clock, first.snapshot)
    assert (rehearsed.restored.persons, rehearsed.findings) == (1, [])
    with pytest.raises(NotFound):
        rehearse(backup_in(tmp_path, cockpit.operator), None, cockpit.clock, "2020-01-01T000000Z-00000000")


@pytest.mark.postgresql
def test_a_backup_moves_from_one_engine_to_the_other(clock: MovingClock, tmp_path: Path, postgresql: Cluster) -> None:
    here = build(Settings(data=tmp_path / "data", argon2_memory_kib=64), clock)
    live(here, "camille")
    saved(here, tmp_path)
    backup = backup_in(tmp_path, here.operator)
    empty = postgresql.empty()
    with postgresql.database() as served:
        # An empty database, by its owner; and one with tables, by a role that may change rows alone.
        for folder, address in (("owner", postgresql.address(empty, OWNER)), ("server", postgresql.address(served))):
            target = tmp_path / folder
            assert restore(backup, Target(target, address)).persons == 1
            shutil.copytree(here.settings.keys_folder, target / "keys")
            there = build(Settings(data=target, argon2_memory_kib=64, database=address), clock)
            assert codes(there) == set()
            assert sign_in(there, "camille", PASSPHRASE)
            back = tmp_path / f"{folder}-back"
            saved(there, back)
            assert rehearse(backup_in(back, there.operator), ("camille", PASSPHRASE), clock).findings == []
            there.close()
    here.close()


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A version of the cockpit to come, whose revision adds a column and fills it."""
    revision, folder = "next", tmp_path / "versions"
    folder.mkdir()
    (folder / "next.py").write_text(
        f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{revision}", "{migrations.HEAD}", None, None


def upgrade():
    op.add_column("person", sa.Column("greeted", sa.Integer))
    op.execute("UPDATE person SET greeted = 1")
"""
    )
    before = migrations.configuration

    def configuration(connection: Connection | None = None) -> Config:
        config = before(connection)
        config.set_main_option("version_locations", f"{migrations.HERE / 'versions'}\n{folder}")
        return config

    monkeypatch.setattr(migrations, "configuration", configuration)
    monkeypatch.setattr(migrations, "HEAD", revision)
    return revision


def test_a_backup_of_an_older_version_is_brought_to_this_one(
    cockpit: Cockpit, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    live(cockpit, "camille", deposits=1)
    saved(cockpit, tmp_path)
    expected = request.getfixturevalue("next_version")
    target = tmp_path / "new"
    assert restore(backup_in(tmp_path, cockpit.operator), Target(target)).persons == 1
    with database_at(f"sqlite:///{target / 'cockpit.sqlite'}") as database, database.read(EVERYONE) as connection:
        assert migrations.revision(connection) == expected
        assert connection.execute(text("SELECT greeted FROM person")).scalars().all() == [1]


def test_a_backup_of_a_newer_version_is_refused(
    cockpit: Cockpit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(cockpit, "camille", deposits=1)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "revision", lambda _: "9999")
        saved(cockpit, tmp_path)
    with pytest.raises(OperatorMustAct, match="newer"):
        restore(backup_in(tmp_path, cockpit.operator), Target(tmp_path / "new"))
