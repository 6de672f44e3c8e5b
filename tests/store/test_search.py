"""The index at rest: sealed in its place, refreshed by what changed, made again when it cannot be trusted."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.visits import recognise
from cockpit.domain.ids import ConnectorId, Kind, RecordUid
from cockpit.domain.record import Record
from cockpit.sealing.keyring import Keyring
from cockpit.search.query import Query
from cockpit.store import search, tables
from cockpit.store.refreshing import refresh_index
from cockpit.store.search import Snapshot
from cockpit.store.walls import EVERYONE
from tests.web.furnished import bank, energy, furnish, invoices

TABLE = tables.index_snapshot


def deposit(cockpit: Cockpit, visit: Visit, records: list[Record]) -> None:
    with cockpit.spaces.write(visit.person) as writer:
        writer.deposit(ConnectorId("intl.ofx"), records, "2026-11-23T09:30:00Z", None, "releve.ofx")


def refreshed(cockpit: Cockpit, visit: Visit, held: Snapshot | None = None) -> Snapshot:
    assert isinstance(visit.keyring, Keyring)
    return refresh_index(cockpit.spaces, visit.keyring, cockpit.registry.kinds, held)


def found(snapshot: Snapshot, text: str) -> int:
    return snapshot.index.search(Query(text)).total


def rows(cockpit: Cockpit) -> list[tuple[int, int, bytes]]:
    with cockpit.database.read(EVERYONE) as connection:
        read = connection.execute(select(TABLE).order_by(TABLE.c.person_id, TABLE.c.part))
        return [(row.part, row.counter, row.envelope) for row in read]


def load(cockpit: Cockpit, visit: Visit, at_least: int = 0) -> Snapshot | None:
    assert visit.keyring is not None
    with cockpit.database.read(EVERYONE) as connection:
        return search.load(connection, visit.keyring.vault_key, visit.person, at_least)


@pytest.fixture
def lines(cockpit: Cockpit, visit: Visit) -> list[Record]:
    """Three months of bank; the first two are deposited and indexed."""
    made = bank(date(2026, 9, 1), 90)
    deposit(cockpit, visit, [*made[:60], *invoices()])
    assert found(refreshed(cockpit, visit), "loyer") == 2
    return made


def test_every_kind_is_found_from_its_snapshot(cockpit: Cockpit, visit: Visit) -> None:
    furnish(cockpit, visit)
    for snapshot in (refreshed(cockpit, visit), load(cockpit, visit)):
        assert snapshot is not None
        assert found(snapshot, "boulangerie") == 71
        assert found(snapshot, "énergie du val") == 3
        assert found(snapshot, "avis dgfip") == 5
        assert found(snapshot, "electricité janvier") == 2
    assert [part for part, _, _ in rows(cockpit)] == [0]


def test_a_small_change_is_a_small_part(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    before = rows(cockpit)
    deposit(cockpit, visit, lines[60:])
    assert found(refreshed(cockpit, visit), "loyer") == 3
    after = rows(cockpit)
    assert after[:1] == before
    assert [(part, counter) for part, counter, _ in after] == [(0, 1), (1, 2)]
    assert len(after[1][2]) < len(before[0][2])
    reopened = load(cockpit, visit)
    assert reopened is not None
    assert found(reopened, "loyer") == 3
    assert reopened.index.covered == refreshed(cockpit, visit).index.covered


def test_nothing_new_writes_nothing(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    before = rows(cockpit)
    snapshot = refreshed(cockpit, visit)
    assert refreshed(cockpit, visit, snapshot) is snapshot
    assert rows(cockpit) == before


def test_a_held_index_is_brought_up_to_date_in_place(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    held = refreshed(cockpit, visit)
    deposit(cockpit, visit, lines[60:])
    assert refreshed(cockpit, visit, held) is held
    assert found(held, "loyer") == 3


def test_a_changed_record_is_found_by_its_new_words_only(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    loyer = lines[2]
    changed = Record(
        loyer.kind, loyer.source_key, loyer.day, loyer.data | {"label": "CHARGES COMMUNES"}, loyer.provenance
    )
    deposit(cockpit, visit, [changed])
    for snapshot in (refreshed(cockpit, visit), load(cockpit, visit)):
        assert snapshot is not None
        assert (found(snapshot, "loyer"), found(snapshot, "charges communes")) == (1, 1)


def test_many_parts_become_one(
    cockpit: Cockpit, visit: Visit, lines: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_PARTS", 2)
    parts = []
    for line in lines[60:66]:
        deposit(cockpit, visit, [line])
        refreshed(cockpit, visit)
        parts.append(len(rows(cockpit)))
    assert parts == [2, 3, 1, 2, 3, 1]
    monkeypatch.setattr(search, "MOST_CHANGES", 1)
    deposit(cockpit, visit, lines[66:])
    refreshed(cockpit, visit)
    assert len(rows(cockpit)) == 1
    last = load(cockpit, visit)
    assert last is not None
    assert found(last, "loyer") == 3


def test_an_index_of_what_is_gone_is_made_again(
    cockpit: Cockpit, visit: Visit, lines: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_CHANGES", 10)
    for turn in range(3):
        changed = [
            Record(line.kind, line.source_key, line.day, line.data | {"details": f"tour{turn}"}, line.provenance)
            for line in lines[1:20]
        ]
        deposit(cockpit, visit, changed)
        snapshot = refreshed(cockpit, visit)
    assert snapshot.index.gone < 40
    assert (found(snapshot, "tour0 "), found(snapshot, "tour2")) == (0, 19)


def spoil_envelope(cockpit: Cockpit, part: int) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        envelope = bytearray(connection.execute(select(TABLE.c.envelope).where(TABLE.c.part == part)).scalar_one())
        envelope[len(envelope) // 2] ^= 1
        connection.execute(update(TABLE).where(TABLE.c.part == part).values(envelope=bytes(envelope)))


ATTACKS = {
    "a bit of the whole": lambda cockpit: spoil_envelope(cockpit, 0),
    "a bit of a change": lambda cockpit: spoil_envelope(cockpit, 1),
    "the whole removed": lambda cockpit: run(cockpit, delete(TABLE).where(TABLE.c.part == 0)),
    "a change in the middle removed": lambda cockpit: run(cockpit, delete(TABLE).where(TABLE.c.part == 1)),
    "all removed": lambda cockpit: run(cockpit, delete(TABLE)),
    "another counter": lambda cockpit: run(cockpit, update(TABLE).values(counter=TABLE.c.counter + 1)),
    "empty envelopes": lambda cockpit: run(cockpit, update(TABLE).values(envelope=b"")),
}


def run(cockpit: Cockpit, statement: object) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_damaged_snapshot_is_not_opened_and_is_made_again(
    cockpit: Cockpit, visit: Visit, lines: list[Record], attack: str
) -> None:
    for line in lines[62:64]:
        deposit(cockpit, visit, [line])
        refreshed(cockpit, visit)
    assert len(rows(cockpit)) == 3
    ATTACKS[attack](cockpit)
    assert load(cockpit, visit) is None
    assert found(refreshed(cockpit, visit), "loyer") == 3
    again = load(cockpit, visit)
    assert again is not None
    assert found(again, "loyer") == 3


def test_an_old_change_does_not_fit_a_new_whole(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    deposit(cockpit, visit, lines[60:70])
    refreshed(cockpit, visit)
    (_, change) = rows(cockpit)
    run(cockpit, delete(TABLE))
    refreshed(cockpit, visit)
    ((_, counter, _),) = rows(cockpit)
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(
            TABLE.insert().values(person_id=visit.person, part=1, counter=counter + 1, envelope=change[2])
        )
    assert load(cockpit, visit) is None


def put(cockpit: Cockpit, part: int, envelope: bytes) -> None:
    run(cockpit, update(TABLE).where(TABLE.c.part == part).values(envelope=envelope))


def test_a_large_index_is_cut_in_chunks_that_fit_in_their_own_places_only(
    cockpit: Cockpit, visit: Visit, lines: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_again() -> list[bytes]:
        run(cockpit, delete(TABLE))
        refreshed(cockpit, visit)
        return [envelope for _, _, envelope in rows(cockpit)]

    monkeypatch.setattr(search, "CHUNK_BYTES", 16384)
    first, second = made_again(), made_again()
    assert len(first) == len(second) > 3
    deposit(cockpit, visit, lines[60:])
    refreshed(cockpit, visit)
    assert {counter for _, counter, _ in rows(cockpit)} == {1, 2}
    whole = load(cockpit, visit)
    assert whole is not None
    assert found(whole, "loyer") == 3
    for part, other in [(1, first[1]), (1, second[2]), (0, first[0]), (len(first) - 1, second[0])]:
        put(cockpit, part, other)
        assert load(cockpit, visit) is None
        put(cockpit, part, second[part])
    assert load(cockpit, visit) is not None
    run(cockpit, delete(TABLE).where(TABLE.c.part == 1))
    assert load(cockpit, visit) is None


def test_an_old_snapshot_put_back_only_covers_less(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    deposit(cockpit, visit, lines[60:70])
    refreshed(cockpit, visit)
    run(cockpit, delete(TABLE).where(TABLE.c.part == 1))
    older = load(cockpit, visit)
    assert older is not None
    assert found(older, "loyer") == 2
    assert load(cockpit, visit, at_least=2) is None
    assert found(refreshed(cockpit, visit), "loyer") == 3


def test_a_snapshot_ahead_of_the_records_is_made_again(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    ahead = refreshed(cockpit, visit)
    ahead.index.covered = {name: (fence, seq + 5) for name, (fence, seq) in ahead.index.covered.items()}
    ahead.index.remove(uids(cockpit, visit))
    assert found(refreshed(cockpit, visit, ahead), "loyer") == 2


def uids(cockpit: Cockpit, visit: Visit) -> list[RecordUid]:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return [stored.uid for stored in reader.records(Kind("bank.transaction"))]


def test_a_snapshot_opens_for_its_person_only(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    other = recognise(cockpit, open_space(cockpit, "odile", "quatre autres mots faciles", "Odile", "fr").cookie)
    assert other is not None
    ((part, counter, envelope),) = rows(cockpit)
    run(cockpit, TABLE.insert().values(person_id=other.person, part=part, counter=counter, envelope=envelope))
    assert load(cockpit, other) is None
    assert visit.keyring is not None
    assert other.keyring is not None
    with cockpit.database.read(EVERYONE) as connection:
        assert search.load(connection, visit.keyring.vault_key, other.person) is None
        assert search.load(connection, other.keyring.vault_key, visit.person) is None
    assert found(refreshed(cockpit, other), "loyer") == 0


def test_who_saves_second_does_not_overwrite(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    first, second = load(cockpit, visit), load(cockpit, visit)
    assert first is not None
    assert second is not None
    deposit(cockpit, visit, lines[60:70])
    refreshed(cockpit, visit, first)
    after = rows(cockpit)
    assert found(refreshed(cockpit, visit, second), "loyer") == 3
    assert rows(cockpit) == after
    deposit(cockpit, visit, lines[70:])
    refreshed(cockpit, visit, second)
    final = load(cockpit, visit)
    assert final is not None
    assert found(refreshed(cockpit, visit), "carte") == 81


def test_forgetting_leaves_nothing(cockpit: Cockpit, visit: Visit, lines: list[Record]) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        search.forget(connection, visit.person)
    assert rows(cockpit) == []


def test_no_word_of_the_index_is_written_in_clear(
    cockpit: Cockpit, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setenv("SQLITE_TMPDIR", str(spill))
    monkeypatch.setenv("TMPDIR", str(spill))
    canary = "kanarienvogel"
    made = bank(date(2026, 1, 1), 300)
    words = [Record(r.kind, r.source_key, r.day, r.data | {"details": canary}, r.provenance) for r in made]
    deposit(cockpit, visit, [*words, *energy(date(2026, 1, 1), 2)])
    assert found(refreshed(cockpit, visit), canary) > 200
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        content = path.read_bytes().lower()
        assert canary.encode() not in content, path
        assert not re.search(rb"create virtual table words", content), path
    assert os.listdir(spill) == []  # noqa: PTH208
