"""Checking: silent on a store that is well, and every attack on the rows, the log and the objects is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from cockpit.accounts.sessions import Visit
from cockpit.acts.check_store import check_kept, check_opened_space
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_record import erase_record
from cockpit.acts.open_space import OpenedSpace
from cockpit.acts.receipts import receipts
from cockpit.acts.restore_backup import Target, rehearse, restore
from cockpit.acts.rotate_collection_keys import rotate_collection_keys
from cockpit.acts.rotate_operator_key import rotate_operator_key
from cockpit.acts.rotate_vault_key import rotate_vault_key
from cockpit.acts.tend_space import tend_space
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import Collection, ConsentId, PersonId
from cockpit.receipts.receipt import receipt_bytes
from cockpit.sealing.keyring import Keyring
from cockpit.settings import Settings
from cockpit.store import tables
from cockpit.store.check_opened import Opening
from cockpit.store.compaction import compact
from cockpit.store.keyrings import keyring as keyring_table
from cockpit.store.space import CONSENTS, JOURNAL
from cockpit.store.streams import INBOX, VAULT
from cockpit.store.walls import EVERYONE
from tests.acts.operations import BANK, BANK_COLLECTION, PASSPHRASE, backup_in, codes, deposit, live, saved
from tests.acts.test_tend_space import granted
from tests.conftest import MovingClock

SEGMENT, BLOB, LEAF, TILE = tables.segment, tables.blob, tables.log_leaf, tables.log_tile
BANK_INBOX = (SEGMENT.c.collection == BANK_COLLECTION) & (SEGMENT.c.stream == INBOX)
BANK_VAULT = (SEGMENT.c.collection == BANK_COLLECTION) & (SEGMENT.c.stream == VAULT)


@pytest.fixture
def keyring(cockpit: Cockpit) -> Keyring:
    found = live(cockpit, "camille", deposits=1)
    for number in range(2):
        deposit(cockpit, PersonId(found.person), 600 + number)
    note(cockpit, found)
    return found


def note(cockpit: Cockpit, keyring: Keyring) -> None:
    with cockpit.database.write(PersonId(keyring.person)) as connection:
        cockpit.ledger.append(connection, Event(EventType.EXPORT_MADE), cockpit.clock(), PersonId(keyring.person))


def run(cockpit: Cockpit, *statements: Any) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount


def value(cockpit: Cockpit, statement: Any) -> Any:
    with cockpit.database.read(EVERYONE) as connection:
        return connection.execute(statement).scalars().first()


def flipped(content: bytes, position: int = -1) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


def flip(cockpit: Cockpit, table: Any, name: str, where: Any = True, position: int = -1) -> None:
    column = table.c[name]
    content = value(cockpit, select(column).where(where))
    run(cockpit, update(table).where(column == content).values({name: flipped(content, position)}))


def inbox_seq(cockpit: Cockpit, *, last: bool) -> Any:
    order = SEGMENT.c.seq.desc() if last else SEGMENT.c.seq
    return value(cockpit, select(SEGMENT.c.seq).where(BANK_INBOX).order_by(order))


ATTACKS: dict[str, tuple[Callable[[Cockpit], None], set[str]]] = {
    "a head of somebody else": (
        lambda c: flip(c, tables.collection, "head_mac", tables.collection.c.collection == "bank"),
        {"head_forged"},
    ),
    "a head put back": (
        lambda c: run(c, update(tables.collection).where(tables.collection.c.collection == "bank").values(head_seq=1)),
        {"head_forged"},
    ),
    "an inbox with a hole": (
        lambda c: run(c, delete(SEGMENT).where(BANK_INBOX, SEGMENT.c.seq == inbox_seq(c, last=False) + 1)),
        {"inbox_hole"},
    ),
    "an inbox cut short": (
        lambda c: run(c, delete(SEGMENT).where(BANK_INBOX, SEGMENT.c.seq == inbox_seq(c, last=True))),
        {"inbox_cut"},
    ),
    "an inbox segment changed": (
        lambda c: flip(c, SEGMENT, "envelope", BANK_INBOX & (SEGMENT.c.seq == inbox_seq(c, last=False))),
        {"inbox_chain"},
    ),
    "an inbox's last segment changed": (
        lambda c: flip(c, SEGMENT, "envelope", BANK_INBOX & (SEGMENT.c.seq == inbox_seq(c, last=True))),
        {"inbox_cut"},
    ),
    "an inbox segment that counts otherwise": (
        lambda c: run(c, update(SEGMENT).where(BANK_INBOX).values(records=77)),
        {"inbox_chain"},
    ),
    "a vault segment gone": (lambda c: run(c, delete(SEGMENT).where(BANK_VAULT)), {"vault_count"}),
    "a vault segment renumbered": (
        lambda c: run(c, update(SEGMENT).where(BANK_VAULT).values(seq=SEGMENT.c.seq + 100)),
        {"vault_row"},
    ),
    "a vault segment of another epoch": (
        lambda c: run(c, update(SEGMENT).where(BANK_VAULT).values(epoch=9)),
        {"vault_row", "key_missing"},
    ),
    "a manifest gone": (
        lambda c: run(c, delete(tables.manifest).where(tables.manifest.c.collection == "bank")),
        {"manifest_missing"},
    ),
    "a manifest of another count": (
        lambda c: run(c, update(tables.manifest).where(tables.manifest.c.collection == "bank").values(entries=9)),
        {"manifest_fence"},
    ),
    "keys gone": (
        lambda c: run(c, delete(tables.collection_key).where(tables.collection_key.c.collection == "bank")),
        {"key_missing"},
    ),
    "what a source brought changed": (lambda c: flip(c, tables.seen_record, "sealed"), {"source_state"}),
    "a log entry gone": (lambda c: run(c, delete(LEAF).where(LEAF.c.position == 0)), {"log_hole", "log_entry_missing"}),
    "the log cut short": (
        lambda c: run(c, delete(LEAF).where(LEAF.c.position == 1)),
        {"log_root", "log_tiles", "log_entry_missing"},
    ),
    "a log entry changed": (
        # Inside the time, so that it is still JSON.
        lambda c: flip(c, LEAF, "leaf", LEAF.c.position == 0, bytes(value(c, select(LEAF.c.leaf))).index(b"2026") + 3),
        {"log_tiles", "log_root"},
    ),
    "an audit part changed": (lambda c: flip(c, LEAF, "sealed_audit", LEAF.c.position == 0), {"log_audit"}),
    "a hash of the tree changed": (lambda c: flip(c, TILE, "hashes", True, 40), {"log_tiles"}),
    "a tile cut short": (lambda c: run(c, update(TILE).values(hashes=bytes(32))), {"log_tiles"}),
    "a tile gone": (lambda c: run(c, delete(TILE)), {"log_tiles"}),
    "a tile more": (
        lambda c: run(c, insert(TILE).values(log="consent", level=1, position=0, hashes=bytes(32))),
        {"log_tiles"},
    ),
    "an edge of another tree": (lambda c: flip(c, tables.log_head, "edge"), {"log_root"}),
    "a count of entries put back": (
        lambda c: run(c, update(tables.log_walk).values(entries=1)),
        {"journal_rolled_back"},
    ),
    "a count of entries put forward": (
        lambda c: run(c, update(tables.log_walk).values(entries=3)),
        {"journal_rolled_back", "log_entry_missing"},
    ),
    "a checkpoint of another key": (
        lambda c: flip(c, tables.log_head, "checkpoint", True, -8),
        {"log_signature"},
    ),
    "a checkpoint gone": (lambda c: run(c, delete(tables.log_head)), {"log_head"}),
    "a person gone": (lambda c: run(c, delete(tables.person)), {"row_of_nobody", "log_uncovered"}),
}


def test_a_store_that_is_well_gives_no_finding(cockpit: Cockpit, keyring: Keyring) -> None:
    live(cockpit, "dominique", deposits=1)
    assert codes(cockpit) == set()
    counted = Opening()
    assert list(check_opened_space(cockpit, keyring, counted)) == []
    assert (counted.lines, counted.documents) == (11, 4)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_found(cockpit: Cockpit, keyring: Keyring, attack: str) -> None:
    commit, expected = ATTACKS[attack]
    commit(cockpit)
    assert codes(cockpit) == expected


def test_rotating_every_key_and_erasing_a_record_leave_a_store_that_is_well(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, tmp_path: Path
) -> None:
    for number in range(3):
        deposit(cockpit, opened.person, 10 * number, 5)
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        gone = reader.newest(BANK, 1)[0].uid
    erase_record(cockpit, visit, BANK, gone)
    assert codes(cockpit) == set()
    rotate_collection_keys(cockpit, visit)
    tend_space(cockpit, visit.keyring, least=1)
    assert codes(cockpit) == set()
    rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE)
    assert codes(cockpit) == set(), "the collections wait for their epochs"
    again = recognise(cockpit, opened.cookie)
    assert again is not None
    assert again.keyring is not None
    tend_space(cockpit, again.keyring, least=1)
    rotate_operator_key(cockpit)
    assert codes(cockpit) == set()
    assert list(check_opened_space(cockpit, again.keyring, Opening())) == []
    saved(cockpit, tmp_path)
    rehearsed = rehearse(backup_in(tmp_path, cockpit.operator), ("camille", PASSPHRASE), cockpit.clock)
    assert rehearsed.findings == []


def test_a_journal_put_back_is_found(cockpit: Cockpit, keyring: Keyring) -> None:
    """Its head and segments are genuine ones of an hour ago: only the log knows better."""
    where = (tables.collection.c.person_id == keyring.person, tables.collection.c.collection == JOURNAL)
    with cockpit.database.read(EVERYONE) as connection:
        before = dict(connection.execute(select(tables.collection).where(*where)).mappings().one())
    note(cockpit, keyring)
    run(
        cockpit,
        update(tables.collection).where(*where).values(before),
        delete(SEGMENT).where(SEGMENT.c.collection == JOURNAL, SEGMENT.c.seq > before["head_seq"]),
    )
    assert codes(cockpit) == {"journal_rolled_back"}


def test_an_older_manifest_is_found(cockpit: Cockpit, keyring: Keyring) -> None:
    where = tables.manifest.c.collection == BANK_COLLECTION
    with cockpit.database.read(EVERYONE) as connection:
        before = dict(connection.execute(select(tables.manifest).where(where)).mappings().one())
    deposit(cockpit, PersonId(keyring.person), 800)
    compact(cockpit.spaces, keyring, Collection(BANK_COLLECTION))
    run(cockpit, update(tables.manifest).where(where).values(before))
    assert codes(cockpit) == {"manifest_fence"}


def test_a_body_changed_is_found_once_the_space_is_open(cockpit: Cockpit, keyring: Keyring) -> None:
    flip(cockpit, SEGMENT, "envelope", BANK_VAULT)
    assert codes(cockpit) == set()
    found = list(check_opened_space(cockpit, keyring, Opening()))
    assert [one.code for one in found] == ["does_not_open"]
    assert found[0].where.endswith("bank")


def test_documents_missing_changed_and_unknown_are_found(
    cockpit: Cockpit, keyring: Keyring, clock: MovingClock
) -> None:
    objects = cockpit.spaces.files.objects
    first, second, third, *_ = [found.key for found in objects.list()]
    objects.delete([first])
    objects.put(second, [b"short"])
    whole = objects.whole(third)
    objects.put(third, [flipped(whole, 5)])
    objects.put(f"{keyring.person}/00/{'0' * 32}", [b"left by a crash"])
    assert codes(cockpit) == {"document_missing", "document_size"}
    clock.forward(days=2)
    assert codes(cockpit) == {"document_missing", "document_size", "document_unknown"}
    opened = [found.where.rpartition(" ")[2] for found in check_opened_space(cockpit, keyring, Opening())]
    assert len(opened) == 3


def test_a_keyring_that_does_not_fit_is_found(cockpit: Cockpit, keyring: Keyring, clock: MovingClock) -> None:
    with cockpit.keyrings.database.write(EVERYONE) as connection:
        row = dict(connection.execute(select(keyring_table)).mappings().one())
        connection.execute(insert(keyring_table).values(row | {"person_id": "0" * 32}))
        connection.execute(
            update(keyring_table)
            .where(keyring_table.c.person_id == keyring.person)
            .values(wrapped_pepper=flipped(row["wrapped_pepper"]))
        )
    clock.forward(days=2)
    assert codes(cockpit) == {"keyring_row", "keyring_unknown", "log_uncovered"}
    cockpit.keyrings.shred(PersonId(keyring.person))
    assert codes(cockpit) == {"keyring_missing", "keyring_unknown", "log_uncovered"}


def test_a_deployment_put_back_is_found_by_a_receipt_and_by_a_checkpoint(
    cockpit: Cockpit, visit: Visit, clock: MovingClock, tmp_path: Path
) -> None:
    saved(cockpit, tmp_path)
    granted(cockpit, visit)
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        consent = ConsentId(next(iter(reader.lines(CONSENTS)))["uid"])
        receipt = receipt_bytes(receipts(cockpit, reader, consent)[0].receipt)
    with cockpit.database.read() as connection:
        _, checkpoint = cockpit.ledger.checkpoint(connection)
    assert not list(check_kept(cockpit, receipt))
    assert not list(check_kept(cockpit, checkpoint))
    note(cockpit, visit.keyring)
    assert not list(check_kept(cockpit, checkpoint)), "a log may grow"

    target = tmp_path / "new"
    restore(backup_in(tmp_path, cockpit.operator), Target(target))
    shutil.copytree(cockpit.settings.keys_folder, target / "keys")
    older = build(Settings(data=target, argon2_memory_kib=64), clock)
    # In itself it is whole: only what somebody kept tells.
    assert codes(older) == set()
    for kept in (receipt, checkpoint):
        assert [found.code for found in check_kept(older, kept)] == ["rolled_back"]
    with older.database.write(EVERYONE) as connection:
        for _ in range(9):
            older.ledger.append(connection, Event(EventType.KEY_ROTATED, {"version": "x"}), clock())
    assert [found.code for found in check_kept(older, checkpoint)] == ["rolled_back"], "another history, as long"
    assert [found.code for found in check_kept(older, receipt)] == ["rolled_back"]
    older.close()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"not a note", b'{"receipt": {"log": {}}, "signature": {"value": "AA=="}}']
)
def test_what_was_never_signed_here_is_no_receipt(cockpit: Cockpit, content: bytes) -> None:
    with pytest.raises(OperatorMustAct):
        list(check_kept(cockpit, content))
