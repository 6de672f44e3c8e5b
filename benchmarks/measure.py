"""What every benchmark here shares: timing, percentiles, memory, the machine's name, and the one way to report."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

Number = float | int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark found. A peer that is not installed is None; so is every ratio to it."""

    name: str
    calibration: Mapping[str, Any]
    metrics: Mapping[str, Number]
    ratios: Mapping[str, Number]
    peers: Mapping[str, Mapping[str, Number] | None]

    def as_json(self) -> str:
        """One JSON object on one line."""
        parts = (self.calibration, self.metrics, self.ratios, self.peers)
        names = ("calibration", "metrics", "ratios", "peers")
        return json.dumps({"name": self.name} | dict(zip(names, parts, strict=True)), ensure_ascii=False)

    def as_table(self) -> str:
        """A table with a column a store, then ratios, metrics and what the numbers rest on."""
        found = [peer for peer in self.peers.values() if peer]
        columns = list(dict.fromkeys(name for peer in found for name in peer))
        rows = [["", *self.peers]]
        rows += [
            [column, *(shown(peer.get(column)) if peer else "-" for peer in self.peers.values())] for column in columns
        ]
        lines = [f"# {self.name}", *aligned(rows, "  "), ""]
        for title, values in (("ratios", self.ratios), ("metrics", self.metrics)):
            lines += [title, *(f"  {name:28} {shown(value)}" for name, value in values.items())]
        lines += ["calibration", *(f"  {name:28} {value}" for name, value in self.calibration.items())]
        return "\n".join(lines)


@dataclass(slots=True)
class Stopwatch:
    """Sums what is measured: seconds on the wall, and of this process's processors."""

    wall: float = 0.0
    cpu: float = 0.0
    laps: list[float] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure what happens inside."""
        wall, cpu = perf_counter(), process_time()
        yield
        self.cpu += process_time() - cpu
        self.laps.append(perf_counter() - wall)
        self.wall += self.laps[-1]


def arguments(description: str, *more: tuple[str, dict[str, Any]]) -> argparse.Namespace:
    """What every benchmark takes: ``--quick`` and ``--json``, and ``more``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="fewer records: ends within 50 seconds on two cores")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    for name, options in more:
        parser.add_argument(name, **options)
    return parser.parse_args()


def show(report: Report, *, as_json: bool) -> None:
    """Print the report."""
    print(report.as_json() if as_json else report.as_table())


def say(text: str) -> None:
    """Tell whoever waits how far it is; standard output is for the report."""
    print(text, file=sys.stderr, flush=True)


def percentile(laps: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the laps lie."""
    return sorted(laps)[min(int(len(laps) * share), len(laps) - 1)]


def ratio(ours: Number, theirs: Number) -> float | None:
    """Ours over theirs, None when either was not measured."""
    return ours / theirs if ours is not None and theirs else None


def middle(values: Sequence[Number]) -> float | None:
    """The median, None when nothing was measured."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def resident_mb() -> float:
    """The memory this process holds now, in MB (10^6 bytes)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def machine() -> str:
    """The machine, in words: nobody compares numbers of two."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def shown(value: Number) -> str:
    """A number for people: three figures, or whole thousands."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def aligned(rows: Sequence[Sequence[str]], between: str = " | ") -> list[str]:
    """Lines of cells under each other, the first column to the left, the others to the right."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        between.join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
