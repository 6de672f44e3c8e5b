"""The log held to every checkpoint the house ever saw: all roots recomputed from all leaves, and what was refuted."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from cockpit.audit.checked import facts_of
from cockpit.audit.faults import Refuted
from cockpit.audit.frontier import Frontier
from cockpit.audit.sync import stored


@dataclass(frozen=True, slots=True)
class Held:
    """One checkpoint the house saw. ``holds``: its root is that of the leaves the house has."""

    log: str
    origin: str
    size: int
    root: str
    seen_at: str
    note: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something refused at a sync, with what shows it."""

    number: int
    found_at: str
    code: str
    sentence: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Integrity:
    """The answer. ``fault`` says what is wrong with the house's own copy, or is empty."""

    held: tuple[Held, ...]
    entries: int
    opened: int
    evidence: tuple[Evidence, ...]
    fault: str

    @property
    def sound(self) -> bool:
        """Whether everything holds, now and at each sync before."""
        return not self.evidence and not self.fault and all(one.holds for one in self.held)


def integrity(kept: sqlite3.Connection) -> Integrity:
    """Recompute everything from what is stored; nothing is asked of the cockpit."""
    held: list[Held] = []
    entries = opened = 0
    fault = ""
    for (log,) in kept.execute("SELECT DISTINCT log FROM seen ORDER BY log").fetchall():
        seen = kept.execute(
            "SELECT size, origin, root, seen_at, note FROM seen WHERE log = ? ORDER BY size", (log,)
        ).fetchall()
        tree, roots = Frontier(), {0: Frontier().root()}
        sizes = {row[0] for row in seen}
        for entry in stored(kept, log):
            try:
                opened += sum(fact.part is not None for fact in facts_of(log, tree.size, entry))
            except Refuted as refuted:
                fault = fault or str(refuted)
            tree.add(entry.leaf)
            if tree.size in sizes:
                roots[tree.size] = tree.root()
        entries += tree.size
        held += [
            Held(log, origin, size, root.hex(), at, note, roots.get(size) == root)
            for size, origin, root, at, note in seen
        ]
    return Integrity(tuple(held), entries, opened, tuple(_evidence(kept)), fault)


def _evidence(kept: sqlite3.Connection) -> list[Evidence]:
    rows = kept.execute("SELECT number, found_at, code, sentence, content FROM evidence ORDER BY number")
    return [Evidence(row[0], row[1], row[2], row[3], json.loads(row[4])) for row in rows]
