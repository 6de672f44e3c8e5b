"""Several programs write to the same logs, and some are killed: nothing by halves, no number twice, no hole."""

from __future__ import annotations

import subprocess
import sys

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import proof
from cockpit.store.journal import journal
from tests.acts.operations import codes

EACH = 10
BATCH = 7
PROGRAM = f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
from cockpit.bootstrap import build
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.settings import Settings

name, person, data, database, count = sys.argv[1:]
person = PersonId(person)
cockpit = build(Settings(data=Path(data), argon2_memory_kib=64, database=database))
read = Event(EventType.ACCESS_REFUSED, {{"decision": "not-active"}}, {{"service_name": name}})
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.read()
for number in range(int(count)):
    with cockpit.database.write(person) as connection:
        now = datetime.now(UTC)
        cockpit.ledger.append(connection, Event(EventType.WAY_ADDED, {{}}, {{"way": "kit"}}), now, person)
        cockpit.ledger.append_batch(connection, [(read, person)] * {BATCH}, now)
        cockpit.ledger.append(connection, read, now, person)
    sys.stdout.write(f"{{name}} {{number}}\\n")
    sys.stdout.flush()
"""
LOGGED = BATCH + 2
"""Entries of one of its transactions."""


def program(cockpit: Cockpit, visit: Visit, name: str, count: int) -> subprocess.Popen[bytes]:
    settings = cockpit.settings
    arguments = [name, visit.person, str(settings.data), settings.database, str(count)]
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    return started


def consistent(cockpit: Cockpit, visit: Visit) -> int:
    """How many entries the person has; every one is there once, in its place, and proved."""
    assert codes(cockpit) == set()
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        entries = journal(reader)
        assert [entry.number for entry in entries] == list(range(len(entries)))
        assert all(proof(cockpit, reader, entry.number).verified for entry in entries[:: LOGGED - 2])
    return len(entries)


def test_three_programs_write_to_the_same_logs(cockpit: Cockpit, visit: Visit) -> None:
    programs = [program(cockpit, visit, name, EACH) for name in ("first", "second", "third")]
    for started in programs:
        assert started.stdin is not None
        started.stdin.close()
    for started in programs:
        assert started.wait(timeout=120) == 0
        assert started.stdout is not None
        started.stdout.close()
    assert consistent(cockpit, visit) == 1 + 3 * EACH * LOGGED
    with cockpit.database.read() as connection:
        sizes = [cockpit.ledger.checkpoint(connection, log)[0] for log in cockpit.ledger.logs(connection)]
    assert sizes == [1 + 3 * EACH, 3 * EACH * 2]


def test_a_program_killed_while_it_logs_leaves_whole_transactions(cockpit: Cockpit, visit: Visit) -> None:
    told = 0
    for attempt in range(3):
        killed = program(cockpit, visit, f"attempt {attempt}", 10_000)
        assert killed.stdin is not None
        assert killed.stdout is not None
        killed.stdin.close()
        for _ in range(4 + 3 * attempt):
            assert killed.stdout.readline()
        killed.kill()
        told += 4 + 3 * attempt + len(killed.stdout.read().splitlines())
        killed.stdout.close()
        killed.wait(30)
        kept, rest = divmod(consistent(cockpit, visit) - 1, LOGGED)
        assert rest == 0, "a transaction was kept by halves"
        # At most the one under way was kept without being told.
        assert told <= kept <= told + attempt + 1
