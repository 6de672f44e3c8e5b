"""Compaction changes where lines lie, and nothing of what a reader is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import history
from cockpit.acts.open_space import open_space
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.ids import Collection, ConnectorId, Kind, RecordUid
from cockpit.domain.record import Basis, Json, Method, Provenance, Record, StoredRecord
from cockpit.sealing.keyring import Keyring
from cockpit.settings import Settings
from cockpit.store import pieces, tables
from cockpit.store.compaction import compact
from cockpit.store.heads import Moved
from cockpit.store.space import JOURNAL
from cockpit.store.walls import EVERYONE
from tests.conftest import PASSPHRASE, MovingClock

OFX = ConnectorId("intl.ofx")
ORIGIN = Provenance(OFX, "1.0.0", Method.PARSED, Basis.OBSERVED)
LINE, ACCOUNT, SERIES = Kind("bank.transaction"), Kind("bank.account"), Kind("energy.series")
BANK, ENERGY = Collection("bank"), Collection("energy")
AT = "2026-11-23T09:30:00Z"


def line(key: int, day: int, amount: int) -> Record:
    return Record(LINE, str(key), f"2026-{1 + day // 28:02}-{1 + day % 28:02}", {"amount": str(amount)}, ORIGIN)


def account(key: int, day: int, balance: int) -> Record:
    return Record(ACCOUNT, str(key), f"2026-10-{1 + day % 28:02}", {"balance": str(balance)}, ORIGIN)


def series(key: int, place: int, value: int) -> Record:
    values: list[Json] = [None] * 5
    values[place % 5] = value
    data: dict[str, Json] = {"start": "2026-09-30T22:00:00Z", "interval": "PT30M", "unit": "W", "values": values}
    return Record(SERIES, str(key), "2026-10-01", data, ORIGIN, "2026-10-31")


@pytest.fixture
def ring(visit: Visit) -> Keyring:
    assert visit.keyring is not None
    return visit.keyring


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few lines, so that a handful of records makes many."""
    monkeypatch.setattr(pieces, "PIECE_BYTES", 700)


def put(cockpit: Cockpit, ring: Keyring, *records: Record, at: str = AT) -> None:
    with cockpit.spaces.write(ring.person) as writer:  # type: ignore[arg-type]
        writer.deposit(OFX, list(records), at)


def shown(cockpit: Cockpit, ring: Keyring, kind: Kind) -> tuple[StoredRecord, ...]:
    with cockpit.spaces.read(ring) as reader:
        return reader.records(kind)


def segments(cockpit: Cockpit, stream: str, collection: Collection = BANK) -> int:
    table = tables.segment
    with cockpit.database.read(EVERYONE) as connection:
        count = select(func.count()).where(table.c.stream == stream, table.c.collection == collection)
        return connection.execute(count).scalar_one()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cockpit, list[int]]]:
    folder: Path = tmp_path_factory.mktemp("compaction")
    built = build(Settings(data=folder, argon2_memory_kib=64), MovingClock())
    yield built, [0]
    built.database.engine.dispose()


