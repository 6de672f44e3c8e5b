"""Checking one's history: whole when it is, and each way of erasing from it is found and named."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from cockpit.accounts.sessions import Visit
from cockpit.acts.check_history import Fault, HistoryCheck, KeptCheck, NotACheckpoint, check_history, check_kept
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.sealing.signing import SigningKey
from cockpit.store import tables
from cockpit.store.ledger import Ledger
from cockpit.store.walls import EVERYONE
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.logs import CONSENT, origin_of
from tests.web.furnished import furnish


@pytest.fixture
def lived(cockpit: Cockpit, visit: Visit) -> Visit:
    furnish(cockpit, visit)
    knock = Event(EventType.ACCESS_REFUSED, {"decision": "expired"}, {"service_name": "X"})
    with cockpit.database.write(visit.person) as connection:
        cockpit.ledger.append_batch(connection, [(knock, visit.person)] * 3, cockpit.clock())
    return visit


def checked(cockpit: Cockpit, visit: Visit) -> HistoryCheck:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return check_history(cockpit, reader)


def kept(cockpit: Cockpit, visit: Visit, note: bytes) -> KeptCheck:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return check_kept(cockpit, reader, note)


def checkpoint(cockpit: Cockpit) -> bytes:
    with cockpit.database.write() as connection:
        return cockpit.ledger.checkpoint(connection, CONSENT)[1]


def test_a_history_that_nobody_touched_is_whole(cockpit: Cockpit, lived: Visit) -> None:
    found = checked(cockpit, lived)
    assert found.whole
    assert found.entries > 10
    assert len(found.logs) == 2
    assert sum(log.entries for log in found.logs) == found.entries


def test_an_entry_kept_back_from_the_person_is_found_by_its_mark(
    cockpit: Cockpit, lived: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = checked(cockpit, lived).entries
    monkeypatch.setattr(Ledger, "_tell", lambda *_: None)
    hidden = Event(EventType.EXPORT_MADE, {}, {})
    with cockpit.database.write(lived.person) as connection:
        cockpit.ledger.append(connection, hidden, cockpit.clock(), lived.person)
    assert checked(cockpit, lived).faults == ((Fault.HIDDEN, before),)


def test_an_entry_kept_back_in_the_middle_is_a_gap(
    cockpit: Cockpit, lived: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = checked(cockpit, lived).entries
    hidden = Event(EventType.EXPORT_MADE, {}, {})
    with monkeypatch.context() as patched, cockpit.database.write(lived.person) as connection:
        patched.setattr(Ledger, "_tell", lambda *_: None)
        cockpit.ledger.append(connection, hidden, cockpit.clock(), lived.person)
    with cockpit.database.write(lived.person) as connection:
        cockpit.ledger.append(connection, hidden, cockpit.clock(), lived.person)
    assert (Fault.GAP, before) in checked(cockpit, lived).faults


def test_an_edited_tree_no_longer_proves_the_entries(cockpit: Cockpit, lived: Visit) -> None:
    table = tables.log_tile
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(
            update(table).where(table.c.log == CONSENT, table.c.level == 0).values(hashes=bytes(32 * 60))
        )
    faults = {fault for fault, _ in checked(cockpit, lived).faults}
    assert faults == {Fault.UNPROVEN}


def test_a_checkpoint_kept_from_earlier_is_still_under_todays(cockpit: Cockpit, lived: Visit) -> None:
    then = checkpoint(cockpit)
    furnish(cockpit, lived)
    found = kept(cockpit, lived, then)
    assert (found.fault, found.size_now > found.size_then) == ("", True)


def test_another_past_signed_for_somebody_else_is_shown_with_both_notes(cockpit: Cockpit, lived: Visit) -> None:
    origin = origin_of(cockpit.ledger.origin, CONSENT)
    with cockpit.database.write() as connection:
        size, _ = cockpit.ledger.checkpoint(connection, CONSENT)
    for number, fault in ((size, "log_forked"), (size + 5, "log_shrunk"), (size - 1, "log_unproven")):
        other = sign_checkpoint(Checkpoint(origin, number, b"\x01" * 32), cockpit.operator.log)
        found = kept(cockpit, lived, other)
        assert found.fault == fault
        assert other.decode() in found.evidence


def test_what_is_no_checkpoint_of_ours_says_so(cockpit: Cockpit, lived: Visit) -> None:
    origin = origin_of(cockpit.ledger.origin, CONSENT)
    stranger = sign_checkpoint(Checkpoint(origin, 3, b"\x01" * 32), SigningKey.generate())
    for note in (
        b"",
        b"\xff\xfe",
        b"x" * 100_000,
        origin.encode(),
        stranger,
        checkpoint(cockpit).replace(b"\n", b"\r\n", 1),
    ):
        with pytest.raises(NotACheckpoint):
            kept(cockpit, lived, note)
