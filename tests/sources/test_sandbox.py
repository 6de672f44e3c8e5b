"""Whatever a file or a connector does, the caller gets outcomes, and the child is gone afterwards."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cockpit.domain.record import Record
from cockpit.sources.port import Checkpoint, Fault, FaultKind, Outcome, Probe, PullContext, SourceFile
from cockpit.sources.sandbox import DEFAULT, Limits, candidates, pull_file
from cockpit.sources.shelf import Shelf
from tests.sources.conftest import MakeReader

CONTEXT = PullContext(today="2026-01-31", trusted_certificates=(b"one", b"two"))
ShelfOf = Callable[..., Shelf]


def pulled(shelf: Shelf, content: bytes = b"x", name: str = "a.txt", limits: Limits = DEFAULT) -> list[Outcome]:
    return list(pull_file(shelf, SourceFile(name, content), CONTEXT, limits))


def codes(outcomes: list[Outcome]) -> list[str]:
    return [outcome.code for outcome in outcomes if isinstance(outcome, Fault)]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_outcomes_cross_unchanged_and_in_order(shelf_of: ShelfOf) -> None:
    shelf = shelf_of("""
        yield Fault(FaultKind.BAD_LINE, "bad-date", "The date is not one.", "line 2")
        yield record("é|1", amount="-12.34", values=[1, None, True], nested={"size": len(file.content), "t": "ü"})
        yield Checkpoint("7")
        yield record("2", certificates=len(context.trusted_certificates), today=context.today, name=file.name)
    """)
    first, second, third, fourth = pulled(shelf, b"\x00\xff" * 100_000)
    assert first == Fault(FaultKind.BAD_LINE, "bad-date", "The date is not one.", "line 2")
    assert isinstance(second, Record)
    assert second.source_key == "é|1"
    assert second.data == {"amount": "-12.34", "values": [1, None, True], "nested": {"size": 200_000, "t": "ü"}}
    assert third == Checkpoint("7")
    assert isinstance(fourth, Record)
    assert fourth.data == {"certificates": 2, "today": "2026-01-31", "name": "a.txt"}


def test_the_best_score_speaks_and_ties_go_by_id(make_reader: MakeReader) -> None:
    scores = {"b": "0.6", "a": "0.6", "weak": "0.2", "none": "0.0", "c": "0.9"}
    shelf = Shelf.from_packages([make_reader(name, score=score) for name, score in scores.items()])
    assert candidates(shelf, Probe("a.txt", b"x", 1)) == ("xx.c", "xx.a", "xx.b", "xx.weak")
    with pull_file(shelf, SourceFile("a.txt", b"x"), CONTEXT) as run:
        assert len(list(run)) == 1
        assert run.connector == "xx.c"


NOTHING = 'yield Fault(FaultKind.UNSUPPORTED, "no-such-thing", "Nothing of ours inside.")'


def test_nothing_inside_gives_way_to_the_next(make_reader: MakeReader) -> None:
    shelf = Shelf.from_packages(
        [
            make_reader("first", NOTHING, "0.9"),
            make_reader("second", "return iter(())", "0.8"),
            make_reader("third", f"{NOTHING}\nyield record('found')", "0.3", glob="*.other"),
        ]
    )
    with pull_file(shelf, SourceFile("a.txt", b"x"), CONTEXT) as run:
        outcomes = list(run)
    assert run.connector == "xx.third"
    assert codes(outcomes) == ["no-such-thing"]
    assert isinstance(outcomes[1], Record)


def test_another_fault_is_an_answer(make_reader: MakeReader) -> None:
    locked = 'yield Fault(FaultKind.UNSUPPORTED, "pdf-encrypted", "The file is locked.")'
    shelf = Shelf.from_packages([make_reader("first", locked, "0.9"), make_reader("second", score="0.8")])
    assert codes(pulled(shelf)) == ["pdf-encrypted"]


@pytest.mark.parametrize(
    ("score", "body"), [("0.0", "yield record('a')"), ("1.0", NOTHING), ("1.0", "return iter(())")]
)
def test_what_nobody_reads_is_one_fault_that_names_what_is_read(shelf_of: ShelfOf, score: str, body: str) -> None:
    (only,) = pulled(shelf_of(body, score))
    assert isinstance(only, Fault)
    assert (only.kind, only.code) == (FaultKind.UNSUPPORTED, "not-recognised")
    assert "Reader xx.lone" in only.message


def test_an_empty_file_and_a_huge_one_start_no_child(shelf_of: ShelfOf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = shelf_of("yield record('a')")
    monkeypatch.setattr("cockpit.sources.running.BOOT", "raise SystemExit(1)")
    assert codes(pulled(shelf, b"")) == ["empty-file"]
    (fault,) = pulled(shelf, b"x" * 1048577)
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.code) == (FaultKind.TOO_BIG, "file-too-big")
    assert codes(pulled(shelf, b"x")) == ["reader-crashed"]


SMALL = dataclasses.replace(DEFAULT, memory_bytes=300 * 1024 * 1024, cpu_seconds=1, wall_seconds=2.0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("x = bytearray(2 ** 31)", "limit-exceeded"),
        ("while True: pass", "limit-exceeded"),
        ("import time; time.sleep(30)", "limit-exceeded"),
        ("import os, signal; signal.raise_signal(signal.SIGKILL)", "limit-exceeded"),
        ("import signal; signal.raise_signal(signal.SIGSEGV)", "reader-crashed"),
        ("raise ValueError('a secret of the file')", "reader-crashed"),
        ("raise SystemExit(0)", "reader-crashed"),
        ("def down(): down()\ndown()", "reader-crashed"),
        ("yield record('float', amount=1.5)", "reader-crashed"),
        ("yield record('bytes', amount=b'1')", "reader-crashed"),
        ("yield record('')", "reader-crashed"),
        ("yield record('alien', kind='tax.notice')", "reader-crashed"),
        ("yield record('alias', connector='fr.other')", "reader-crashed"),
        ("deep = []\nfor _ in range(100_000): deep = [deep]\nyield record('deep', deep=deep)", "reader-crashed"),
    ],
)
def test_good_records_are_kept_and_the_end_is_a_fault(shelf_of: ShelfOf, body: str, code: str) -> None:
    began = time.monotonic()
    first, fault = pulled(shelf_of(f"yield record('good')\n{body}"), limits=SMALL)
    assert isinstance(first, Record)
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.code) == (FaultKind.TOO_BIG, code)
    assert "secret" not in fault.message
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("limits", "expected"),
    [(Limits(outcomes=100), range(90, 101)), (Limits(output_bytes=10_000), range(10, 200))],
)
def test_an_endless_stream_is_stopped(shelf_of: ShelfOf, limits: Limits, expected: range) -> None:
    outcomes = pulled(shelf_of("while True: yield record('again')"), limits=limits)
    assert codes(outcomes) == ["limit-exceeded"]
    assert len(outcomes) - 1 in expected


def test_one_giant_record_is_not_held(shelf_of: ShelfOf) -> None:
    limits = Limits(output_bytes=1_000_000)
    assert codes(pulled(shelf_of("yield record('giant', text='x' * 50_000_000)"), limits=limits)) == ["limit-exceeded"]


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('localhost', 9)",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "open(FILE, 'w')",
        "import os; os.open(FILE, os.O_CREAT | os.O_RDWR)",
        "open('/etc/passwd')",
        "open('/proc/self/environ')",
        "import os; os.remove(FILE)",
        "import tempfile; tempfile.TemporaryFile()",
    ],
)
def test_doors_are_closed(shelf_of: ShelfOf, tmp_path: Path, attempt: str) -> None:
    """The last record says which refusal it was: ours, and neither a crash nor an accident."""
    target = tmp_path / "written"
    shelf = shelf_of(f"""
        FILE = {str(target)!r}
        try:
            {attempt}
        except OSError as error:
            yield record(type(error).__name__)
    """)
    (only,) = pulled(shelf)
    assert isinstance(only, Record)
    assert only.source_key in {"ConfinedError", "FileNotFoundError"}
    assert "tempfile" in attempt or only.source_key == "ConfinedError"
    assert not target.exists()


def test_code_and_time_zones_stay_readable(shelf_of: ShelfOf) -> None:
    shelf = shelf_of("""
        import zoneinfo, pathlib
        manifest = pathlib.Path(__file__).with_name("manifest.toml").read_text()
        yield record(zoneinfo.ZoneInfo("Europe/Paris").key, size=len(manifest))
    """)
    (only,) = pulled(shelf)
    assert isinstance(only, Record)
    assert only.source_key == "Europe/Paris"


def test_nothing_of_our_environment_reaches_the_child(shelf_of: ShelfOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_SECRET", "canary")
    shelf = shelf_of("""
        import os, sys
        yield record("environment", names=sorted(os.environ), cwd=os.getcwd(), isolated=sys.flags.isolated)
    """)
    (only,) = pulled(shelf)
    assert isinstance(only, Record)
    names = only.data["names"]
    assert isinstance(names, list)
    assert set(names) <= {"LC_ALL", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
    assert (only.data["cwd"], only.data["isolated"]) == ("/", 1)


def test_what_a_library_prints_does_not_enter_the_stream(shelf_of: ShelfOf) -> None:
    shelf = shelf_of("""
        import os
        print("noise", flush=True); os.write(1, b"noise"); os.write(2, b"noise")
        yield record("a")
    """)
    assert [type(outcome) for outcome in pulled(shelf)] == [Record]


def test_a_reader_that_cannot_be_asked_does_not_hide_the_others(make_reader: MakeReader) -> None:
    shelf = Shelf.from_packages(
        [
            make_reader("broken", score="1 / 0"),
            make_reader("killed", score="__import__('signal').raise_signal(11)"),
            make_reader("good"),
        ]
    )
    with pull_file(shelf, SourceFile("a.txt", b"x"), CONTEXT) as run:
        assert [type(outcome) for outcome in run] == [Record]
        assert run.connector == "xx.good"
    alone = Shelf.from_packages(["tiny_broken"])
    assert codes(pulled(alone)) == ["reader-crashed"]
    assert candidates(alone, Probe("a.txt", b"x", 1)) == ()


def test_leaving_early_ends_the_child(shelf_of: ShelfOf) -> None:
    shelf = shelf_of("""
        import os, time
        yield record("pid", pid=os.getpid())
        time.sleep(60)
    """)
    with pull_file(shelf, SourceFile("a.txt", b"x"), CONTEXT) as run:
        first = next(iter(run))
        assert isinstance(first, Record)
        pid = first.data["pid"]
        assert isinstance(pid, int)
        assert alive(pid)
    assert not alive(pid)


def test_cancelling_ends_the_child_soon(shelf_of: ShelfOf) -> None:
    shelf = shelf_of("import time\nyield record('a')\ntime.sleep(60)")
    heard: list[Outcome] = []
    began = time.monotonic()
    for outcome in pull_file(shelf, SourceFile("a.txt", b"x"), CONTEXT, cancelled=lambda: bool(heard)):
        heard.append(outcome)
    assert codes(heard) == ["cancelled"]
    assert isinstance(heard[0], Record)
    assert time.monotonic() - began < 10


def test_the_clock_runs_only_while_waiting_for_the_child(shelf_of: ShelfOf) -> None:
    limits = dataclasses.replace(DEFAULT, wall_seconds=1.0)
    run = pull_file(shelf_of("yield record('a')\nyield record('b')"), SourceFile("a.txt", b"x"), CONTEXT, limits)
    outcomes = []
    for outcome in run:
        outcomes.append(outcome)
        time.sleep(1.2)
    assert [type(outcome) for outcome in outcomes] == [Record, Record]


def test_a_child_starts_in_under_a_second(shelf_of: ShelfOf) -> None:
    shelf = shelf_of("yield record('a')")
    times = []
    for _ in range(3):
        began = time.perf_counter()
        pulled(shelf)
        times.append(time.perf_counter() - began)
    assert min(times) < 1.0


def test_no_zombie_is_left(shelf_of: ShelfOf) -> None:
    pulled(shelf_of("yield record('a')"))
    # Other children of this process may live on, a server of other tests for one; none may wait to be buried.
    with suppress(ChildProcessError):
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)


def test_an_interrupted_terminal_does_not_reach_the_child(shelf_of: ShelfOf) -> None:
    shelf = shelf_of("import os\nyield record('a', group=os.getpgrp())")
    (only,) = pulled(shelf)
    assert isinstance(only, Record)
    assert only.data["group"] != os.getpgrp()
    assert signal.getsignal(signal.SIGCHLD) in {signal.SIG_DFL, signal.SIG_IGN}
