"""The laws of the logs, whatever is done in whatever order: they only grow, and what was once proved stays proved."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_space import erase_space
from cockpit.acts.open_space import open_space
from cockpit.acts.tend_logs import tend_logs
from cockpit.bootstrap import build
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.settings import Settings
from cockpit.store.log_rows import LogState, find_head
from cockpit.store.walls import EVERYONE
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint
from cockpit.tlog.logs import CONSENT, LogName, parse_name
from cockpit.tlog.merkle import leaf_hash, verify_consistency, verify_inclusion
from tests.acts.operations import codes
from tests.conftest import MovingClock

TOLD = Event(EventType.WAY_ADDED, {}, {"way": "kit"})
READ = Event(EventType.ACCESS_REFUSED, {"decision": "expired"}, {"service_name": "Coach"})
EVENTS = st.sampled_from([TOLD, READ, Event(EventType.TOKEN_ISSUED)])


@dataclass
class Seen:
    """What an outsider wrote down of a log: every checkpoint, and the hash of every leaf."""

    heads: list[Checkpoint] = field(default_factory=list)
    leaves: dict[int, bytes] = field(default_factory=dict)


class Logs(RuleBasedStateMachine):
    """Acts in any order; after each, an outsider with a good memory looks at everything again."""

    persons = Bundle("persons")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="cockpit-laws-"))
        self.clock = MovingClock(datetime(2026, 11, 23, 9, 30, tzinfo=UTC))
        self.cockpit: Cockpit = build(Settings(data=Path(folder) / "data", argon2_memory_kib=64), self.clock)
        self.stack.callback(self.cockpit.close)
        self.seen: dict[LogName, Seen] = {}
        self.gone: set[PersonId] = set()
        self.names = 0

    def teardown(self) -> None:
        self.stack.close()

    @initialize(target=persons)
    def begins(self) -> object:
        return multiple(self._opened(), self._opened())

    @rule(target=persons)
    def somebody_comes(self) -> PersonId:
        return self._opened()

    @rule(person=persons, events=st.lists(EVENTS, min_size=1, max_size=4))
    def an_act_logs(self, person: PersonId, events: list[Event]) -> None:
        if person not in self.gone:
            with self.cockpit.database.write(person) as connection:
                for event in events:
                    self.cockpit.ledger.append(connection, event, self.clock(), person)

    @rule(persons=st.lists(persons, min_size=1, max_size=5))
    def a_batch_is_logged(self, persons: list[PersonId]) -> None:
        there = [person for person in persons if person not in self.gone]
        if there:
            with self.cockpit.database.write(EVERYONE) as connection:
                self.cockpit.ledger.append_batch(connection, [(READ, person) for person in there], self.clock())

    @rule(person=persons)
    def an_act_fails(self, person: PersonId) -> None:
        if person not in self.gone:
            with pytest.raises(ZeroDivisionError):
                self._failing(person)

    @rule(months=st.integers(1, 14))
    def time_goes_by(self, months: int) -> None:
        self.clock.forward(days=31 * months)

    @rule()
    def logs_are_tended(self) -> None:
        tend_logs(self.cockpit)

    @rule(person=persons)
    def somebody_is_erased(self, person: PersonId) -> None:
        erase_space(self.cockpit, person)
        self.gone.add(person)

    @invariant()
    def the_logs_only_grow(self) -> None:
        ledger, key = self.cockpit.ledger, self.cockpit.operator.log.verify_key()
        with self.cockpit.database.read() as connection:
            for log in ledger.logs(connection):
                size, note = ledger.checkpoint(connection, log)
                head = parse_checkpoint(note, key, f"{ledger.origin}/{log}")
                seen = self.seen.setdefault(log, Seen())
                for old in seen.heads:
                    path = ledger.consistency_proof(connection, old.size, size, log)
                    verify_consistency(old.size, size, path, old.root, head.root)
                for index, digest in seen.leaves.items():
                    path = ledger.inclusion_proof(connection, index, size, log)
                    verify_inclusion(digest, index, size, path, head.root)
                for leaf in ledger.leaves(connection, log):
                    assert seen.leaves.setdefault(leaf.index, leaf_hash(leaf.leaf)) == leaf_hash(leaf.leaf)
                assert set(seen.leaves) == set(range(size))
                if head not in seen.heads:
                    seen.heads.append(head)

    @invariant()
    def shards_are_held_by_their_anchors(self) -> None:
        ledger = self.cockpit.ledger
        with self.cockpit.database.read() as connection:
            assert set(self.seen) <= set(ledger.logs(connection))
            for leaf in ledger.leaves(connection, CONSENT):
                if json.loads(leaf.leaf)["type"] == EventType.SHARD_CLOSED:
                    log = parse_name(str(leaf.part["log"]))
                    head, last = find_head(connection, log), self.seen[log].heads[-1]
                    assert head is not None
                    assert head.state is not LogState.OPEN
                    assert (leaf.part["size"], leaf.part["root"]) == (last.size, last.root.hex())

    @invariant()
    def nothing_is_found_wrong(self) -> None:
        assert codes(self.cockpit) == set()

    def _opened(self) -> PersonId:
        self.names += 1
        return open_space(self.cockpit, f"person{self.names}", "quatre mots faciles", "P", "fr").person

    def _failing(self, person: PersonId) -> None:
        with self.cockpit.database.write(person) as connection:
            self.cockpit.ledger.append(connection, TOLD, self.clock(), person)
            self.cockpit.ledger.append(connection, READ, self.clock(), person)
            raise ZeroDivisionError


FEW = settings(max_examples=6, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))

TestLogs = Logs.TestCase
TestLogs.settings = FEW


@pytest.mark.long
class TestLogsAtLength(Logs.TestCase):
    settings = MANY
