"""What a space costs beside its records: memory of a whole export, and whether many spaces make each one dearer."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.measure import Number, Stopwatch, resident_mb, say
from benchmarks.realistic import records
from benchmarks.vault_ours import PASSPHRASE, deployment
from benchmarks.vault_stores import AT, BANK
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.visits import recognise
from cockpit.domain.ids import PersonId
from cockpit.domain.record import Record
from cockpit.sealing.keyring import Keyring

VISITED = 10
"""Spaces whose cost is measured, of the few and of the many."""
REPEATED = 12
NEW_RECORDS = 20

Person = tuple[PersonId, Keyring]


def export_extra_mb(folder: Path) -> dict[str, Number]:
    """How far memory rises over its base, in MB, in a process of its own: the archive, and the lines alone."""
    found: dict[str, Number] = {}
    for name, what in (("export_extra_mb", "archive"), ("export_lines_extra_mb", "lines")):
        command = [sys.executable, "-m", "benchmarks.vault_memory", str(folder), what]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
        if done.returncode:
            say(done.stderr)
            raise RuntimeError(f"the export of {what} failed")
        found[name] = json.loads(done.stdout)
    return found


def cost_per_space(folder: Path, sizes: tuple[int, int]) -> dict[str, Number]:
    """Processor time to bring twenty records and read fifty, among few spaces and among many, and their ratio.

    Both deployments live at once and take turns, so that both meet the same minute.
    """
    towns = [_town(folder / name, size) for name, size in zip(("few", "many"), sizes, strict=True)]
    before = resident_mb()
    bank = (record for record in records(2 * NEW_RECORDS * VISITED * REPEATED, seed=11) if record.kind == BANK)
    fresh = list(islice(bank, NEW_RECORDS * VISITED * REPEATED))
    watches = [Stopwatch(), Stopwatch()]
    for repeat in range(REPEATED):
        for index in range(VISITED):
            start = (repeat * VISITED + index) * NEW_RECORDS
            for watch, (cockpit, people) in zip(watches, towns, strict=True):
                with watch.running():
                    _visit(cockpit, people[index], fresh[start : start + NEW_RECORDS])
    few, many = watches
    for cockpit, _ in towns:
        cockpit.database.engine.dispose()
    return {
        "ratio": many.cpu / few.cpu,
        "space_visit_ms": median(many.laps) * 1e3,
        "space_visit_few_ms": median(few.laps) * 1e3,
        "spaces_extra_mb": resident_mb() - before,
    }


def _town(folder: Path, size: int) -> tuple[Cockpit, list[Person]]:
    """A deployment with ``size`` spaces, and a few of their people, drawn from all of them."""
    say(f"  opening {size:,} spaces")
    cockpit = deployment(folder)
    chosen = set(Random(3).sample(range(size), VISITED))
    people: list[Person] = []
    for number in range(size):
        opened = open_space(cockpit, f"person{number}", PASSPHRASE, "Camille", "fr")
        if number in chosen:
            visit = recognise(cockpit, opened.cookie)
            assert visit is not None and isinstance(visit.keyring, Keyring)
            people.append((opened.person, visit.keyring))
    return cockpit, people


def _visit(cockpit: Cockpit, person: Person, brought: list[Record]) -> None:
    with cockpit.spaces.write(person[0]) as writer:
        writer.deposit(brought[0].provenance.connector, brought, AT)
    with cockpit.spaces.read(person[1]) as reader:
        reader.newest(BANK, 50)
