"""Files of keys, and the folders of a deployment: readable by the server's account alone, whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cockpit.domain.errors import OperatorMustAct


def write_key_file(path: Path, content: bytes) -> None:
    """Write beside, then rename, with mode 0600 and on disk before it returns: a crash leaves the old or the new."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, mode 0700, with those above it; it is there already or there for good, also after a power cut."""
    above = folder.parent
    if not above.exists():
        make_folder(above)
    folder.mkdir(mode=0o700, exist_ok=True)
    # Also when it was there: who made it may have been stopped before this line. A folder above that we may enter and
    # not list is the operator's, and was there before us.
    with suppress(PermissionError):
        _sync_folder(above)


BEGINNING = "beginning"
"""An empty file in a folder of keys while its first ones are made: what a crash left then may be completed."""


@contextmanager
def beginning(folder: Path) -> Iterator[bool]:
    """Make the first keys of ``folder``, one process at a time; True when another was at it before, or still is.

    The mark stays when the block fails or the process ends, and then the next start goes on.
    """
    mark = folder / BEGINNING
    resumed = mark.exists()
    # Never replaced by a rename, as keys are: who waits must wait for the same file.
    descriptor = os.open(mark, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if os.name == "posix":
            import fcntl  # noqa: PLC0415 - not everywhere

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _sync_folder(folder)
        yield resumed
        remove_key_file(mark)
    finally:
        os.close(descriptor)


def read_key_file(path: Path, others: int = 0o077) -> bytes:
    """The content. Raises ``OperatorMustAct`` when it is missing, unreadable, or open to others (mode bits)."""
    try:
        if os.name == "posix" and path.stat().st_mode & others:
            raise OperatorMustAct(f"{path.name} can be read by other accounts; run: chmod 600 {path.name}", code="keys")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise OperatorMustAct(f"{path.name} is missing; restore it from its backup", code="keys") from error
    except OSError as error:
        raise OperatorMustAct(f"{path.name} cannot be read", code="keys") from error


def remove_key_file(path: Path) -> None:
    """Remove a file, gone from the folder when this returns; none there is fine."""
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
