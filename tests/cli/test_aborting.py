"""What a running cockpit holds in memory does not reach the disk when it dies.

It comes before the other commands' tests: they run in the tests' own process, and take its right to dump for good.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

MAY_DUMP = """
import resource
try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
except ValueError:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
"""
"""As much as the system lets this process dump: commands run before, in the tests' own process, took it from it."""

SERVE = (
    MAY_DUMP
    + """
import ctypes, resource, sys, threading, time
import cockpit.cli

def answer() -> None:
    for line in sys.stdin:
        print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE), flush=True)

threading.Thread(target=answer, daemon=True).start()
cockpit.cli.main(sys.argv[1:])
"""
)
"""The command, in a process that may dump, and that says on request whether it still may (PR_GET_DUMPABLE is 3)."""

ONE_COMMAND = (
    MAY_DUMP
    + """
import ctypes, resource, sys
import cockpit.cli
cockpit.cli.main(sys.argv[1:], standalone_mode=False)
print("at the end:", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))
"""
)

ABORTS = MAY_DUMP + "import os; os.abort()"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_it_answers(process: subprocess.Popen[str], port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, "it ended before it answered"
            assert time.monotonic() < until, "it did not start"
            time.sleep(0.05)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    port = free_port()
    command = [sys.executable, "-c", SERVE, "--data", str(tmp_path / "data"), "serve", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            wait_until_it_answers(process, port)
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> int:
    """The raw status of the process, which says whether the kernel wrote a dump, to a file or to a program."""
    _, status = os.waitpid(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return status


def test_a_server_that_aborts_leaves_no_core_dump(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    (core,) = [
        line for line in Path(f"/proc/{serving.pid}/limits").read_text().splitlines() if line.startswith("Max core")
    ]
    assert core.split()[4:6] == ["0", "0"]
    assert serving.stdin and serving.stdout
    print("?", file=serving.stdin, flush=True)
    assert serving.stdout.readline().split() == ["0", "0", "0"]
    before = set(tmp_path.rglob("*"))
    assert tmp_path / "data" / "cockpit.sqlite" in before
    serving.send_signal(signal.SIGABRT)
    status = ended(serving)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
    assert set(tmp_path.rglob("*")) <= before


def test_without_it_a_process_leaves_one(tmp_path: Path) -> None:
    """So that the test above means something; where the machine itself forbids dumps, nothing can be shown."""
    process = subprocess.Popen([sys.executable, "-c", ABORTS], cwd=tmp_path, text=True)
    status = ended(process)
    assert os.WTERMSIG(status) == signal.SIGABRT
    if not os.WCOREDUMP(status):
        pytest.skip("this machine writes no core dump")


@pytest.mark.parametrize(
    "command", [["doctor"], ["space", "open", "camille", "--passphrase-stdin"], ["demo", "--help"]]
)
def test_every_command_forbids_dumps_before_it_begins(tmp_path: Path, command: list[str]) -> None:
    said = subprocess.run(
        [sys.executable, "-c", ONE_COMMAND, "--data", str(tmp_path / "data"), *command],
        input="quatre mots faciles à retenir\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert said.endswith("at the end: 0 0 0\n")


def test_a_reading_child_forbids_dumps_and_can_fill_no_file(tmp_path: Path) -> None:
    """Native code too: the limit on the size of files is the kernel's."""
    program = (
        "import ctypes, os, resource, sys; from cockpit.sources.confine import lower_limits; "
        "lower_limits(1 << 30, 10, 64); libc = ctypes.CDLL(None, use_errno=True); "
        "handle = libc.open(sys.argv[1].encode(), os.O_CREAT | os.O_WRONLY, 0o600); "
        "print(libc.prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE), libc.write(handle, b'x', 1))"
    )
    target = tmp_path / "temporary"
    command = [sys.executable, "-c", program, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "0 (0, 0) -1\n"
    assert target.read_bytes() == b""
