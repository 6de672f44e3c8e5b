"""Laws of a witness, whatever a log with its own key tries: one root at a size, never back, never another past."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cockpit.sealing.signing import SigningKey
from cockpit.tlog.merkle import verify_consistency
from cockpit.witness.cosigning import Witness
from cockpit.witness.identity import Identity
from cockpit.witness.memory import Memory
from tests.published_log import PublishedLog, events, grown
from tests.witness.conftest import LOG_KEY, Watching

MOST = 24
TRUE = grown(MOST, key=LOG_KEY)
# Forks at each place: histories that share a beginning are what a dishonest log would try.
FORKS = [
    PublishedLog([*TRUE.leaves[:place], *events(MOST, "1")[place:]], LOG_KEY) for place in (0, 1, 2, 7, 8, 15, 16, 23)
]
sizes = st.integers(0, MOST)


class Histories(RuleBasedStateMachine):
    """Any requests in any order, to a witness that is restarted at times."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.identity = Identity("w.example", SigningKey.generate())
        self.cosigned: list[tuple[int, bytes, PublishedLog]] = []
        self.restart()

    @rule()
    def restart(self) -> None:
        memory = Memory(Path(self.folder.name) / "witness.sqlite")
        self.watching = Watching(TRUE, Witness(self.identity, (TRUE.verifier,), memory, lambda: 1))

    @rule(log=st.sampled_from([TRUE, *FORKS]), old=sizes, new=sizes, proof_from=sizes, knows=st.booleans())
    def post(self, log: PublishedLog, old: int, new: int, proof_from: int, knows: bool) -> None:
        # Half of the requests know the size, as a log that tries in earnest would: the others are mostly refused.
        old = self.cosigned[-1][0] if knows and self.cosigned else old
        proof = log.consistency(old if knows else min(proof_from, new), new)
        answer = self.watching.post(old, new, log, proof)
        assert answer.status in (200, 400, 409, 422)
        if answer.status == 200:
            self.cosigned.append((new, log.root(new), log))

    @rule(new=sizes)
    def a_true_step_is_cosigned(self, new: int) -> None:
        at, root, _ = self.cosigned[-1] if self.cosigned else (0, b"", TRUE)
        if new >= at and root in (b"", TRUE.root(at)):
            assert self.watching.post(at, new).status == 200
            self.cosigned.append((new, TRUE.root(new), TRUE))

    @invariant()
    def one_root_at_a_size(self) -> None:
        assert len({size for size, _, _ in self.cosigned}) == len({(size, root) for size, root, _ in self.cosigned})

    @invariant()
    def it_never_goes_back_and_the_past_stays(self) -> None:
        pairs = zip(self.cosigned, self.cosigned[1:], strict=False)
        for (old, old_root, _), (new, new_root, log) in pairs:
            assert old <= new
            if old:
                verify_consistency(old, new, log.consistency(old, new), old_root, new_root)

    def teardown(self) -> None:
        self.folder.cleanup()


Histories.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestHistories = Histories.TestCase
