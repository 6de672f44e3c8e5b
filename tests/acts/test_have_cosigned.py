"""Having the log cosigned: real witnesses on this machine, a quorum file, and what is then shown to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.check_history import Witnessing, check_history
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.have_cosigned import have_cosigned
from cockpit.acts.receipts import receipts
from cockpit.acts.shares import shares
from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.domain.event import Event, EventType
from cockpit.receipts.receipt import receipt_bytes
from cockpit.receipts.signed_records import decode
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.logs import CONSENT, origin_of
from cockpit.tlog.note import Verifier
from cockpit.tlog.proof_file import verify_proof_file
from cockpit.tlog.quorum import check_quorum, parse_quorum
from cockpit.verifier.verify import PROVED, verify_receipt
from cockpit.witness.asking import Asked, ask_witnesses
from cockpit.witness.cosigning import Witness
from cockpit.witness.identity import Identity
from cockpit.witness.memory import Memory
from cockpit_web.app import create_app
from cockpit_web.witness import create_witness_app
from tests.web.furnished import furnish
from tests.web.screen import TestClient
from tests.witness.test_asking import serving


def log_of(cockpit: Cockpit) -> Verifier:
    return Verifier(origin_of(cockpit.ledger.origin, CONSENT), cockpit.operator.log.verify_key())


@contextmanager
def witnessed(cockpit: Cockpit, folder: Path, witness: Witness) -> Iterator[Cockpit]:
    """The cockpit with a quorum file that wants this one witness, which answers."""
    with serving(create_witness_app(witness)) as address:
        its_key = witness.identity.verifier().vkey()
        lines = [f"log {log_of(cockpit).vkey()}", f"witness w {its_key} {address}", "quorum w"]
        path = folder / "quorum"
        path.write_text("\n".join(lines) + "\n")
        yield replace(cockpit, settings=replace(cockpit.settings, quorum=path))


def a_witness(cockpit: Cockpit, folder: Path) -> Witness:
    identity = Identity("witness.example", SigningKey.generate())
    return Witness(identity, (log_of(cockpit),), Memory(folder / "witness.sqlite"), lambda: 1_800_000_000)


def grow(cockpit: Cockpit) -> None:
    with cockpit.database.write() as connection:
        cockpit.ledger.append(connection, Event(EventType.KEY_ROTATED), cockpit.clock())


def shown(cockpit: Cockpit) -> bytes:
    return TestClient(create_app(cockpit), base_url="http://localhost:8000").get("/log/consent/checkpoint").content


def test_a_grown_log_is_cosigned_once_and_shown_so(cockpit: Cockpit, tmp_path: Path) -> None:
    grow(cockpit)
    with witnessed(cockpit, tmp_path, a_witness(cockpit, tmp_path)) as asking:
        quorum = parse_quorum((tmp_path / "quorum").read_bytes())
        for _ in range(2):
            first = have_cosigned(asking)
            assert first is not None
            assert (first.enough, first.failed) == (True, {})
            assert check_quorum(quorum, shown(asking)).checkpoint.size == first.size
            assert have_cosigned(asking) is None
            grow(cockpit)
        assert len(shown(asking).splitlines()) == 5  # grown since: signed, and not yet cosigned


def test_a_person_is_told_who_else_vouches_for_the_log(cockpit: Cockpit, visit: Visit, tmp_path: Path) -> None:
    def told(asking: Cockpit) -> Witnessing | None:
        with asking.spaces.read(unlocked(visit)) as reader:
            return check_history(asking, reader).witnessing

    assert told(cockpit) is None
    with witnessed(cockpit, tmp_path, a_witness(cockpit, tmp_path)) as asking:
        assert told(asking) == Witnessing(0, ())
        done = have_cosigned(asking)
        assert done is not None
        assert told(asking) == Witnessing(done.size, ("witness.example",))


def test_a_witness_that_saw_another_past_refuses_and_is_named(cockpit: Cockpit, tmp_path: Path) -> None:
    grow(cockpit)
    witness = a_witness(cockpit, tmp_path)
    other = sign_checkpoint(Checkpoint(log_of(cockpit).name, 1, b"\x07" * 32), cockpit.operator.log)
    with witnessed(cockpit, tmp_path, witness) as asking:
        quorum = parse_quorum((tmp_path / "quorum").read_bytes())
        (trusted,) = quorum.witnesses
        ask_witnesses(other, [Asked(trusted.key, trusted.url)], {}, lambda old, new: [])
        done = have_cosigned(asking)
        assert done is not None
        assert not done.enough
        assert "another root" in done.failed["witness.example"]


def test_a_silent_witness_keeps_nobody_waiting_for_an_entry(cockpit: Cockpit, tmp_path: Path) -> None:
    grow(cockpit)
    with witnessed(cockpit, tmp_path, a_witness(cockpit, tmp_path)) as asking:
        pass
    done = have_cosigned(asking)
    assert done is not None
    assert set(done.failed) == {"witness.example"}
    grow(cockpit)


def test_without_a_quorum_file_nobody_is_asked(cockpit: Cockpit) -> None:
    grow(cockpit)
    assert have_cosigned(cockpit) is None


def test_a_quorum_file_that_cannot_be_read_is_for_the_operator(cockpit: Cockpit, tmp_path: Path) -> None:
    grow(cockpit)
    (tmp_path / "broken").write_bytes(b"nonsense")
    for name in ("broken", "missing"):
        asking = replace(cockpit, settings=replace(cockpit.settings, quorum=tmp_path / name))
        with pytest.raises(OperatorMustAct, match="quorum file"):
            have_cosigned(asking)


def test_a_receipts_proof_carries_the_cosignatures_once_its_entry_is_covered(
    cockpit: Cockpit, visit: Visit, tmp_path: Path
) -> None:
    furnish(cockpit, visit)
    with witnessed(cockpit, tmp_path, a_witness(cockpit, tmp_path)) as asking:
        quorum = parse_quorum((tmp_path / "quorum").read_bytes())
        with asking.spaces.read(unlocked(visit)) as reader:
            consent = shares(asking, reader)[0].consent
            before = receipts(asking, reader, consent)[0].receipt
        with pytest.raises(Tampered):
            verify_proof_file(before.proof.encode(), decode(before.opened.leaf), quorum)
        have_cosigned(asking)
        grow(asking)
        with asking.spaces.read(unlocked(visit)) as reader:
            after = receipts(asking, reader, consent)[0].receipt
        seen = verify_proof_file(after.proof.encode(), decode(after.opened.leaf), quorum)
        assert len(seen.cosignatures) == 1
        # The rest of the receipt is what it was, and the independent verifier reads such a checkpoint too.
        assert replace(after, proof=before.proof) == before
        assert verify_receipt(receipt_bytes(after), (log_of(cockpit).vkey(), after.key)).outcome == PROVED
