"""What the reading child gives up before it touches a byte: memory, time, files, processes and the network.

Two layers, and what each is worth. The resource limits are kept by the kernel and hold against any code. The
audit hook is defence in depth only: it stops Python code, ours or a library's, that connects, starts a program
or touches files, and native code that has been taken over can go round it. A deployment that wants the network
closed by the kernel as well runs the service under a system sandbox (see SECURITY.md).
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import sysconfig
import zoneinfo
from pathlib import Path
from typing import Any

from cockpit.hardening import forbid_core_dumps

FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.startfile",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.putenv",
    "pty.",
    "ftplib.",
    "smtplib.",
    "urllib.Request",
    "http.client.",
    "webbrowser.",
)
"""Beginnings of the audit events (Python's audit events table) that a connector has no reason to raise."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ConfinedError(PermissionError):
    """A connector tried something that a reader of files has no reason to do."""


def lower_limits(memory_bytes: int, cpu_seconds: int, open_files: int) -> None:
    """Best effort: what a system does not know (macOS has no address-space limit) is left out."""
    forbid_core_dumps()
    wanted = [
        ("RLIMIT_AS", memory_bytes, memory_bytes),
        # The soft limit sends SIGXCPU, which ends the process; the hard one is the kernel's own kill.
        ("RLIMIT_CPU", cpu_seconds, cpu_seconds + 2),
        ("RLIMIT_FSIZE", 0, 0),
        ("RLIMIT_NOFILE", open_files, open_files),
        ("RLIMIT_NPROC", 0, 0),
    ]
    for name, soft, hard in wanted:
        # ValueError: the inherited hard limit is lower still, which is as good.
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (soft, hard))
    with contextlib.suppress(OSError):
        os.nice(10)


def close_doors() -> None:
    """From now on, for the life of this process, the audit events above raise ``ConfinedError``."""
    readable = _readable_folders()

    def door(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            _check_open(args, readable)
        elif event.startswith(FORBIDDEN):
            raise ConfinedError(f"a connector may not {event}")

    sys.addaudithook(door)


def _check_open(args: tuple[Any, ...], readable: tuple[str, ...]) -> None:
    path, _, flags = args
    if isinstance(flags, int) and flags & WRITING:
        raise ConfinedError("a connector may not open a file for writing")
    if isinstance(path, int):
        return
    if not str(Path(os.fsdecode(path)).resolve()).startswith(readable):
        raise ConfinedError("a connector may only read the files of installed packages")


def _readable_folders() -> tuple[str, ...]:
    """Code and the data beside it: import folders, the standard library, time zones, the random device."""
    folders = [*sys.path, *sysconfig.get_paths().values(), sys.base_prefix, *zoneinfo.TZPATH]
    return (*(f"{Path(each).resolve()}{os.sep}" for each in folders), "/dev/urandom", "/dev/null")
