"""The very first start is stopped at any moment, or done by several at once: the next start goes on from there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing import file_master, operator
from cockpit.sealing.files import write_key_file
from tests.faults.bringing import begun, cockpit_in

FILES = ("operator.key", "operator.secret", "log.pem", "receipts.pem")


class Stopped(BaseException):
    """What a kill is to the process: nothing is tidied up."""


def stop_at(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let ``count`` files of keys be written, then stop."""
    left = [count]

    def write(path: Path, content: bytes) -> None:
        if not left[0]:
            raise Stopped
        left[0] -= 1
        write_key_file(path, content)

    for module in (operator, file_master):
        monkeypatch.setattr(module, "write_key_file", write)


@pytest.mark.parametrize("count", range(len(FILES) + 1))
def test_stopped_between_two_keys_it_goes_on_and_keeps_those_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    with monkeypatch.context() as stopping:
        stop_at(stopping, count)
        if count < len(FILES):
            with pytest.raises(Stopped):
                cockpit_in(tmp_path / "data")
    keys = tmp_path / "data" / "keys"
    before = {name: (keys / name).read_bytes() for name in FILES[:count] if (keys / name).exists()}
    cockpit = cockpit_in(tmp_path / "data")
    cockpit.close()
    assert {path.name for path in keys.iterdir()} == set(FILES)
    assert before == {name: (keys / name).read_bytes() for name in before}


def test_keys_that_are_missing_without_an_interrupted_beginning_are_not_made(tmp_path: Path) -> None:
    cockpit_in(tmp_path / "data").close()
    (tmp_path / "data" / "keys" / "operator.secret").unlink()
    with pytest.raises(OperatorMustAct, match=r"operator\.secret is missing"):
        cockpit_in(tmp_path / "data")


def test_the_mark_of_a_beginning_makes_nobody_replace_keys_that_something_is_sealed_under(tmp_path: Path) -> None:
    begun(tmp_path / "data")
    keys = tmp_path / "data" / "keys"
    (keys / "beginning").touch(0o600)
    (keys / "operator.secret").unlink()
    with pytest.raises(OperatorMustAct, match=r"operator\.secret is missing"):
        cockpit_in(tmp_path / "data")


def test_four_programs_that_begin_together_have_one_set_of_keys(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from tests.faults.bringing import cockpit_in; sys.stdin.read()\n"
    program += "print(cockpit_in(Path(sys.argv[1])).operator.secret.hex())"
    command = [sys.executable, "-c", program, str(tmp_path / "data")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for one in started:
        assert one.stdin is not None
        one.stdin.close()
    secrets = set()
    for one in started:
        assert one.stdout is not None
        with one.stdout:
            secrets.add(one.stdout.read().strip())
        assert one.wait(60) == 0
    assert len(secrets) == 1
    assert all(secrets)


def test_folders_are_settled_in_those_above_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """POSIX keeps a name once its folder is synced: without that a power cut may take all documents, or everything."""
    settled: list[Path] = []
    flush = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (settled.append(Path(f"/proc/self/fd/{fd}").readlink()), flush(fd))[1])
    cockpit_in(tmp_path / "home" / "data").close()
    data = tmp_path / "home" / "data"
    assert {tmp_path, data.parent, data, data / "keys"} <= set(settled)
    # The documents' folder is made last, so the folder above is settled once more after the keys.
    assert max(index for index, path in enumerate(settled) if path == data) > settled.index(data / "keys")
