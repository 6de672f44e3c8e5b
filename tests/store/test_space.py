"""A space holds what was deposited, once, and shows a reader the newest of it; a damaged one says so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import delete, select, update

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.visits import lock, recognise
from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.ids import ConnectorId, Kind, PersonId
from cockpit.domain.record import Basis, Json, Method, Provenance, Record
from cockpit.store import tables
from cockpit.store.space import Deposited

OFX = ConnectorId("intl.ofx")
ORIGIN = Provenance(OFX, "1.0.0", Method.PARSED, Basis.OBSERVED)
LINE, ACCOUNT, SERIES = Kind("bank.transaction"), Kind("bank.account"), Kind("energy.series")
AT = "2026-11-23T09:30:00Z"


def line(key: str, amount: str = "-12.34", day: str = "2026-10-01") -> Record:
    return Record(LINE, key, day, {"amount": amount}, ORIGIN)


def deposit(cockpit: Cockpit, person: PersonId, records: Sequence[Record]) -> Deposited:
    with cockpit.spaces.write(person) as writer:
        return writer.deposit(OFX, list(records), AT)


def test_what_is_deposited_is_read_back_latest_day_first(cockpit: Cockpit, visit: Visit) -> None:
    deposit(cockpit, visit.person, [line("a", day="2026-10-01"), line("b", day="2026-10-03")])
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        assert [stored.record.source_key for stored in reader.records(LINE)] == ["b", "a"]


def test_the_same_records_again_add_nothing(cockpit: Cockpit, visit: Visit) -> None:
    first = deposit(cockpit, visit.person, [line("a"), line("b")])
    again = deposit(cockpit, visit.person, [line("a"), line("b")])
    assert (first.new, again.new, again.changed, again.unchanged) == (2, 0, 0, 2)


def test_a_changed_value_keeps_its_earlier_version(cockpit: Cockpit, visit: Visit) -> None:
    deposit(cockpit, visit.person, [line("a", "-12.34")])
    assert deposit(cockpit, visit.person, [line("a", "-12.50")]).changed == 1
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        (stored,) = reader.records(LINE)
    assert (stored.record.data["amount"], stored.version, stored.history) == ("-12.50", 2, (AT,))


def test_an_older_statement_does_not_bring_back_an_older_balance(cockpit: Cockpit, visit: Visit) -> None:
    def account(day: str, balance: str) -> Record:
        return Record(ACCOUNT, "1", day, {"balance": balance}, ORIGIN)

    deposit(cockpit, visit.person, [account("2026-10-31", "900.00")])
    deposit(cockpit, visit.person, [account("2026-09-30", "500.00")])
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        assert reader.records(ACCOUNT)[0].record.data["balance"] == "900.00"


def test_two_halves_of_a_month_make_the_month(cockpit: Cockpit, visit: Visit) -> None:
    def half(values: list[Json]) -> Record:
        data: dict[str, Json] = {"start": "2026-09-30T22:00:00Z", "interval": "PT30M", "unit": "W", "values": values}
        return Record(SERIES, "m|2026-10", "2026-10-01", data, ORIGIN, "2026-10-31")

    first, second = half([1, 2, None, None]), half([None, None, 3, 4])
    deposit(cockpit, visit.person, [first])
    deposit(cockpit, visit.person, [second])
    assert deposit(cockpit, visit.person, [first]).unchanged == 1
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        assert reader.records(SERIES)[0].record.data["values"] == [1, 2, 3, 4]


def test_a_locked_space_still_receives(cockpit: Cockpit, visit: Visit, opened: object) -> None:
    lock(cockpit, visit)
    assert deposit(cockpit, visit.person, [line("a")]).new == 1


def test_the_same_file_is_kept_once_and_comes_back_whole(cockpit: Cockpit, visit: Visit) -> None:
    content = b"%PDF-1.7 a paper" * 1000
    with cockpit.spaces.write(visit.person) as writer:
        first, again = writer.keep_file(content), writer.keep_file(content)
    assert first == again
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        assert reader.file(first) == content


def test_a_reader_has_no_way_to_write() -> None:
    from cockpit.store.space import Reader  # noqa: PLC0415 - named here, where it is the subject

    assert not [name for name in vars(Reader) if name in {"deposit", "keep_file", "note", "write", "append"}]


def test_nobody_has_no_space(cockpit: Cockpit) -> None:
    with pytest.raises(NotFound), cockpit.spaces.write(PersonId("0" * 32)):
        pass


def test_an_act_that_fails_leaves_nothing(cockpit: Cockpit, visit: Visit) -> None:
    def act() -> None:
        with cockpit.spaces.write(visit.person) as writer:
            writer.deposit(OFX, [line("a")], AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert deposit(cockpit, visit.person, [line("a")]).new == 1


class TestADamagedStore:
    """Each change a holder of the database could make is refused, never shown."""

    @pytest.fixture
    def filled(self, cockpit: Cockpit, visit: Visit) -> Visit:
        for key in "abc":
            deposit(cockpit, visit.person, [line(key)])
        return visit

    def read(self, cockpit: Cockpit, visit: Visit) -> None:
        assert visit.keyring is not None
        with cockpit.spaces.read(visit.keyring) as reader:
            reader.records(LINE)

    def segments(self, cockpit: Cockpit, visit: Visit) -> list[bytes]:
        table = tables.segment
        with cockpit.database.read(visit.person) as connection:
            rows = connection.execute(
                select(table.c.envelope)
                .where(table.c.person_id == visit.person, table.c.collection == "bank")
                .order_by(table.c.seq)
            )
            return [row.envelope for row in rows]

    def put(self, cockpit: Cockpit, visit: Visit, seq: int, envelope: bytes) -> None:
        table = tables.segment
        with cockpit.database.write(visit.person) as connection:
            connection.execute(
                update(table)
                .where(table.c.person_id == visit.person, table.c.collection == "bank", table.c.seq == seq)
                .values(envelope=envelope)
            )

    def test_an_edited_segment(self, cockpit: Cockpit, filled: Visit) -> None:
        envelope = bytearray(self.segments(cockpit, filled)[1])
        envelope[-1] ^= 1
        self.put(cockpit, filled, 2, bytes(envelope))
        with pytest.raises(Tampered):
            self.read(cockpit, filled)

    def test_two_swapped_segments(self, cockpit: Cockpit, filled: Visit) -> None:
        first, second, _ = self.segments(cockpit, filled)
        self.put(cockpit, filled, 1, second)
        self.put(cockpit, filled, 2, first)
        with pytest.raises(Tampered):
            self.read(cockpit, filled)

    @pytest.mark.parametrize("seq", [1, 2, 3])
    def test_a_removed_segment(self, cockpit: Cockpit, filled: Visit, seq: int) -> None:
        table = tables.segment
        with cockpit.database.write(filled.person) as connection:
            connection.execute(
                delete(table).where(
                    table.c.person_id == filled.person, table.c.collection == "bank", table.c.seq == seq
                )
            )
        with pytest.raises(Tampered):
            self.read(cockpit, filled)

    def test_a_segment_of_somebody_else(self, cockpit: Cockpit, filled: Visit) -> None:
        other = open_space(cockpit, "odile", "une autre longue phrase", "Odile", "fr")
        deposit(cockpit, other.person, [line("x")])
        stranger = recognise(cockpit, other.cookie)
        assert stranger is not None
        self.put(cockpit, filled, 1, self.segments(cockpit, stranger)[0])
        with pytest.raises(Tampered):
            self.read(cockpit, filled)

    def test_collection_keys_of_another_collection(self, cockpit: Cockpit, filled: Visit) -> None:
        table = tables.collection_key
        with cockpit.database.write(filled.person) as connection:
            tax = connection.execute(
                select(table).where(table.c.person_id == filled.person, table.c.collection == "tax")
            ).one()
            connection.execute(
                update(table)
                .where(table.c.person_id == filled.person, table.c.collection == "bank")
                .values(sealed_key=tax.sealed_key, sealed_private=tax.sealed_private)
            )
        with pytest.raises(Tampered):
            self.read(cockpit, filled)
