"""The logs' writer: which log, which number, one signature a transaction, batches, months that close and expire."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import ScalarSelect, delete, select, update

from cockpit.accounts.sessions import Visit
from cockpit.acts.check_store import check_store
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_space import erase_space
from cockpit.acts.export_space import export_space
from cockpit.acts.histories import history, proof
from cockpit.acts.open_space import open_space
from cockpit.acts.tend_logs import TendedLogs, tend_logs
from cockpit.domain.errors import WeMustFix
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.sealing.signing import SigningKey
from cockpit.store import log_rows, tables, walks
from cockpit.store.growth import LogMoved
from cockpit.store.journal import JournalEntry, journal
from cockpit.store.ledger import AuditedLeaf, Logged
from cockpit.store.log_rows import LogState
from cockpit.store.walls import EVERYONE
from cockpit.tlog import logs
from cockpit.tlog.checkpoint import parse_checkpoint
from cockpit.tlog.leaf import MOST_IN_BATCH, tag
from cockpit.tlog.logs import CONSENT, LogName
from cockpit.tlog.merkle import leaf_hash, verify_inclusion
from cockpit.tlog.tiles import unbundle
from cockpit.verifier.verify import PROVED, verify
from tests.acts.operations import PASSPHRASE, codes
from tests.conftest import MovingClock

NOVEMBER, DECEMBER = LogName("access-2026-11"), LogName("access-2026-12")
READ = Event(EventType.ACCESS_REFUSED, {"decision": "not-active"}, {"service_name": "Coach", "count": 0})
GIVEN = Event(EventType.WAY_ADDED, {}, {"way": "kit"})
TOKEN = Event(EventType.TOKEN_ISSUED)


@pytest.fixture
def other(cockpit: Cockpit) -> PersonId:
    return open_space(cockpit, "dominique", PASSPHRASE, "Dominique", "fr").person


def log(cockpit: Cockpit, *events: Event, person: PersonId) -> list[Logged]:
    with cockpit.database.write(person) as connection:
        return [cockpit.ledger.append(connection, event, cockpit.clock(), person) for event in events]


def log_batch(cockpit: Cockpit, *persons: PersonId) -> Logged:
    with cockpit.database.write(EVERYONE) as connection:
        return cockpit.ledger.append_batch(connection, [(READ, person) for person in persons], cockpit.clock())


def leaves(cockpit: Cockpit, name: LogName = CONSENT) -> list[AuditedLeaf]:
    with cockpit.database.read() as connection:
        return list(cockpit.ledger.leaves(connection, name))


def types(cockpit: Cockpit, name: LogName = CONSENT) -> list[str]:
    return [json.loads(leaf.leaf)["type"] for leaf in leaves(cockpit, name)]


def entries(cockpit: Cockpit, visit: Visit) -> tuple[JournalEntry, ...]:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return journal(reader)


def exported(cockpit: Cockpit, visit: Visit) -> bytes:
    out = io.BytesIO()
    export_space(cockpit, visit, out)
    return out.getvalue()


def proved(cockpit: Cockpit, visit: Visit) -> bool:
    """Whether the history's own check holds for every entry."""
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return all(proof(cockpit, reader, entry.number).verified for entry in journal(reader))


def state(cockpit: Cockpit, name: LogName) -> LogState | None:
    with cockpit.database.read() as connection:
        head = log_rows.find_head(connection, name)
    return head.state if head else None


def test_accesses_and_tokens_go_to_their_months_log_and_all_else_to_the_consent_log(
    cockpit: Cockpit, visit: Visit
) -> None:
    logged = log(
        cockpit, GIVEN, Event(EventType.TOKEN_ISSUED), READ, Event(EventType.ACCESS_REFUSED), person=visit.person
    )
    origin = cockpit.ledger.origin
    assert [(one.origin, one.index) for one in logged] == [
        (f"{origin}/consent", 1),
        (f"{origin}/access-2026-11", 0),
        (f"{origin}/access-2026-11", 1),
        (f"{origin}/access-2026-11", 2),
    ]
    assert types(cockpit) == ["space.opened", "way.added"]
    assert types(cockpit, NOVEMBER) == ["token.issued", "access.refused", "access.refused"]
    assert [entry.number for entry in entries(cockpit, visit)] == list(range(5))
    assert proved(cockpit, visit)


