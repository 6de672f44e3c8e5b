"""Killed before any line of its code, a witness never cosigns two roots at a size, never goes back, and goes on."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cockpit.sealing.signing import SigningKey
from cockpit.witness.request import AddCheckpoint, print_request
from tests.published_log import PublishedLog, events

LINES = 96
"""As many lines as one cosigned request runs through, or a few more: then the last kills find it done."""


class Killed(Exception):
    """The witness died before it answered."""


class Piped:
    """The witness of ``tests.witness.killed``, in a process of its own."""

    def __init__(self, folder: Path, vkey: str) -> None:
        command = [sys.executable, "-m", "tests.witness.killed", str(folder), vkey]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, log: PublishedLog, old: int, new: int, before: int = 0) -> int:
        """The status answered; the process is killed before its line ``before`` when that is not 0."""
        body = print_request(AddCheckpoint(old, tuple(log.consistency(old, new)), log.note(new)))
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{before} {body.hex()}\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        if not said:
            assert self.process.wait() == -9
            self.close()
            raise Killed
        return int(said.partition(" ")[0])

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def survive(folder: Path, lines: list[int]) -> tuple[int, int]:
    """Kill before each of these lines; how often the checkpoint was remembered all the same, and how often not."""
    key = SigningKey.generate()
    word, another = "a", "b"
    log = PublishedLog(events(2 * len(lines), word), key)
    remembered = forgotten = size = 0
    witness = Piped(folder, log.verifier.vkey())
    for line in lines:
        with suppress(Killed):
            # No answer was given when it is killed; given one, the other history below must be refused.
            assert witness.ask(log, size, size + 2, line) == 200
            witness.close()
        witness = Piped(folder, log.verifier.vkey())
        other = PublishedLog([*log.leaves[:size], *events(2 * len(lines), another)[size:]], key)
        # The other history tries the same step: whichever was remembered first stays.
        if witness.ask(other, size, size + 2) == 200:
            forgotten += 1
            assert witness.ask(log, size, size + 2) == witness.ask(log, size + 2, size + 2) == 409
            log, word, another = other, another, word
        else:
            remembered += 1
            assert witness.ask(other, size + 2, size + 2) == 409
        # It goes on: the answer that was lost is given when asked for again.
        assert witness.ask(log, size + 2, size + 2) == 200
        assert witness.ask(log, size, size) == 409 or size == 0
        size += 2
    witness.close()
    return remembered, forgotten


def test_twenty_kills_spread_over_its_lines(tmp_path: Path) -> None:
    remembered, forgotten = survive(tmp_path / "data", [round(1 + number * (LINES - 1) / 19) for number in range(20)])
    # Some died before it was written and some after: else the kills were all at one side.
    assert remembered >= 2 and forgotten >= 5


@pytest.mark.faults
def test_a_kill_before_each_of_its_lines(tmp_path: Path) -> None:
    for again in range(3):
        remembered, forgotten = survive(tmp_path / str(again), list(range(1, LINES + 1)))
        assert remembered >= 5 and forgotten >= 20
