"""The real ledger, asked as the public doors ask it: other people's programs verify it, a witness cosigns it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.sealing.signing import SigningKey
from cockpit.store.log_rows import bundled
from cockpit.tlog.logs import CONSENT, origin_of
from cockpit.tlog.note import Verifier
from cockpit.witness.cosigning import Witness
from cockpit.witness.identity import Identity
from cockpit.witness.memory import Memory
from cockpit.witness.request import AddCheckpoint, print_request
from tests.conftest import PASSPHRASE
from tests.independent.checkers import CHECKERS, FULL, INCLUSION, Checker, Shown


def kept_and_shown(cockpit: Cockpit) -> list[Shown]:
    """Each entry of the consent log under its newest checkpoint, beside the checkpoint of when there was one entry."""
    verifier = Verifier(origin_of(cockpit.settings.origin, CONSENT), cockpit.operator.log.verify_key())
    with cockpit.database.read() as connection:
        _, old = cockpit.ledger.checkpoint(connection)
    for name in ("dominique", "claude", "andrea"):
        open_space(cockpit, name, PASSPHRASE, name.title(), "fr")
    with cockpit.database.read() as connection:
        size, new = cockpit.ledger.checkpoint(connection)
        consistency = cockpit.ledger.consistency_proof(connection, int(old.split(b"\n")[1]), size)
        return [
            Shown(
                verifier.vkey(), old, new, consistency, leaf, index,
                cockpit.ledger.inclusion_proof(connection, index, size),
            )
            for index, leaf in enumerate(bundled(connection, CONSENT, 0, size))
        ]  # fmt: skip


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
def test_the_consent_log_is_verified_by_others(cockpit: Cockpit, checker: Checker) -> None:
    asked = kept_and_shown(cockpit)
    assert len(asked) >= 4
    assert checker(asked) == [set()] * len(asked)
    # Each entry shown at the place of the next one: refused, so that the answers above say something.
    moved = [
        Shown(one.vkey, one.old, one.new, one.consistency, one.leaf, other.index, other.inclusion)
        for one, other in pairwise(asked)
    ]
    assert checker(moved) == [{INCLUSION}] * len(moved)
    assert set(FULL) < set(CHECKERS)


@pytest.mark.usefixtures("opened")
def test_the_consent_log_is_cosigned_as_it_grows(cockpit: Cockpit, tmp_path: Path) -> None:
    log = Verifier(origin_of(cockpit.settings.origin, CONSENT), cockpit.operator.log.verify_key())
    memory = Memory(tmp_path / "witness.sqlite")
    witness = Witness(Identity("w.example", SigningKey.generate()), (log,), memory, lambda: 1)
    shown = kept_and_shown(cockpit)[0]
    old = int(shown.old.split(b"\n")[1])
    assert witness.add_checkpoint(print_request(AddCheckpoint(0, (), shown.old))).status == 200
    assert witness.add_checkpoint(print_request(AddCheckpoint(old, tuple(shown.consistency), shown.new))).status == 200
    assert memory.head(log.name).size > old