def test_a_transaction_is_signed_once_for_each_log_it_grows(
    cockpit: Cockpit, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[bytes] = []
    sign = SigningKey.sign

    def counted(key: SigningKey, context: bytes, message: bytes) -> bytes:
        signed.append(message)
        return sign(key, context, message)

    monkeypatch.setattr(SigningKey, "sign", counted)
    log(cockpit, *[GIVEN] * 5, *[READ] * 5, person=visit.person)
    assert sorted(note.split(b"\n")[1] for note in signed) == [b"5", b"6"]


def test_inside_a_transaction_checkpoint_and_proofs_are_the_newest(cockpit: Cockpit, visit: Visit) -> None:
    key = cockpit.operator.log.verify_key()
    with cockpit.database.write(visit.person) as connection:
        for size in (2, 3, 4):
            logged = cockpit.ledger.append(connection, GIVEN, cockpit.clock(), visit.person)
            found, note = cockpit.ledger.checkpoint(connection)
            head = parse_checkpoint(note, key, logged.origin)
            assert found == head.size == size
            *_, leaf = cockpit.ledger.leaves(connection, first=size - 1)
            path = cockpit.ledger.inclusion_proof(connection, logged.index, size)
            verify_inclusion(leaf_hash(leaf.leaf), logged.index, size, path, head.root)
    assert codes(cockpit) == set()


def test_what_a_transaction_that_failed_had_logged_is_nowhere(cockpit: Cockpit, visit: Visit) -> None:
    before = (leaves(cockpit), entries(cockpit, visit))
    with pytest.raises(RuntimeError):
        log_and_fail(cockpit, visit.person)
    assert (leaves(cockpit), entries(cockpit, visit)) == before
    assert state(cockpit, NOVEMBER) is None
    assert codes(cockpit) == set()


def log_and_fail(cockpit: Cockpit, person: PersonId) -> None:
    with cockpit.database.write(person) as connection:
        cockpit.ledger.append(connection, GIVEN, cockpit.clock(), person)
        cockpit.ledger.append(connection, READ, cockpit.clock(), person)
        cockpit.ledger.checkpoint(connection)
        raise RuntimeError


HEAD = tables.log_head


@pytest.mark.parametrize("values", [{"size": HEAD.c.size + 1}, {"state": LogState.CLOSED}])
def test_a_head_that_moved_meanwhile_lets_nothing_be_kept(
    cockpit: Cockpit, visit: Visit, values: dict[str, Any]
) -> None:
    """The compare-and-swap under the writers' turn: without that turn, who comes second would still keep nothing."""
    with pytest.raises(LogMoved):
        log_while_it_moves(cockpit, visit.person, values)
    assert types(cockpit) == ["space.opened"]
    assert len(entries(cockpit, visit)) == 1
    assert codes(cockpit) == set()


def log_while_it_moves(cockpit: Cockpit, person: PersonId, values: dict[str, Any]) -> None:
    with cockpit.database.write(person) as connection:
        cockpit.ledger.append(connection, GIVEN, cockpit.clock(), person)
        connection.execute(update(HEAD).values(values))


def test_a_log_is_written_to_in_a_write_transaction_only(cockpit: Cockpit) -> None:
    with cockpit.database.read() as connection, pytest.raises(WeMustFix):
        cockpit.ledger.append(connection, GIVEN, cockpit.clock())


# Batches


def test_a_batch_is_one_leaf_and_each_ones_entries_are_in_their_journal(
    cockpit: Cockpit, visit: Visit, other: PersonId
) -> None:
    log(cockpit, READ, person=visit.person)
    logged = log_batch(cockpit, visit.person, other, visit.person, other, visit.person)
    assert (logged.index, logged.origin) == (1, f"{cockpit.ledger.origin}/{NOVEMBER}")
    found = entries(cockpit, visit)
    assert [entry.number for entry in found] == [0, 1, 2, 3, 4]
    assert [(entry.index, entry.batch and entry.batch.position) for entry in found[1:]] == [
        (0, None), (1, 0), (1, 2), (1, 4),
    ]  # fmt: skip
    assert proved(cockpit, visit)
    assert codes(cockpit) == set()
    batch = leaves(cockpit, NOVEMBER)[1]
    assert [record.part for record in batch.records] == [READ.audit] * 5
    assert verify(exported(cockpit, visit)).outcome == PROVED
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        assert [line.number for line in history(reader)] == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("count", [0, MOST_IN_BATCH + 1])
def test_a_batch_holds_one_record_to_a_thousand(cockpit: Cockpit, visit: Visit, count: int) -> None:
    with pytest.raises(ValueError, match="batch"):
        log_batch(cockpit, *[visit.person] * count)


def test_a_batch_holds_accesses_only(cockpit: Cockpit, visit: Visit) -> None:
    """A decision has a leaf of its own in the consent log, or a verifier refuses it."""
    with cockpit.database.write(visit.person) as connection, pytest.raises(ValueError, match="accesses"):
        cockpit.ledger.append_batch(connection, [(READ, visit.person), (GIVEN, visit.person)], cockpit.clock())
    assert codes(cockpit) == set()


def test_a_batch_of_one_and_of_the_most(cockpit: Cockpit, visit: Visit) -> None:
    log_batch(cockpit, visit.person)
    log_batch(cockpit, *[visit.person] * MOST_IN_BATCH)
    assert len(entries(cockpit, visit)) == MOST_IN_BATCH + 2
    assert codes(cockpit) == set()
    assert verify(exported(cockpit, visit)).outcome == PROVED


def public_tags(cockpit: Cockpit) -> Iterator[str]:
    """Every mark that anybody can read in the logs, leaves and batches."""
    with cockpit.database.read() as connection:
        for name in cockpit.ledger.logs(connection):
            for leaf in cockpit.ledger.leaves(connection, name):
                said: Mapping[str, Any] = msgspec.json.decode(leaf.leaf)
                if "tag" in said:
                    yield str(said["tag"])
                else:
                    records = log_rows.batch_records(connection, name, leaf.index)
                    assert records is not None
                    yield from (msgspec.json.decode(record)["tag"] for record in unbundle(records))


def test_with_the_tag_key_a_person_finds_every_entry_and_a_gap(
    cockpit: Cockpit, visit: Visit, other: PersonId, clock: MovingClock
) -> None:
    log(cockpit, GIVEN, READ, person=visit.person)
    log_batch(cockpit, other, visit.person, visit.person)
    clock.forward(days=20)
    log(cockpit, READ, GIVEN, person=visit.person)
    log_batch(cockpit, visit.person, other)
    key, found = cockpit.keyrings.tag_key(visit.person), list(public_tags(cockpit))
    mine = [number for number in range(20) if tag(key, number) in found]
    assert mine == list(range(8)) == [entry.number for entry in entries(cockpit, visit)]
    assert len(found) == len(set(found)) + found.count("") - 1
    # Somebody with the database takes one record of a batch away, as if the reading had never been.
    with cockpit.database.write(EVERYONE) as connection:
        rows = connection.execute(select(tables.log_batch).where(tables.log_batch.c.log == NOVEMBER)).one()
        kept = unbundle(rows.records)[:-1]
        records = b"".join(len(record).to_bytes(2, "big") + record for record in kept)
        connection.execute(update(tables.log_batch).where(tables.log_batch.c.log == NOVEMBER).values(records=records))
    assert codes(cockpit) == {"log_audit", "log_entry_missing"}


# Months


def test_the_first_access_of_a_month_closes_the_month_before_and_anchors_it(
    cockpit: Cockpit, visit: Visit, clock: MovingClock
) -> None:
    log(cockpit, READ, READ, person=visit.person)
    with cockpit.database.read() as connection:
        final = cockpit.ledger.checkpoint(connection, NOVEMBER)[1]
    clock.forward(days=10)
    log(cockpit, GIVEN, READ, person=visit.person)
    assert (state(cockpit, NOVEMBER), state(cockpit, DECEMBER)) == (LogState.CLOSED, LogState.OPEN)
    assert types(cockpit) == ["space.opened", "way.added", "shard.closed"]
    anchor = leaves(cockpit)[-1].part
    head = parse_checkpoint(final, cockpit.operator.log.verify_key(), f"{cockpit.ledger.origin}/{NOVEMBER}")
    assert anchor == {"log": NOVEMBER, "size": head.size, "root": head.root.hex()}
    assert codes(cockpit) == set()


def test_what_comes_late_stands_in_the_next_open_month(cockpit: Cockpit, visit: Visit, clock: MovingClock) -> None:
    log(cockpit, READ, person=visit.person)
    began = clock()
    clock.forward(days=10)
    assert tend_logs(cockpit) == TendedLogs((NOVEMBER,), ())
    with cockpit.database.write(visit.person) as connection:
        late = cockpit.ledger.append(connection, READ, began, visit.person)
    assert late.origin.endswith(DECEMBER)
    assert codes(cockpit) == set()


def test_tending_does_what_is_due_once(cockpit: Cockpit, visit: Visit, clock: MovingClock) -> None:
    assert tend_logs(cockpit) == TendedLogs()
    log(cockpit, READ, person=visit.person)
    assert tend_logs(cockpit) == TendedLogs()
    clock.forward(days=10)
    assert tend_logs(cockpit) == TendedLogs((NOVEMBER,), ())
    assert tend_logs(cockpit) == TendedLogs()
    for clock.now in (datetime(2027, 11, 30, 23, 59, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)):
        done = tend_logs(cockpit)
    assert done == TendedLogs((), (NOVEMBER,))
    assert tend_logs(cockpit) == TendedLogs()
    assert types(cockpit) == ["space.opened", "shard.closed", "shard.expired"]


def test_when_a_month_has_expired_its_entries_are_gone_and_every_proof_still_holds(
    cockpit: Cockpit, visit: Visit, clock: MovingClock
) -> None:
    log(cockpit, GIVEN, READ, person=visit.person)
    log_batch(cockpit, *[visit.person] * 3)
    log(cockpit, READ, person=visit.person)
    before = exported(cockpit, visit)
    held = [leaf.leaf for leaf in leaves(cockpit, NOVEMBER)]
    clock.forward(days=10)
    log(cockpit, READ, person=visit.person)
    clock.now = datetime(2027, 12, 1, tzinfo=UTC)
    assert tend_logs(cockpit) == TendedLogs((DECEMBER,), (NOVEMBER,))
    assert leaves(cockpit, NOVEMBER) == []
    with cockpit.database.read(EVERYONE) as connection:
        assert log_rows.batch_records(connection, NOVEMBER, 1) is None
    if cockpit.database.engine.dialect.name == "sqlite":
        files = [path for path in cockpit.settings.data.rglob("*.sqlite*") if path.is_file()]
        assert files
        assert not any(leaf in path.read_bytes() for leaf in held for path in files)
    assert codes(cockpit) == set()
    assert proved(cockpit, visit)
    for archive in (before, exported(cockpit, visit)):
        assert verify(archive).outcome == PROVED


def records_of(name: LogName) -> ScalarSelect[bytes]:
    return select(tables.log_batch.c.records).where(tables.log_batch.c.log == name).scalar_subquery()


ATTACKS_ON_MONTHS: Mapping[str, tuple[Any, set[str]]] = {
    "the head of a closed log": (
        lambda: [delete(tables.log_head).where(tables.log_head.c.log == NOVEMBER)],
        {"log_head"},
    ),
    "a whole closed log": (
        lambda: [
            delete(table).where(table.c.log == NOVEMBER)
            for table in (tables.log_head, tables.log_leaf, tables.log_tile, tables.log_batch)
        ],
        {"log_head", "log_entry_missing"},
    ),
    "the leaves, as if they had expired": (
        lambda: [
            delete(tables.log_leaf).where(tables.log_leaf.c.log == NOVEMBER),
            update(tables.log_head).where(tables.log_head.c.log == NOVEMBER).values(state=LogState.EXPIRED),
        ],
        {"log_uncovered", "log_entry_missing"},
    ),
    "a closed log opened again": (
        lambda: [update(tables.log_head).where(tables.log_head.c.log == NOVEMBER).values(state=LogState.OPEN)],
        {"log_anchor"},
    ),
    "an open log closed": (
        lambda: [update(tables.log_head).where(tables.log_head.c.log == DECEMBER).values(state=LogState.CLOSED)],
        {"log_anchor"},
    ),
    "a tile of a closed log": (
        lambda: [update(tables.log_tile).where(tables.log_tile.c.log == NOVEMBER).values(hashes=bytes(64))],
        {"log_tiles"},
    ),
    "the records of a batch": (
        lambda: [delete(tables.log_batch).where(tables.log_batch.c.log == NOVEMBER)],
        {"log_audit", "log_entry_missing"},
    ),
    "another batch's records": (
        lambda: [
            update(tables.log_batch)
            .where(tables.log_batch.c.log == NOVEMBER)
            .values(
                records=select(tables.log_batch.c.records).where(tables.log_batch.c.log == DECEMBER).scalar_subquery()
            )
        ],
        {"log_audit", "log_entry_missing"},
    ),
}


@pytest.mark.parametrize("attack", ATTACKS_ON_MONTHS)
def test_an_attack_on_a_month_is_found(cockpit: Cockpit, visit: Visit, clock: MovingClock, attack: str) -> None:
    log(cockpit, READ, person=visit.person)
    log_batch(cockpit, *[visit.person] * 3)
    clock.forward(days=10)
    log_batch(cockpit, *[visit.person] * 2)
    assert codes(cockpit) == set()
    statements, expected = ATTACKS_ON_MONTHS[attack]
    with cockpit.database.write(EVERYONE) as connection:
        for statement in statements():
            assert connection.execute(statement).rowcount
    assert codes(cockpit) == expected


@pytest.mark.parametrize("change", ["more", "fewer", "another root"])
def test_a_closed_log_rewritten_and_signed_again_is_not_the_one_anchored(
    cockpit: Cockpit, visit: Visit, clock: MovingClock, change: str
) -> None:
    """Whoever holds the log's key itself, and rebuilds a month to the last tile."""
    log(cockpit, READ, READ, person=visit.person)
    clock.forward(days=10)
    tend_logs(cockpit)
    with cockpit.database.write(EVERYONE) as connection:
        for table in (tables.log_head, tables.log_leaf, tables.log_tile):
            connection.execute(delete(table).where(table.c.log == NOVEMBER))
    count = {"more": 3, "fewer": 1}.get(change, 2)
    began = datetime(2026, 11, 23, tzinfo=UTC)
    with cockpit.database.write() as connection:
        for _ in range(count):
            cockpit.ledger.append(connection, Event(EventType.ACCESS_REFUSED), began)
    assert "log_anchor" in codes(cockpit)


# Erasing


def test_erasing_leaves_the_logs_whole_and_the_openings_covered(
    cockpit: Cockpit, visit: Visit, other: PersonId
) -> None:
    log(cockpit, GIVEN, READ, person=visit.person)
    log_batch(cockpit, visit.person, other, visit.person)
    archive = exported(cockpit, visit)
    audited = [leaves(cockpit), leaves(cockpit, NOVEMBER)]
    held = walks_of(cockpit, visit.person)
    erase_space(cockpit, visit.person)
    assert codes(cockpit) == set()
    # What auditors read is still there; what covers the rest says how much, and not whose.
    assert leaves(cockpit)[: len(audited[0])] == audited[0]
    assert leaves(cockpit, NOVEMBER) == audited[1]
    assert leaves(cockpit)[-1].part == {"entries": held}
    assert verify(archive).outcome == PROVED
    erase_space(cockpit, other)
    told: list[tuple[int, int]] = []
    assert not list(check_store(cockpit, tell_covered=lambda *found: told.append(found)))
    assert told == [(len(audited[0]), held), (len(audited[0]) + 1, 2)]


def test_openings_that_go_without_a_covering_entry_are_found(cockpit: Cockpit, visit: Visit, other: PersonId) -> None:
    log(cockpit, GIVEN, READ, person=visit.person)
    log(cockpit, GIVEN, person=other)
    erase_space(cockpit, other)
    assert codes(cockpit) == set()
    # Erased without a word: as thorough as the act, but for its entry in the log.
    cockpit.keyrings.shred(visit.person)
    with cockpit.database.write(visit.person) as connection:
        for table in tables.metadata.tables.values():
            if "person_id" in table.c:
                connection.execute(delete(table).where(table.c.person_id == visit.person))
    assert codes(cockpit) == {"log_uncovered"}


def test_a_cover_of_more_than_is_gone_is_found(cockpit: Cockpit, visit: Visit) -> None:
    with cockpit.database.write() as connection:
        cockpit.ledger.append(connection, Event(EventType.SPACE_ERASED, {"entries": 3}), cockpit.clock())
    assert codes(cockpit) == {"log_entry_missing"}


def walks_of(cockpit: Cockpit, person: PersonId) -> int:
    with cockpit.database.read(person) as connection:
        return walks.entries(connection, person)


def test_the_names_of_logs() -> None:
    assert logs.next_shard(NOVEMBER) == DECEMBER
    assert logs.next_shard(DECEMBER) == "access-2027-01"
    for log_name in (NOVEMBER, DECEMBER, logs.next_shard(DECEMBER)):
        assert logs.previous_shard(logs.next_shard(log_name)) == log_name
    assert (logs.month_of(CONSENT), logs.month_of(NOVEMBER)) == ("", "2026-11")
    for text in ("", "access-2026-00", "access-2026-13", "access-26-01", "Consent", "consent/", "access-2026-11\n"):
        with pytest.raises(ValueError, match="log"):
            logs.parse_name(text)
