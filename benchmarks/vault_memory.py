"""Export one space and print how many MB the process grew at most: ``vault_memory FOLDER archive|lines``."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks.vault_ours import HANDLE, PASSPHRASE, deployment
from benchmarks.vault_stores import BANK, KINDS
from cockpit.acts.export_space import export_space
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import recognise


def main(folder: str, what: str) -> None:
    """Unlock, look at the newest fifty, note the memory, export, and note it again."""
    cockpit = deployment(Path(folder))
    visit = recognise(cockpit, sign_in(cockpit, HANDLE, PASSPHRASE))
    assert visit is not None and visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        reader.newest(BANK, 50)
    base = _peak_mb()
    if what == "archive":
        with tempfile.TemporaryFile(dir=folder) as out:
            export_space(cockpit, visit, out)
    else:
        with cockpit.spaces.read(visit.keyring) as reader, Path(os.devnull).open("wb") as nowhere:
            for kind in KINDS:
                for block in reader.export(kind):
                    nowhere.write(block)
    print(round(_peak_mb() - base, 1))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
