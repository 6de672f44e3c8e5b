"""What was kept earlier, against an archive: nothing of it may be gone, though the archive holds together by itself."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.answer_consent import refuse
from cockpit.acts.ask_consent import pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.export_space import export_space
from cockpit.acts.open_space import open_space
from cockpit.acts.receipts import receipts
from cockpit.acts.restore_backup import Target, restore
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.ids import ConsentId
from cockpit.receipts.receipt import receipt_bytes
from cockpit.settings import Settings
from cockpit.store.space import CONSENTS
from cockpit.verifier.verify import PROVED, REFUTED, UNREADABLE, Report, main, verify, verify_since
from tests.acts.operations import backup_in, saved
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.furnished import ask, register


def exported(cockpit: Cockpit, visit: Visit) -> bytes:
    out = io.BytesIO()
    export_space(cockpit, visit, out)
    return out.getvalue()


def refused(cockpit: Cockpit, visit: Visit) -> bytes:
    """One decision more; its receipt."""
    refuse(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)))
    with cockpit.spaces.read(unlocked(visit)) as reader:
        consent = ConsentId([line["uid"] for line in reader.lines(CONSENTS)][-1])
        return receipt_bytes(receipts(cockpit, reader, consent)[-1].receipt)


def checkpoint(cockpit: Cockpit) -> bytes:
    with cockpit.database.read() as connection:
        return cockpit.ledger.checkpoint(connection)[1]


def found(report: Report) -> str:
    """What ``since`` found: its fault, or nothing."""
    assert report.outcome in {PROVED, REFUTED}, report.reason
    (fault,) = [fault.fault if fault else "" for name, fault in report.checks if name == "since"]
    assert report.outcome == (REFUTED if fault else PROVED)
    return fault


@pytest.fixture
def put_back(cockpit: Cockpit, visit: Visit, clock: MovingClock, tmp_path: Path) -> Iterator[tuple[Cockpit, Visit]]:
    """The deployment as it was after one decision, put back by whoever runs it, with all its keys."""
    register(cockpit)
    refused(cockpit, visit)
    saved(cockpit, tmp_path)
    target = tmp_path / "older"
    restore(backup_in(tmp_path, cockpit.operator), Target(target))
    shutil.copytree(cockpit.settings.keys_folder, target / "keys")
    older = build(Settings(data=target, argon2_memory_kib=64), clock)
    there = recognise(older, sign_in(older, "camille", PASSPHRASE))
    assert there is not None
    yield older, there
    older.close()


def test_a_log_that_only_grew_holds_all_that_was_kept(cockpit: Cockpit, visit: Visit) -> None:
    register(cockpit)
    receipt = refused(cockpit, visit)
    first = exported(cockpit, visit)
    note = checkpoint(cockpit)
    refused(cockpit, visit)
    newest = exported(cockpit, visit)
    proof = json.loads(receipt)["proof"].encode()
    for kept in (first, receipt, note, proof):
        report = verify_since(newest, kept)
        assert found(report) == ""
        assert "grew" in report.not_proved
        assert "earlier" not in report.not_proved
    assert "earlier" in verify(newest).not_proved
    same = verify_since(newest, newest)
    assert found(same) == ""
    assert "grew" not in same.not_proved


def test_a_deployment_put_back_is_proved_by_itself_and_refuted_by_what_was_kept(
    cockpit: Cockpit, visit: Visit, put_back: tuple[Cockpit, Visit]
) -> None:
    receipt = refused(cockpit, visit)
    archive = exported(cockpit, visit)
    note = checkpoint(cockpit)
    older = exported(*put_back)
    assert verify(older).outcome == PROVED
    assert found(verify_since(older, archive)) == "since-gone"
    assert found(verify_since(older, receipt)) == "since-gone"
    assert found(verify_since(older, note)) == "since-cut"


def test_another_history_as_long_is_refuted_by_what_was_kept(
    cockpit: Cockpit, visit: Visit, put_back: tuple[Cockpit, Visit]
) -> None:
    receipt = refused(cockpit, visit)
    archive = exported(cockpit, visit)
    note = checkpoint(cockpit)
    refused(*put_back)
    other = exported(*put_back)
    assert verify(other).outcome == PROVED
    assert found(verify_since(other, archive)) == "since-gone"
    assert found(verify_since(other, receipt)) == "since-gone"
    assert found(verify_since(other, note)) == "since-fork"


def test_what_is_not_of_this_person_and_this_cockpit_proves_nothing(
    cockpit: Cockpit, visit: Visit, clock: MovingClock, tmp_path: Path
) -> None:
    register(cockpit)
    receipt = refused(cockpit, visit)
    archive = exported(cockpit, visit)
    elsewhere = build(Settings(data=tmp_path / "elsewhere", argon2_memory_kib=64), clock)
    somebody = recognise(cockpit, open_space(cockpit, "dominique", PASSPHRASE, "Dominique", "fr").cookie)
    stranger = recognise(elsewhere, open_space(elsewhere, "camille", PASSPHRASE, "Camille", "fr").cookie)
    assert somebody is not None
    assert stranger is not None
    damaged = json.loads(receipt)
    damaged["log"]["index"] += 1
    for kept in (
        exported(cockpit, somebody),
        exported(elsewhere, stranger),
        checkpoint(elsewhere),
        json.dumps(damaged).encode(),
        archive[:-1],
        receipt[:-1],
        checkpoint(cockpit)[:-20],
        b"",
        b"nothing of this",
        b"\xff\n\n",
    ):
        report = verify_since(archive, kept)
        assert (report.outcome, report.reason) == (UNREADABLE, "since-unreadable")
    elsewhere.close()


def test_the_command_compares_with_a_file_and_says_it_in_words(
    cockpit: Cockpit, visit: Visit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(cockpit)
    older, newer, receipt = (tmp_path / name for name in ("older.zip", "newer.zip", "receipt.json"))
    older.write_bytes(exported(cockpit, visit))
    receipt.write_bytes(refused(cockpit, visit))
    newer.write_bytes(exported(cockpit, visit))
    assert main([str(newer), "--since", str(older), "--lang", "fr"]) == PROVED
    said = capsys.readouterr().out
    assert "+ rien ne manque de ce que vous aviez gardé" in said
    assert main([str(older), "--since", str(newer), "--lang", "en"]) == REFUTED
    assert "x nothing is gone of what you kept: an entry that you kept is gone or changed" in capsys.readouterr().out
    assert main([str(newer), "--since", str(older), "--json"]) == PROVED
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"verdict", "reason", "checks", "counts", "not_proved"}
    assert (told["verdict"], told["reason"], told["checks"]["since"]) == ("proved", None, "ok")
    assert set(told["checks"].values()) == {"ok"}
    assert told["counts"]["entries"] == 4
    assert any("only grew" in one for one in told["not_proved"])
    for arguments in ([str(receipt), "--since", str(older)], [str(newer), "--since", str(tmp_path / "none")]):
        assert main(arguments) == UNREADABLE
