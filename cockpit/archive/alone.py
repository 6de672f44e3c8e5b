"""One program at a time: a lock that the system lets go of when the program ends, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.domain.errors import OperatorMustAct


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``. POSIX; elsewhere there is no lock.

    Raises ``OperatorMustAct`` when another program holds it.
    """
    if os.name != "posix":
        yield
        return
    import fcntl  # noqa: PLC0415 - not there on Windows

    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OperatorMustAct("another backup of this deployment is running", code="backup_running") from error
        yield
