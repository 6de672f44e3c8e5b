"""The master in a file: who may read it, and what a damaged or replaced file does."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing import files
from cockpit.sealing.file_master import FileMaster, open_file_master


@pytest.fixture
def path(tmp_path: Path) -> Path:
    FileMaster(tmp_path / "operator.key").begin()
    return tmp_path / "operator.key"


def test_only_its_account_may_read_it_also_after_a_rotation(path: Path) -> None:
    FileMaster(path).rotate()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [version["version"] for version in json.loads(path.read_text())["versions"]] == [2, 1]
    assert [entry.name for entry in path.parent.iterdir()] == ["operator.key"]


def test_a_key_that_is_there_is_never_replaced_by_a_first_one(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(OperatorMustAct, match="there already"):
        FileMaster(path).begin()
    assert path.read_bytes() == before


def test_a_rotation_by_another_process_is_seen_at_once(path: Path) -> None:
    server, shell = FileMaster(path), FileMaster(path)
    wrapped = server.wrap(b"x", "a")
    shell.rotate()
    assert server.newest() == "file:v2"
    assert server.unwrap(shell.wrap(b"y", "a"), "a") == b"y"
    assert shell.unwrap(wrapped, "a") == b"x"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 32,
        b"{}",
        b'{"versions": []}',
        b'{"versions": [{"version": 1, "key": "AAAA"}]}',
        b'{"versions": [{"version": 0, "key": "' + b"A" * 43 + b'="}]}',
        b'{"versions": [{"version": 1, "key": "' + b"A" * 43 + b'=", "more": 1}]}',
        b'{"versions": ['
        + b", ".join(b'{"version": %d, "key": "' % number + b"A" * 43 + b'="}' for number in (1, 2))
        + b"]}",
    ],
)
def test_a_damaged_file_is_the_operators_to_restore(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(OperatorMustAct, match="damaged"):
        FileMaster(path).newest()


def test_a_missing_or_open_file_is_refused(path: Path) -> None:
    path.chmod(0o640)
    with pytest.raises(OperatorMustAct, match="chmod 600"):
        FileMaster(path).wrap(b"x", "a")
    path.unlink()
    with pytest.raises(OperatorMustAct, match="missing"):
        FileMaster(path).wrap(b"x", "a")


def test_an_interrupted_writing_leaves_the_old_file_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        FileMaster(path).rotate()
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["operator.key"]


def test_the_file_may_lie_elsewhere_and_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    open_file_master(tmp_path, {"file": str(tmp_path / "usb.key")}).begin()
    assert (tmp_path / "usb.key").is_file()
    with pytest.raises(OperatorMustAct, match="COCKPIT_MASTER_URL"):
        open_file_master(tmp_path, {"url": "https://bao.example"})
