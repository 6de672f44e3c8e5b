"""A witness over one log, with a clock that the test moves; and posting to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cockpit.sealing.signing import SigningKey
from cockpit.witness.cosigning import Witness
from cockpit.witness.identity import Identity
from cockpit.witness.memory import Memory
from cockpit.witness.request import AddCheckpoint, Answer, print_request
from tests.published_log import PublishedLog, grown

LOG_KEY = SigningKey.generate()


@dataclass
class Watching:
    """A witness, the log it watches, and the second it is."""

    log: PublishedLog
    witness: Witness
    now: int = 1_800_000_000

    def post(self, old: int, new: int, log: PublishedLog | None = None, proof: list[bytes] | None = None) -> Answer:
        """What is answered to a checkpoint of size ``new``, with the right proof unless another is given."""
        log = log or self.log
        proof = log.consistency(old, new) if proof is None else proof
        return self.witness.add_checkpoint(print_request(AddCheckpoint(old, tuple(proof), log.note(new))))


@pytest.fixture
def watch(tmp_path: Path) -> Callable[[PublishedLog], Watching]:
    def begin(log: PublishedLog) -> Watching:
        identity = Identity("witness.example/w1", SigningKey.generate())
        watching = Watching(log, Witness(identity, (log.verifier,), Memory(tmp_path / "witness.sqlite"), lambda: 0))
        watching.witness = replace(watching.witness, clock=lambda: watching.now)
        return watching

    return begin


@pytest.fixture
def watching(watch: Callable[[PublishedLog], Watching]) -> Watching:
    return watch(grown(300, key=LOG_KEY))
