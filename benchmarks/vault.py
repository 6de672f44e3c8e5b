"""The vault against plain rows, sealed rows and SQLCipher: speed, size and memory, all measured in one run.

``./run bench vault [--quick] [--json]``. Every store gets the same batches in turn, so that all of them meet the same
minute of the machine. ``docs/reference/performance.md`` says what is measured and how.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from benchmarks.calibration import calibration
from benchmarks.measure import Number, Report, Stopwatch, arguments, middle, percentile, ratio, say, show
from benchmarks.realistic import LAST_MONTH
from benchmarks.vault_cipher import CipherFts, CipherFtsDriver
from benchmarks.vault_limits import Limit
from benchmarks.vault_ours import Ours, OursOnPostgresql
from benchmarks.vault_postgresql import PgRows, Server, running_cluster
from benchmarks.vault_rows import Clear, CoreRows, DriverRows, Sealed
from benchmarks.vault_spaces import cost_per_space, export_extra_mb
from benchmarks.vault_stores import Feed, Store, feed

ROUNDS = 3
QUICK_RECORDS = 20_000
NEWEST = 50
SEARCHES = 5
READ_TURNS, READS_A_TURN = 12, 25
PEERS = ("ours", "sqlite_plain", "sqlite_plain_stdlib", "sqlite_aesgcm_rows", "sqlcipher_fts5", "sqlcipher_fts5_driver")
PG_PEERS = ("pg_ours", "pg_plain", "pg_aesgcm_rows")

Found = dict[str, Number]


@dataclass(slots=True)
class Runner:
    """One store in one round, and the time it took for each thing."""

    store: Store
    ingest: Stopwatch = field(default_factory=Stopwatch)
    settle: Stopwatch = field(default_factory=Stopwatch)
    newest: Stopwatch = field(default_factory=Stopwatch)
    month: Stopwatch = field(default_factory=Stopwatch)
    export: Stopwatch = field(default_factory=Stopwatch)
    search: Stopwatch = field(default_factory=Stopwatch)
    more: Found = field(default_factory=dict)

    def found(self, count: int) -> Found:
        """The numbers of the table."""
        return {
            "ingest_per_s": count / self.ingest.wall,
            "ingest_cpu_us": self.ingest.cpu / count * 1e6,
            "settled_per_s": count / (self.ingest.wall + self.settle.wall),
            "newest50_p50_ms": percentile(self.newest.laps, 0.5) * 1e3,
            "newest50_p99_ms": percentile(self.newest.laps, 0.99) * 1e3,
            "month_ms": percentile(self.month.laps, 0.5) * 1e3,
            "export_per_s": count / self.export.wall,
            "search_ms": percentile(self.search.laps, 0.5) * 1e3 if self.search.laps else None,
        } | self.more


def stores(folder: Path, postgresql: Server | None) -> dict[str, Callable[[], Store]]:
    """How each store is made, by name, in a folder of its own."""

    def place(name: str) -> Path:
        made = folder / name
        made.mkdir(mode=0o700)
        return made

    def core(name: str, seal: Clear | Sealed) -> CoreRows:
        file = place(name) / "rows.sqlite"
        return CoreRows(f"sqlite:///{file}", file, seal)

    makers: dict[str, Callable[[], Store]] = {
        "ours": lambda: Ours(place("ours")),
        "sqlite_plain": lambda: core("plain", Clear()),
        "sqlite_plain_stdlib": lambda: DriverRows(place("stdlib") / "rows.sqlite"),
        "sqlite_aesgcm_rows": lambda: core("aesgcm", Sealed()),
    }
    try:
        import sqlcipher3.dbapi2  # noqa: PLC0415

        driver: ModuleType = sqlcipher3.dbapi2
        makers["sqlcipher_fts5"] = lambda: CipherFts(place("cipher") / "rows.sqlite", driver)
        makers["sqlcipher_fts5_driver"] = lambda: CipherFtsDriver(place("cipher_driver") / "rows.sqlite", driver)
    except ImportError as error:
        say(f"SQLCipher is not measured: {error}")
    if postgresql is not None:
        makers |= {
            "pg_ours": lambda: postgresql.ours(place("pg_ours")),
            "pg_plain": lambda: PgRows(postgresql.empty(), Clear()),
            "pg_aesgcm_rows": lambda: PgRows(postgresql.empty(), Sealed()),
        }
    return makers


def one_round(batches: Feed, makers: dict[str, Callable[[], Store]], number: int, place: Path) -> dict[str, Found]:
    """Everything once, on fresh stores, taking turns batch by batch and read by read."""
    with ExitStack() as stack:
        runners = {}
        for name in _rotated(list(makers), number):
            runners[name] = Runner(makers[name]())
            stack.callback(runners[name].store.close)
        limit, encoding, decoding = Limit(), Stopwatch(), Stopwatch()
        sealed, appending = Ours(_emptied(place / "appended")), Stopwatch()
        stack.callback(sealed.close)
        for turn in batches.turns():
            lines = [limit.lines(batch) for batch in turn]
            with encoding.running():
                for some in lines:
                    limit.ingest(some)
            with appending.running():
                for some in lines:
                    sealed.append(some)
            for runner in runners.values():
                with runner.ingest.running():
                    for batch in turn:
                        runner.store.ingest(batch)
        for name, runner in runners.items():
            if isinstance(runner.store, Ours):
                runner.store.checkpoint()
                runner.more["inbox_bytes_per_record"] = runner.store.disk_bytes() / batches.count
                if number == 0:
                    _look_before(runner)
            with runner.settle.running():
                runner.store.settle()
            runner.more["bytes_per_record"] = runner.store.disk_bytes() / batches.count
            say(f"  {name}: {batches.count / runner.ingest.wall:,.0f} records/s")
            if isinstance(runner.store, Ours):
                runner.more["free_bytes_per_record"] = runner.store.free_bytes() / batches.count
        _reads(runners)
        if number == 0:
            _searches(runners, batches)
        _exports(runners, limit, decoding, batches.count)
        found = {name: runner.found(batches.count) for name, runner in runners.items()}
        found["ours"]["append_per_s"] = batches.count / appending.wall
        found["ours"]["append_cpu_us"] = appending.cpu / batches.count * 1e6
        found["limit"] = {
            "ingest_per_s": batches.count / encoding.wall,
            "bytes_per_record": limit.disk_bytes / batches.count,
            "export_per_s": batches.count / decoding.wall,
            "json_bytes_per_record": limit.plain_bytes / batches.count,
        }
        return found


def _look_before(runner: Runner) -> None:
    """What a page shows while nothing has been compacted yet."""
    watch = Stopwatch()
    with watch.running():
        runner.store.newest(NEWEST)
    runner.more["newest50_before_compaction_ms"] = watch.wall * 1e3


def _reads(runners: dict[str, Runner]) -> None:
    lengths = set()
    for _ in range(READ_TURNS):
        for runner in runners.values():
            runner.store.newest(NEWEST)  # The first fills caches that the others' turns emptied; it is not counted.
            for _ in range(READS_A_TURN):
                with runner.newest.running():
                    count = runner.store.newest(NEWEST)
                assert count == NEWEST, count
    for _ in range(5):
        for runner in runners.values():
            with runner.month.running():
                lengths.add(runner.store.month(*LAST_MONTH))
    assert len(lengths) == 1, f"the stores do not agree on a month: {lengths}"
    for runner in runners.values():
        if isinstance(runner.store, Ours):
            watch = Stopwatch()
            for _ in range(50):
                with watch.running():
                    runner.store.newest_afresh(NEWEST)
            runner.more["newest50_afresh_ms"] = percentile(watch.laps, 0.5) * 1e3
            runner.more["unlock_ms"] = middle([runner.store.unlock_ms(with_index=False) for _ in range(5)])


def _searches(runners: dict[str, Runner], batches: Feed) -> None:
    """A rare word. Ours is indexed first, from nothing, and what that takes is told apart."""
    for name, runner in runners.items():
        if isinstance(runner.store, OursOnPostgresql):
            continue  # The index is in memory: it is the same one.
        if isinstance(runner.store, Ours):
            indexing = Stopwatch()
            with indexing.running():
                runner.store.index()
            runner.more["index_per_s"] = batches.count / indexing.wall
            grown = runner.store.disk_bytes() / batches.count - (runner.more["bytes_per_record"] or 0)
            runner.more["index_bytes_per_record"] = grown
            runner.more["unlock_with_index_ms"] = middle([runner.store.unlock_ms(with_index=True) for _ in range(5)])
        for _ in range(SEARCHES):
            with runner.search.running():
                hits = runner.store.search(batches.rare_word)
            assert hits == batches.rare_hits, f"{name} finds {hits} records and not {batches.rare_hits}"


def _exports(runners: dict[str, Runner], limit: Limit, decoding: Stopwatch, expected: int) -> None:
    with Path(os.devnull).open("wb") as nowhere:
        with decoding.running():
            for block in limit.export():
                nowhere.write(block)
        for name, runner in runners.items():
            # Once without the watch: an export is not to be judged by what the system had put out of its memory.
            lines = sum(block.count(b"\n") for block in runner.store.export())
            assert lines == expected, f"{name} exported {lines} records and not {expected}"
            with runner.export.running():
                for block in runner.store.export():
                    nowhere.write(block)


def _rotated(names: list[str], turn: int) -> list[str]:
    return names[turn % len(names) :] + names[: turn % len(names)]


def measured(count: int, rounds: int, *, spaces: int, with_postgresql: bool = True) -> Report:
    """The whole benchmark."""
    say(f"Making {count:,} records...")
    batches = feed(count)
    found: dict[str, list[Found]] = {}
    with (
        running_cluster() if with_postgresql else nullcontext() as cluster,
        tempfile.TemporaryDirectory(prefix="cockpit-bench-") as folder,
    ):
        for number in range(rounds):
            say(f"Round {number + 1} of {rounds}")
            # What the round before left would fill the disk; the last one's is still looked at.
            place = _emptied(Path(folder) / "round")
            with ExitStack() as databases:
                makers = stores(place, Server(cluster, databases) if cluster else None)
                for name, numbers in one_round(batches, makers, number, place).items():
                    found.setdefault(name, []).append(numbers)
        say("Memory of an export, cost of a space")
        extra = export_extra_mb(place / "ours")
        per_space = cost_per_space(Path(folder), (10, spaces))
    peers: dict[str, Found | None] = {name: _medians(found.get(name, [])) for name in (*PEERS, *PG_PEERS, "limit")}
    return _report(peers, calibration(count, batches.packed, LAST_MONTH), extra, per_space)


def _emptied(folder: Path) -> Path:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder


def _medians(rounds: list[Found]) -> Found | None:
    return {name: middle([one.get(name) for one in rounds]) for name in rounds[0]} if rounds else None


def _report(peers: dict[str, Found | None], known: dict[str, object], extra: Found, per_space: Found) -> Report:
    def of(peer: str, name: str) -> Number:
        values = peers[peer]
        return values.get(name) if values else None

    ours = peers["ours"] or {}
    ingest, deposit, export = (ours.get(name) for name in ("append_per_s", "ingest_per_s", "export_per_s"))
    ratios = {
        "ingest_vs_plain": ratio(ingest, of("sqlite_plain", "ingest_per_s")),
        "ingest_vs_sqlcipher": ratio(ingest, of("sqlcipher_fts5", "ingest_per_s")),
        "ingest_vs_limit": ratio(ingest, of("limit", "ingest_per_s")),
        "export_vs_plain": ratio(export, of("sqlite_plain", "export_per_s")),
        "export_vs_limit": ratio(export, of("limit", "export_per_s")),
        "size_vs_plain": ratio(ours.get("bytes_per_record"), of("sqlite_plain", "bytes_per_record")),
        "ingest_vs_sqlcipher_driver": ratio(ingest, of("sqlcipher_fts5_driver", "ingest_per_s")),
        "ingest_vs_plain_stdlib": ratio(ingest, of("sqlite_plain_stdlib", "ingest_per_s")),
        "export_vs_plain_stdlib": ratio(export, of("sqlite_plain_stdlib", "export_per_s")),
        "settled_vs_plain": ratio(ours.get("settled_per_s"), of("sqlite_plain", "settled_per_s")),
        "pg_export_vs_plain": ratio(of("pg_ours", "export_per_s"), of("pg_plain", "export_per_s")),
        "pg_size_vs_plain": ratio(of("pg_ours", "bytes_per_record"), of("pg_plain", "bytes_per_record")),
        "deposit_vs_plain": ratio(deposit, of("sqlite_plain", "ingest_per_s")),
        "deposit_vs_plain_stdlib": ratio(deposit, of("sqlite_plain_stdlib", "ingest_per_s")),
        "deposit_vs_sqlcipher": ratio(deposit, of("sqlcipher_fts5", "ingest_per_s")),
        "pg_deposit_vs_plain": ratio(of("pg_ours", "ingest_per_s"), of("pg_plain", "ingest_per_s")),
        "cost_per_space": per_space.pop("ratio", None),
    }
    named = (
        "newest50_p50_ms",
        "newest50_p99_ms",
        "month_ms",
        "search_ms",
        "unlock_ms",
        "unlock_with_index_ms",
        "newest50_afresh_ms",
    )
    metrics = {name: ours.get(name) for name in named} | extra | per_space
    return Report("vault", known, metrics, ratios, peers)


def main() -> None:
    """The command."""
    options = arguments(
        __doc__ or "",
        ("--records", {"type": int, "help": "how many; a million, or 20,000 with --quick"}),
        ("--rounds", {"type": int, "default": ROUNDS}),
        ("--spaces", {"type": int, "help": "the many spaces; 10,000, or 300 with --quick"}),
        ("--no-postgresql", {"action": "store_true", "help": "measure SQLite alone"}),
    )
    count = options.records or (QUICK_RECORDS if options.quick else 1_000_000)
    spaces = options.spaces or (300 if options.quick else 10_000)
    report = measured(count, options.rounds, spaces=spaces, with_postgresql=not options.no_postgresql)
    show(report, as_json=options.json)


if __name__ == "__main__":
    main()
