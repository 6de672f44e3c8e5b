"""After a person is erased: every proof that was ever handed out still holds, and nothing of theirs is left to open."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_space import erase_space
from cockpit.acts.export_space import export_space
from cockpit.acts.histories import EntryProof, proof
from cockpit.acts.open_space import open_space
from cockpit.acts.receipts import receipts
from cockpit.acts.restore_backup import Target, restore
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.errors import CockpitError
from cockpit.domain.ids import ConsentId
from cockpit.receipts.receipt import receipt_bytes, receipts_name
from cockpit.settings import Settings
from cockpit.store.journal import journal
from cockpit.store.lines import newest
from cockpit.store.space import CONSENTS
from cockpit.tlog import merkle
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint
from cockpit.tlog.logs import CONSENT, LogName, origin_of
from cockpit.tlog.note import vkey
from cockpit.verifier.verify import PROVED, verify, verify_receipt, verify_since
from tests.acts.operations import PASSPHRASE, backup_in, codes, saved
from tests.canaries import assert_nowhere
from tests.conftest import MovingClock
from tests.web.furnished import furnish


def now(cockpit: Cockpit, log: LogName) -> Checkpoint:
    with cockpit.database.read() as connection:
        _, note = cockpit.ledger.checkpoint(connection, log)
    return parse_checkpoint(note, cockpit.operator.log.verify_key(), origin_of(cockpit.ledger.origin, log))


def test_every_proof_issued_before_still_verifies(cockpit: Cockpit, visit: Visit, tmp_path: Path) -> None:
    furnish(cockpit, visit)
    with cockpit.spaces.read(unlocked(visit)) as reader:
        proofs = [proof(cockpit, reader, entry.number) for entry in journal(reader)]
        issued = [
            receipt_bytes(one.receipt)
            for consent in newest(reader.lines(CONSENTS))
            for one in receipts(cockpit, reader, ConsentId(consent))
        ]
    archive = exported(cockpit, visit)
    other = recognise(cockpit, open_space(cockpit, "dominique", PASSPHRASE, "Dominique", "fr").cookie)
    assert other is not None
    theirs = exported(cockpit, other)

    erase_space(cockpit, visit.person)
    furnish(cockpit, other)

    assert len(proofs) >= 10
    for one in proofs:
        assert_holds(cockpit, one)
    name = receipts_name(cockpit.ledger.origin)
    keys = (
        vkey(origin_of(cockpit.ledger.origin, CONSENT), cockpit.operator.log.verify_key()),
        vkey(name, cockpit.operator.receipts.verify_key()),
    )
    assert len(issued) >= 4
    for receipt in issued:
        report = verify_receipt(receipt, keys)
        assert (report.outcome, [found for _, found in report.checks]) == (PROVED, [None, None])
    assert verify(archive).outcome == PROVED
    # Somebody else's newer archive, whose log holds the erased entries too, is held to their older one.
    assert verify_since(exported(cockpit, other), theirs).outcome == PROVED
    assert codes(cockpit) == set()


def assert_holds(cockpit: Cockpit, issued: EntryProof) -> None:
    """The proof leads to its own checkpoint, from which the log only grew, and the public entry is still that one."""
    log, leaf = issued.entry.log, issued.entry.leaf
    merkle.verify_inclusion(merkle.leaf_hash(leaf), issued.entry.index, issued.size, issued.path, issued.root)
    newer = now(cockpit, log)
    with cockpit.database.read() as connection:
        grown = cockpit.ledger.consistency_proof(connection, issued.size, newer.size, log)
        public = list(cockpit.ledger.leaves(connection, log))[issued.entry.index].leaf
    merkle.verify_consistency(issued.size, newer.size, grown, issued.root, newer.root)
    assert public == leaf


def test_nothing_is_left_here_or_in_a_backup_for_who_kept_every_key(
    cockpit: Cockpit, visit: Visit, clock: MovingClock, tmp_path: Path
) -> None:
    furnish(cockpit, visit)
    other = recognise(cockpit, open_space(cockpit, "dominique", PASSPHRASE, "Dominique", "fr").cookie)
    assert other is not None
    furnish(cockpit, other)
    erase_space(cockpit, visit.person)
    saved(cockpit, tmp_path / "after")
    target = tmp_path / "elsewhere"
    restore(backup_in(tmp_path / "after", cockpit.operator), Target(target))
    shutil.copytree(cockpit.settings.keys_folder, target / "keys")
    elsewhere = build(Settings(data=target, argon2_memory_kib=64), clock)
    for place in (cockpit, elsewhere):
        # The session still has the vault key of before.
        with pytest.raises(CockpitError), place.spaces.read(unlocked(visit)) as reader:
            journal(reader)
        assert codes(place) == set()
        with place.spaces.read(unlocked(other)) as reader:
            assert journal(reader)
        assert_nowhere(place.settings.data, [visit.person])
    elsewhere.close()


def exported(cockpit: Cockpit, visit: Visit) -> bytes:
    out = io.BytesIO()
    export_space(cockpit, visit, out)
    return out.getvalue()
