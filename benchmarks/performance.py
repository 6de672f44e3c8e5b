"""Run every benchmark and write what it found into ``docs/reference/performance.md``, between that page's markers.

``nox -s bench``, or ``python -m benchmarks.performance [--quick] [NAME...]``. The page's words are written by hand and
stay; date, machine and numbers are replaced.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import aligned, say, shown

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reference" / "performance.md"
NAMES = ("vault", "policy", "log", "oauth", "api", "web", "connectors", "scale")
AIMS: Mapping[str, Mapping[str, float]] = {
    "at least": {
        "vault.ratios.ingest_vs_plain": 2,
        "vault.ratios.ingest_vs_sqlcipher": 4,
        "vault.ratios.ingest_vs_limit": 0.75,
        "vault.ratios.export_vs_plain": 2,
        "vault.ratios.export_vs_limit": 0.7,
        "log.metrics.batched_durable_per_s": 50_000,
        "log.metrics.append_per_s": 150_000,
        "policy.metrics.decisions_per_s": 100_000,
        "policy.ratios.vs_cedarpy": 30,
    },
    "at most": {
        "vault.ratios.size_vs_plain": 0.35,
        "vault.metrics.newest50_p50_ms": 0.5,
        "vault.metrics.newest50_p99_ms": 2,
        "vault.metrics.month_ms": 20,
        "vault.metrics.search_ms": 5,
        "vault.metrics.unlock_ms": 150,
        "vault.metrics.export_extra_mb": 100,
        "log.metrics.verify_1m_s": 10,
        "log.metrics.consent_event_cpu_ms": 5,
        "policy.metrics.p99_us": 50,
        "policy.metrics.oracle_mismatches": 0,
    },
}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which benchmarks; all there are by default")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    there = [name for name in NAMES if (HERE / f"{name}.py").exists()]
    for name in options.names or there:
        say(f"# {name}")
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", *(["--quick"] if options.quick else [])]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE.parent)
        report = json.loads(done.stdout)
        PAGE.write_text(with_numbers(PAGE.read_text(), name, numbers(report, datetime.now(UTC), quick=options.quick)))


def with_numbers(page: str, name: str, text: str) -> str:
    """The page with ``text`` in the place kept for a benchmark. Raises ``ValueError`` when the page has none."""
    begin, end = f"<!-- numbers: {name} -->", f"<!-- end: {name} -->"
    place = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not place.search(page):
        raise ValueError(f"the page has no place for {name}: it needs the lines {begin} and {end}")
    return place.sub(lambda _: f"{begin}\n{text}\n{end}", page)


def numbers(report: Mapping[str, Any], at: datetime, *, quick: bool) -> str:
    """A report as the page shows it: when and where, what was aimed at, and every number."""
    known = ", ".join(f"{name} {value}" for name, value in report["calibration"].items() if name != "machine")
    kind = " A quick run: fewer records, rougher numbers." if quick else ""
    where = report["calibration"].get("machine", "")
    found = [["number", "measured", "aim", ""]]
    for part in ("ratios", "metrics"):
        found += [_judged(f"{report['name']}.{part}.{name}", value) for name, value in report[part].items()]
    parts = [f"Measured on {at:%Y-%m-%d} on {where}.{kind} {known[:1].upper()}{known[1:]}.", _table(found)]
    peers = {name: peer for name, peer in report["peers"].items() if peer}
    if peers:
        columns = list(dict.fromkeys(name for peer in peers.values() for name in peer))
        rows = [["", *peers], *([column, *(shown(peer.get(column)) for peer in peers.values())] for column in columns)]
        parts.append(_table(rows))
    missing = [name for name, peer in report["peers"].items() if peer is None]
    if missing:
        parts.append(f"Not installed, so not measured: {', '.join(missing)}.")
    return "\n\n".join(parts)


def _judged(name: str, value: float | None) -> list[str]:
    short = name.rpartition(".")[2]
    for word, aims in AIMS.items():
        if name in aims:
            aim = aims[name]
            met = value is not None and (value >= aim if word == "at least" else value <= aim)
            return [short, shown(value), f"{word} {aim:g}", "met" if met else "**not met**"]
    return [short, shown(value), "", ""]


def _table(rows: list[list[str]]) -> str:
    head, *rest = aligned(rows)
    rule = " | ".join("-" * 3 for _ in rows[0])
    return "\n".join(f"| {line} |" for line in (head, rule, *rest))


if __name__ == "__main__":
    main()