MAKERS = st.sampled_from([line, account, series])
STEPS = st.lists(
    st.one_of(
        st.lists(st.tuples(MAKERS, st.integers(0, 5), st.integers(0, 60), st.integers(0, 3)), min_size=1, max_size=12),
        st.tuples(st.just("erase"), st.integers(0, 10)),
        st.just("compact"),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_came_in_whatever_order_a_compacted_space_shows_the_same(
    shared: tuple[Cockpit, list[int]], steps: list[object]
) -> None:
    cockpit, number = shared
    twins = []
    for _ in range(2):
        number[0] += 1
        visit = recognise(cockpit, open_space(cockpit, f"person{number[0]}", PASSPHRASE, "Camille", "fr").cookie)
        assert visit is not None
        assert visit.keyring is not None
        twins.append(visit.keyring)
    patched = pytest.MonkeyPatch()
    patched.setattr(pieces, "PIECE_BYTES", 700)
    try:
        for at, step in enumerate(steps):
            for ring in twins:
                _apply(cockpit, ring, step, f"2026-11-23T09:{at:02}:00Z", compacted=ring is twins[0])
    finally:
        patched.undo()
    for kind in (LINE, ACCOUNT, SERIES):
        ours, plain = (_told(shown(cockpit, ring, kind)) for ring in twins)
        assert ours == plain
        with cockpit.spaces.read(twins[0]) as reader:
            assert reader.count(kind) == len(ours)
            newest = reader.newest(kind, 3)
            assert [stored.record.day for stored in newest] == sorted(
                (s.record.day for s in reader.records(kind)), reverse=True
            )[:3]
            for stored in reader.records(kind):
                assert len(reader.history(kind, stored.uid)) == stored.version
                assert reader.record(kind, stored.uid) == stored


def _apply(cockpit: Cockpit, ring: Keyring, step: object, at: str, *, compacted: bool) -> None:
    if step == "compact":
        for collection in (BANK, ENERGY) if compacted else ():
            compact(cockpit.spaces, ring, collection)
    elif isinstance(step, tuple):
        found = shown(cockpit, ring, LINE)
        if found:
            key = sorted(found, key=lambda stored: stored.record.source_key)[step[1] % len(found)]
            with cockpit.spaces.write(ring.person) as writer:  # type: ignore[arg-type]
                writer.erase(LINE, [key.uid], at)
    else:
        assert isinstance(step, list)
        put(cockpit, ring, *(make(key, day, value) for make, key, day, value in step), at=at)


def _told(records: tuple[StoredRecord, ...]) -> list[tuple[object, ...]]:
    """What a record says, without its identity, which differs from one space to another."""
    return sorted(
        ((s.record.day, s.record.source_key, str(s.record.data), s.version, s.stored_at, s.history) for s in records),
        reverse=True,
    )


@pytest.mark.usefixtures("small_pieces")
class TestWhereLinesLie:
    def test_the_inbox_is_taken_in_and_leaves_no_segment(self, cockpit: Cockpit, ring: Keyring) -> None:
        for day in range(30):
            put(cockpit, ring, line(day, day, 1))
        assert segments(cockpit, "inbox") == 30
        assert compact(cockpit.spaces, ring, BANK) is False
        assert segments(cockpit, "inbox") == 0
        assert 3 < segments(cockpit, "vault") < 30

    def test_a_new_day_rewrites_one_piece_only(self, cockpit: Cockpit, ring: Keyring) -> None:
        put(cockpit, ring, *(line(day, day, 1) for day in range(60)))
        compact(cockpit.spaces, ring, BANK)
        before = self.pieces(cockpit)
        put(cockpit, ring, line(99, 61, 1))
        compact(cockpit.spaces, ring, BANK)
        assert len(before - self.pieces(cockpit)) == 1

    def test_a_month_opens_only_its_pieces(self, cockpit: Cockpit, ring: Keyring) -> None:
        put(cockpit, ring, *(line(day, day, 1) for day in range(200)))
        compact(cockpit.spaces, ring, BANK)
        with cockpit.spaces.read(ring) as reader:
            run = reader.opened(BANK).manifest.runs[LINE]
            touched = run.within(20260301, 20260331)
            found = reader.records(LINE, "2026-03-01", "2026-03-31")
        assert len(found) == 28
        assert len(touched) < len(run) / 4

    def test_an_erased_record_leaves_no_byte_of_it(self, cockpit: Cockpit, ring: Keyring) -> None:
        put(cockpit, ring, *(line(key, key, 1) for key in range(20)))
        put(cockpit, ring, line(7, 7, 2))
        compact(cockpit.spaces, ring, BANK)
        uid = next(stored.uid for stored in shown(cockpit, ring, LINE) if stored.record.source_key == "7")
        with cockpit.spaces.write(ring.person) as writer:  # type: ignore[arg-type]
            writer.erase(LINE, [uid], AT)
        compact(cockpit.spaces, ring, BANK)
        with cockpit.spaces.read(ring) as reader:
            opened = reader.opened(BANK)
            runs = [*opened.manifest.runs.values(), *opened.manifest.histories.values()]
            assert not any(uid.encode() in body for run in runs for body in opened.pieces(list(run)))
            with pytest.raises(NotFound):
                reader.record(LINE, uid)

    def test_an_erased_record_does_not_come_back_with_the_same_file(self, cockpit: Cockpit, ring: Keyring) -> None:
        put(cockpit, ring, line(1, 1, 1))
        with cockpit.spaces.write(ring.person) as writer:  # type: ignore[arg-type]
            writer.erase(LINE, [shown(cockpit, ring, LINE)[0].uid], AT)
        put(cockpit, ring, line(1, 1, 1))
        assert shown(cockpit, ring, LINE) == ()

    def test_the_journal_keeps_its_order(self, cockpit: Cockpit, ring: Keyring) -> None:
        for number in range(12):
            with cockpit.spaces.write(ring.person) as writer:  # type: ignore[arg-type]
                writer.note(Collection("consents"), {"uid": f"c{number}", "at": AT, "event": "x" * 200})
            if number % 5 == 0:
                compact(cockpit.spaces, ring, Collection("consents"))
        with cockpit.spaces.read(ring) as reader:
            assert [note["uid"] for note in reader.lines(Collection("consents"))] == [f"c{n}" for n in range(12)]
            before = history(reader)
        compact(cockpit.spaces, ring, JOURNAL)
        with cockpit.spaces.read(ring) as reader:
            assert history(reader) == before

    def pieces(self, cockpit: Cockpit) -> set[int]:
        table = tables.segment
        with cockpit.database.read(EVERYONE) as connection:
            where = select(table.c.seq).where(table.c.stream == "vault", table.c.collection == BANK)
            return set(connection.execute(where).scalars())


class TestTwoAtOnce:
    def test_what_is_deposited_during_a_compaction_is_kept(
        self, cockpit: Cockpit, ring: Keyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(cockpit, ring, line(1, 1, 1))
        from cockpit.store import compaction  # noqa: PLC0415 - named here, where it is the subject

        merged = compaction._merged

        def slowly(*arguments: object) -> object:
            put(cockpit, ring, line(2, 2, 2))
            return merged(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(compaction, "_merged", slowly)
        compact(cockpit.spaces, ring, BANK)
        assert {stored.record.source_key for stored in shown(cockpit, ring, LINE)} == {"1", "2"}
        assert segments(cockpit, "inbox") == 1

    def test_the_second_of_two_compactions_changes_nothing(
        self, cockpit: Cockpit, ring: Keyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(cockpit, ring, line(1, 1, 1))
        from cockpit.store import compaction  # noqa: PLC0415 - named here, where it is the subject

        merged = compaction._merged

        def meanwhile(*arguments: object) -> object:
            monkeypatch.setattr(compaction, "_merged", merged)
            compact(cockpit.spaces, ring, BANK)
            return merged(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(compaction, "_merged", meanwhile)
        with pytest.raises(Moved):
            compact(cockpit.spaces, ring, BANK)
        assert [stored.record.source_key for stored in shown(cockpit, ring, LINE)] == ["1"]


def test_a_record_may_be_read_by_a_uid_that_nobody_has(cockpit: Cockpit, ring: Keyring) -> None:
    with cockpit.spaces.read(ring) as reader, pytest.raises(NotFound):
        reader.record(LINE, RecordUid("0" * 32))


def test_a_manifest_of_another_moment_is_refused(cockpit: Cockpit, ring: Keyring) -> None:
    """An older manifest is genuine, and still not the one that the head asks for."""
    put(cockpit, ring, line(1, 1, 1))
    compact(cockpit.spaces, ring, BANK)
    table = tables.manifest
    with cockpit.database.read(EVERYONE) as connection:
        old = connection.execute(select(table).where(table.c.collection == BANK)).one()
    put(cockpit, ring, line(2, 2, 2))
    compact(cockpit.spaces, ring, BANK)
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(
            update(table).where(table.c.collection == BANK).values(entries=old.entries, envelope=old.envelope)
        )
    with pytest.raises(Tampered):
        shown(cockpit, ring, LINE)
