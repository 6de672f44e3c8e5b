"""A directory for temporary files that is watched: what is written there is noticed, even when it is gone at once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Watched:
    """A directory, and the files this process had open in it whenever ``look`` was called."""

    folder: Path
    seen: set[str] = field(default_factory=set)
    changed: int = 0

    def look(self) -> None:
        """Note the files open in the directory, those without a name (``O_TMPFILE``, or unlinked) too."""
        self.seen.update(str(path) for path in self.folder.rglob("*"))
        for handle in Path("/proc/self/fd").iterdir():
            try:
                target = str(handle.readlink())
            except OSError:
                continue
            if target.startswith(f"{self.folder}{os.sep}"):
                self.seen.add(target)

    def untouched(self) -> bool:
        """Whether nothing was seen, and no name was ever added or removed: either changes the directory's time."""
        self.look()
        return not self.seen and self.folder.stat().st_mtime_ns == self.changed


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """``folder``, made and used for this process's temporary files."""
    folder.mkdir()
    os.utime(folder, ns=(1, 1))
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield Watched(folder, changed=1)
    finally:
        tempfile.tempdir = before
