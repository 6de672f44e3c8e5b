"""The parent's hold on one reading child: start it bare, feed it, hear its frames within limits, end it."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from cockpit.sources import wire
from cockpit.sources.child import OUT_OF_MEMORY

BOOT = (
    "import json, sys; paths, limits = json.loads(sys.argv[1]); sys.path[:] = paths; "
    "from cockpit.sources.child import main; main(*limits)"
)
"""The child's only line of program. It is isolated (-I) and skips ``site`` (-S), so its import path is ours to give."""

CHUNK = 256 * 1024
POLL_SECONDS = 0.1
"""How soon a cancellation is noticed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    ``memory_bytes``, ``cpu_seconds`` and ``open_files`` are kept by the kernel in the child; ``wall_seconds`` (time
    spent waiting for the child, not for the reader of its outcomes), ``outcomes`` and ``output_bytes`` by the parent.
    """

    memory_bytes: int = 1536 * 1024 * 1024
    cpu_seconds: int = 60
    open_files: int = 64
    wall_seconds: float = 90.0
    outcomes: int = 2_000_000
    output_bytes: int = 512 * 1024 * 1024


DEFAULT = Limits()


class Ending(StrEnum):
    """Why a child was ended, or ended, before it was done."""

    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"
    CANCELLED = "cancelled"
    CRASHED = "crashed"


class Ended(Exception):
    """The child will say no more; ``ending`` tells why. Never leaves ``cockpit.sources``."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.value)
        self.ending = ending


class Child:
    """One reading child and the job it was given. Use as a context manager: leaving it ends the process."""

    def __init__(self, job: wire.Job | wire.Depict, limits: Limits, cancelled: Callable[[], bool]) -> None:
        self._limits = limits
        self._cancelled = cancelled
        self._unsent = memoryview(wire.pack(job))
        self._buffer = bytearray()
        self._heard = 0
        self._waited = 0.0
        self._process = _start(limits)
        self._selector = selectors.DefaultSelector()
        assert self._process.stdin and self._process.stdout
        self._stdin, self._stdout = self._process.stdin.fileno(), self._process.stdout.fileno()
        for descriptor, event in ((self._stdin, selectors.EVENT_WRITE), (self._stdout, selectors.EVENT_READ)):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, event)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait()

    def frames(self) -> Iterator[wire.Frame]:
        """Each frame up to and including ``Done``. Raises ``Ended``."""
        count = 0
        while True:
            frame = self._next_frame()
            yield frame
            if isinstance(frame, wire.Done):
                return
            count += 1
            if count > self._limits.outcomes:
                raise Ended(Ending.OUTPUT)

    def _next_frame(self) -> wire.Frame:
        head = self._take(wire.LENGTH.size)
        (length,) = wire.LENGTH.unpack(head)
        if self._heard - len(self._buffer) + length > self._limits.output_bytes:
            raise Ended(Ending.OUTPUT)
        try:
            return wire.unpack(self._take(length))
        except (msgspec.DecodeError, RecursionError):
            raise Ended(Ending.CRASHED) from None

    def _take(self, length: int) -> bytearray:
        while len(self._buffer) < length:
            self._exchange()
        taken = self._buffer[:length]
        del self._buffer[:length]
        return taken

    def _exchange(self) -> None:
        """Wait for the pipes once: send what can be sent, hear what can be heard."""
        if self._cancelled():
            raise Ended(Ending.CANCELLED)
        began = time.monotonic()
        ready = self._selector.select(POLL_SECONDS)
        self._waited += time.monotonic() - began
        if self._waited > self._limits.wall_seconds:
            raise Ended(Ending.TIME)
        for key, _ in ready:
            if key.fd == self._stdin:
                self._send()
            else:
                self._hear()

    def _send(self) -> None:
        try:
            sent = os.write(self._stdin, self._unsent[:CHUNK])
        except BrokenPipeError:
            # The child is gone; why, its output pipe and exit status will tell.
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._selector.unregister(self._stdin)
            assert self._process.stdin
            self._process.stdin.close()

    def _hear(self) -> None:
        chunk = os.read(self._stdout, CHUNK)
        if not chunk:
            raise Ended(self._post_mortem())
        self._heard += len(chunk)
        self._buffer += chunk

    def _post_mortem(self) -> Ending:
        """Why the child closed its pipe, from its exit status."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return Ending.CRASHED
        endings = {OUT_OF_MEMORY: Ending.MEMORY, -signal.SIGXCPU: Ending.TIME, -signal.SIGKILL: Ending.MEMORY}
        return endings.get(status, Ending.CRASHED)


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    """A fresh interpreter with our import path and nothing else of ours: no environment, no descriptor, no cwd."""
    paths = [str(Path(path).resolve()) for path in sys.path]
    boot = json.dumps([paths, [limits.memory_bytes, limits.cpu_seconds, limits.open_files]])
    return subprocess.Popen(  # noqa: S603 - our own interpreter, with our own arguments
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", BOOT, boot],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A traceback could quote the file, so nobody hears it.
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
        cwd="/",
        bufsize=0,
        start_new_session=True,
    )
