"""A witness that is asked over a pipe and kills itself, as kill -9 would, before a given line of its own code.

A line in: how many lines of the witness's code to let pass (0: all), and a request. A line out: status and body.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import cockpit.witness
from cockpit.tlog.note import parse_vkey
from cockpit.witness.cosigning import Witness
from cockpit.witness.identity import load_or_create_identity
from cockpit.witness.memory import Memory

ROOM = str(Path(cockpit.witness.__file__).parent)


def killing_before(line: int) -> Any:
    """A trace function that counts the lines of the room, and ends the process without a word at this one."""
    passed = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal passed
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        if event == "line":
            passed += 1
            if passed == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def main(folder: Path, vkey: str) -> None:
    identity = load_or_create_identity(folder, "w.example")
    witness = Witness(identity, (parse_vkey(vkey),), Memory(folder / "witness.sqlite"), lambda: 1)
    for asked in sys.stdin:
        line, _, body = asked.strip().partition(" ")
        sys.settrace(killing_before(int(line)) if int(line) else None)
        answer = witness.add_checkpoint(bytes.fromhex(body))
        sys.settrace(None)
        print(answer.status, answer.body.hex(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
