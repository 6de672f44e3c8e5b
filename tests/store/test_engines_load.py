"""Two programs write to one space and one log at once, on either engine: nothing is lost, doubled or torn."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import proof
from cockpit.domain.ids import Kind
from cockpit.store import services
from cockpit.store.journal import journal
from tests.consent.worlds import SERVICE

EACH = 100
"""How many acts each program does."""

PROGRAM = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cockpit.bootstrap import build
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConnectorId, Kind, PersonId
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.settings import Settings

name, person, data, database, count = sys.argv[1:]
cockpit = build(Settings(data=Path(data), argon2_memory_kib=64, database=database))
connector = ConnectorId("intl.ofx")
origin = Provenance(connector, "1.0.0", Method.PARSED, Basis.OBSERVED)
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.read()
for number in range(int(count)):
    record = Record(Kind("bank.transaction"), f"{name} {number}", "2026-10-01", {"amount": "1.00"}, origin)
    with cockpit.spaces.write(PersonId(person)) as writer:
        # The same record as the other program's too: one of the two must find it there already.
        shared = Record(Kind("bank.transaction"), f"both {number}", "2026-10-01", {"amount": "2.00"}, origin)
        done = writer.deposit(connector, [record, shared], "2026-11-23T09:30:00Z")
        event = Event(EventType.SOURCE_REFRESHED, {"connector": connector}, {"new": done.new})
        cockpit.ledger.append(writer.connection, event, datetime.now(UTC), PersonId(person))
    sys.stdout.write(f"{name} {number}\\n")
    sys.stdout.flush()
"""


def program(cockpit: Cockpit, visit: Visit, name: str) -> subprocess.Popen[bytes]:
    settings = cockpit.settings
    arguments = [name, visit.person, str(settings.data), settings.database, str(EACH)]
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    return started


def test_two_programs_append_to_one_log_and_one_space(cockpit: Cockpit, visit: Visit) -> None:
    programs = [program(cockpit, visit, name) for name in ("first", "second")]
    for started in programs:
        assert started.stdin is not None
        started.stdin.close()
    for started in programs:
        assert started.wait(timeout=120) == 0
        assert started.stdout is not None
        started.stdout.close()
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        keys = [stored.record.source_key for stored in reader.records(Kind("bank.transaction"))]
        entries = journal(reader)
        expected = {f"{name} {number}" for name in ("first", "second", "both") for number in range(EACH)}
        assert len(keys) == len(expected)
        assert set(keys) == expected
        # One entry for the opening, then one an act: numbered without a hole, in the log's own order.
        assert [entry.number for entry in entries] == list(range(2 * EACH + 1))
        assert [entry.index for entry in entries] == list(range(2 * EACH + 1))
        assert sum(int(str(entry.subject.get("new", 0))) for entry in entries) == 3 * EACH
        size, _ = cockpit.ledger.checkpoint(reader.connection)
        assert size == 2 * EACH + 1
        for index in (0, 1, EACH, 2 * EACH):
            assert proof(cockpit, reader, index).verified


def test_a_program_killed_while_it_writes_loses_nothing_it_was_told_is_kept(cockpit: Cockpit, visit: Visit) -> None:
    told: set[str] = set()
    for attempt in range(4):
        killed = program(cockpit, visit, f"attempt {attempt}")
        assert killed.stdin is not None
        assert killed.stdout is not None
        killed.stdin.close()
        told |= {killed.stdout.readline().decode().strip() for _ in range(5 + 3 * attempt)}
        killed.kill()
        told |= {line.decode().strip() for line in killed.stdout.read().splitlines(keepends=True) if b"\n" in line}
        killed.stdout.close()
        killed.wait(30)
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        kept = {stored.record.source_key for stored in reader.records(Kind("bank.transaction"))}
        entries = journal(reader)
        size, _ = cockpit.ledger.checkpoint(reader.connection)
        assert told <= kept
        # At most the act that was under way at each kill was kept without being told; none was kept by half.
        acts = len({key for key in kept if key.startswith("attempt")})
        assert len(told) <= acts <= len(told) + 4
        assert [entry.index for entry in entries] == list(range(acts + 1)) == list(range(size))
        assert all(proof(cockpit, reader, entry.index).verified for entry in entries)


def test_four_programs_begin_one_household_together(tmp_path: Path) -> None:
    """A first start: each finds no tables, one makes them, all of them work."""
    opening = "import sys; from cockpit.store.engine import open_database; sys.stdin.read()"
    opening += "; open_database(sys.argv[1]).close()"
    command = [sys.executable, "-c", opening, f"sqlite:///{tmp_path}/cockpit.sqlite"]
    programs = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(4)]
    for started in programs:
        assert started.stdin is not None
        started.stdin.close()
    assert [started.wait(60) for started in programs] == [0] * 4


def test_of_four_who_check_then_write_one_wins(cockpit: Cockpit) -> None:
    """What one writer has kept, the next one sees: spending a code or an assertion relies on it."""
    won: list[int] = []

    def spend() -> None:
        for number in range(30):
            with cockpit.database.write() as connection:
                if services.find(connection, SERVICE.id) is None:
                    services.put(connection, SERVICE)
                    won.append(number)

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert won == [0]
