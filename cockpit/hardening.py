"""What this process holds in memory stays in memory: it leaves no core dump.

A dump would put keys of unlocked spaces and what their persons read on the disk, in clear, for whoever finds the file.
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys

PR_SET_DUMPABLE = 4
"""Of Linux's ``prctl`` (``linux/prctl.h``)."""


def forbid_core_dumps() -> None:
    """From now on a crash of this process writes nothing. Harmless when called again; never raises.

    The limit holds wherever there are limits, and is inherited. Where Linux hands dumps to a program instead of a
    file (``core(5)``), the limit is not asked: the process is marked as not dumpable too, which also keeps other
    processes of the same user from reading its memory (``ptrace(2)``). The mark is lost when a program is started.
    """
    # ValueError, OSError: a system that knows no such limit, or keeps it from us.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # AttributeError, OSError: a C library without ``prctl``.
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, ctypes.c_ulong(0), 0, 0, 0)
