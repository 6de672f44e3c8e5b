"""What a remote master has unwrapped is remembered for a minute, within bounds; a file's master is asked each time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cockpit.domain.errors import Tampered
from cockpit.sealing.file_master import FileMaster
from cockpit.sealing.remembered import Remembered


@dataclass
class Counted:
    """A real master, counting how often it is asked, and calling itself remote."""

    file: FileMaster
    remote: bool = True
    asked: list[str] = field(default_factory=list)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        self.asked.append(context)
        return self.file.unwrap(wrapped, context)


@pytest.fixture
def counted(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    master = FileMaster(tmp_path_factory.mktemp("k") / "operator.key")
    master.begin()
    return Counted(master)


def test_a_secret_is_asked_for_once_a_minute(counted: Counted) -> None:
    now = [0.0]
    remembered = Remembered(counted, clock=lambda: now[0])  # type: ignore[arg-type]
    wrapped = counted.file.wrap(b"x", "a")
    for moment, asked in ((0.0, 1), (59.9, 1), (60.0, 2), (61.0, 2), (121.0, 3)):
        now[0] = moment
        assert remembered.unwrap(wrapped, "a") == b"x"
        assert len(counted.asked) == asked, moment
    assert "x" not in repr(remembered)


def test_what_is_remembered_opens_in_its_place_only(counted: Counted) -> None:
    remembered = Remembered(counted)  # type: ignore[arg-type]
    wrapped = counted.file.wrap(b"x", "a")
    remembered.unwrap(wrapped, "a")
    with pytest.raises(Tampered):
        remembered.unwrap(wrapped, "b")


def test_no_more_than_its_bound_is_kept(counted: Counted) -> None:
    remembered = Remembered(counted, secrets=3)  # type: ignore[arg-type]
    wrapped = [(counted.file.wrap(b"x", str(n)), str(n)) for n in range(5)]
    for value, context in wrapped:
        remembered.unwrap(value, context)
    assert len(remembered._kept) == 3
    remembered.unwrap(*wrapped[4])
    remembered.unwrap(*wrapped[0])
    assert counted.asked == ["0", "1", "2", "3", "4", "0"]


def test_a_master_on_this_machine_is_asked_each_time(counted: Counted) -> None:
    counted.remote = False
    remembered = Remembered(counted)  # type: ignore[arg-type]
    wrapped = counted.file.wrap(b"x", "a")
    assert remembered.unwrap(wrapped, "a") == remembered.unwrap(wrapped, "a") == b"x"
    assert counted.asked == ["a", "a"]
    assert not remembered._kept
