"""A disk that forgets: from a trace of what a process wrote, the states it may be in after a power cut.

What was synced is there. Of what was written since, any part may be: each write kept or not, some torn at sectors of
512 bytes. A name (made, moved, removed) is lasting once its folder is synced, and not before: syncing the file it names
is not enough (POSIX promises no more). Until then those of a folder may be there up to any one of them, in their order.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
_HEAD = struct.Struct("=cQII")


@dataclass(frozen=True)
class Operation:
    """One entry of the trace. For a move, ``data`` is the new path."""

    what: str
    path: str
    offset: int
    data: bytes


def read_trace(trace: Path) -> list[Operation]:
    """Every operation, in order."""
    raw, found, at = trace.read_bytes(), [], 0
    while at < len(raw):
        what, offset, path_size, data_size = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        path = raw[at : at + path_size].decode()
        found.append(Operation(what.decode(), path, offset, raw[at + path_size : at + path_size + data_size]))
        at += path_size + data_size
    return found


@dataclass
class _File:
    """A file's bytes: those on the disk for certain, and the changes that are not."""

    lasting: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.lasting, change, len(change.data))
        self.pending.clear()

    def after_cut(self, chance: random.Random) -> bytes:
        content = bytearray(self.lasting)
        keep = chance.choice((0.0, 0.5, 0.9, 1.0))
        for change in self.pending:
            if chance.random() >= keep:
                continue
            torn = chance.random() < 0.2
            size = chance.randrange(0, len(change.data) + 1, SECTOR) if torn and change.data else len(change.data)
            _apply(content, change, size)
        return bytes(content)


class Disk:
    """The files of a directory as the trace goes on."""

    def __init__(self) -> None:
        self._names: dict[str, _File] = {}
        self._lasting: dict[str, _File] = {}
        self._renames: list[Operation] = []
        self._made: dict[int, _File] = {}

    def step(self, operation: Operation) -> None:
        """Go on by one operation."""
        match operation.what:
            case "w" | "t":
                self._named(operation.path).pending.append(operation)
            case "s":
                if operation.path in self._names:
                    self._names[operation.path].sync()
                else:
                    self._settle(operation.path)
            case _:
                if operation.what == "c":
                    self._names[operation.path] = self._made[id(operation)] = _File()
                _rename(self._names, operation)
                self._renames.append(operation)

    def after_cut(self, chance: random.Random) -> dict[str, bytes]:
        """One state that the directory may be in if the power went now."""
        names = dict(self._lasting)
        for operation in self._renames[: chance.randint(0, len(self._renames))]:
            if operation.what == "c":
                names[operation.path] = self._made[id(operation)]
            _rename(names, operation)
        return {path: file.after_cut(chance) for path, file in names.items()}

    def _named(self, path: str) -> _File:
        if path not in self._names:
            # Opened before the trace began, or under a name that a folder's move gave it.
            self._names[path] = self._lasting[path] = _File()
        return self._names[path]

    def _settle(self, folder: str) -> None:
        waiting = []
        for operation in self._renames:
            if _folder(operation) != folder.rstrip("/"):
                waiting.append(operation)
                continue
            if operation.what == "c":
                self._lasting[operation.path] = self._made[id(operation)]
            _rename(self._lasting, operation)
        self._renames = waiting


def cuts(trace: list[Operation], points: list[int], seed: int) -> Iterator[tuple[int, dict[str, bytes]]]:
    """For each point of the trace, a state of the directory after a cut there."""
    chance, disk, wanted = random.Random(seed), Disk(), sorted(points)
    for number, operation in enumerate(trace):
        while wanted and wanted[0] == number:
            wanted.pop(0)
            yield number, disk.after_cut(chance)
        disk.step(operation)


def _folder(operation: Operation) -> str:
    # Of a move, the folder it goes to: that is the one whose sync makes it safe.
    path = operation.data.decode() if operation.what in "rl" else operation.path
    return path.rpartition("/")[0]


def _apply(content: bytearray, change: Operation, size: int) -> None:
    if change.what == "t":
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    if len(content) < change.offset:
        content.extend(bytes(change.offset - len(content)))
    content[change.offset : change.offset + size] = change.data[:size]


def _rename(names: dict[str, _File], operation: Operation) -> None:
    if operation.what == "u":
        names.pop(operation.path, None)
    elif operation.what in "rl" and operation.path in names:
        names[operation.data.decode()] = names[operation.path]
        if operation.what == "r":
            del names[operation.path]
