"""Files of keys: readable by the server's account alone, and replaced whole or not at all."""

from __future__ import annotations

import os
import tempfile
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
