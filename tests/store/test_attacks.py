"""Somebody may write to the database as they please: what they change is refused, never shown, never built upon."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.visits import recognise
from cockpit.domain.errors import Tampered
from cockpit.domain.ids import Collection, ConnectorId, Kind
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.sealing.envelope import EnvelopeKind, Place, envelope_hash, new_key_pair, seal_to
from cockpit.sealing.keyring import Keyring
from cockpit.store import heads, pieces, streams, tables
from cockpit.store.compaction import compact
from cockpit.store.epochs import begin
from cockpit.store.heads import Moved
from cockpit.store.walls import EVERYONE

OFX = ConnectorId("intl.ofx")
ORIGIN = Provenance(OFX, "1.0.0", Method.PARSED, Basis.OBSERVED)
LINE = Kind("bank.transaction")
BANK, TAX = Collection("bank"), Collection("tax")
AT = "2026-11-23T09:30:00Z"


@pytest.fixture
def ring(visit: Visit) -> Keyring:
    assert visit.keyring is not None
    return visit.keyring


def put(cockpit: Cockpit, ring: Keyring, *keys: int) -> None:
    with cockpit.spaces.write(ring.person) as writer:  # type: ignore[arg-type]
        writer.deposit(
            OFX, [Record(LINE, str(key), f"2026-10-{1 + key % 28:02}", {"amount": "1.00"}, ORIGIN) for key in keys], AT
        )


def shown(cockpit: Cockpit, ring: Keyring) -> set[str]:
    with cockpit.spaces.read(ring) as reader:
        return {stored.record.source_key for stored in reader.records(LINE)}


class TestTheInbox:
    def test_a_segment_forged_with_the_public_key_is_refused(self, cockpit: Cockpit, ring: Keyring) -> None:
        """HPKE lets anybody who has the public key seal; the head's MAC says that it was none of us."""
        put(cockpit, ring, 1)
        with cockpit.database.write(EVERYONE) as connection:
            head = heads.find(connection, ring.person, BANK)  # type: ignore[arg-type]
            place = Place(ring.person, BANK, EnvelopeKind.INBOX, head.epoch, head.seq + 1, head.hash, 1)
            forged = seal_to(head.keys.public, b'{"uid":"x","at":"2026-10-01T00:00:00Z"}\n', place)
            connection.execute(
                insert(tables.segment).values(
                    person_id=ring.person,
                    collection=BANK,
                    stream="inbox",
                    seq=place.seq,
                    epoch=place.epoch,
                    records=1,
                    envelope=forged,
                )
            )
            connection.execute(
                update(tables.collection)
                .where(tables.collection.c.person_id == ring.person, tables.collection.c.collection == BANK)
                .values(head_seq=place.seq, head_hash=envelope_hash(forged))
            )
        with pytest.raises(Tampered):
            shown(cockpit, ring)
        with pytest.raises(Tampered):
            put(cockpit, ring, 2)

    def test_a_public_key_put_in_the_place_of_ours_receives_nothing(self, cockpit: Cockpit, ring: Keyring) -> None:
        _, thief = new_key_pair()
        table = tables.collection_key
        with cockpit.database.write(EVERYONE) as connection:
            connection.execute(update(table).where(table.c.collection == BANK).values(public=thief))
        with pytest.raises(Tampered):
            put(cockpit, ring, 1)

    def test_an_old_head_replayed_with_its_segments_is_refused_once_a_compaction_was(
        self, cockpit: Cockpit, ring: Keyring
    ) -> None:
        """The head alone brought back: its manifest is of another fence."""
        put(cockpit, ring, 1)
        table = tables.collection
        where = (table.c.person_id == ring.person, table.c.collection == BANK)
        with cockpit.database.read(EVERYONE) as connection:
            old = connection.execute(select(table).where(*where)).one()._mapping
        put(cockpit, ring, 2)
        compact(cockpit.spaces, ring, BANK)
        put(cockpit, ring, 3)
        compact(cockpit.spaces, ring, BANK)
        with cockpit.database.write(EVERYONE) as connection:
            connection.execute(update(table).where(*where).values(**dict(old)))
        with pytest.raises(Tampered):
            shown(cockpit, ring)

    @pytest.mark.parametrize("column", ["epoch", "fence", "head_seq", "rotation_due"])
    def test_no_number_of_a_head_may_change(self, cockpit: Cockpit, ring: Keyring, column: str) -> None:
        put(cockpit, ring, 1)
        table = tables.collection
        with cockpit.database.write(EVERYONE) as connection:
            where = (table.c.person_id == ring.person, table.c.collection == BANK)
            connection.execute(update(table).where(*where).values({column: table.c[column] + 1}))
        with pytest.raises(Exception, match=r"stream|manifest|epoch|collection"):
            shown(cockpit, ring)


class TestTheVault:
    @pytest.fixture
    def compacted(self, cockpit: Cockpit, ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        monkeypatch.setattr(pieces, "PIECE_BYTES", 700)
        put(cockpit, ring, *range(20))
        compact(cockpit.spaces, ring, BANK)
        table = tables.segment
        with cockpit.database.read(EVERYONE) as connection:
            where = select(table.c.seq).where(table.c.stream == "vault", table.c.collection == BANK)
            return list(connection.execute(where.order_by(table.c.seq)).scalars())

    def test_two_pieces_swapped(self, cockpit: Cockpit, ring: Keyring, compacted: list[int]) -> None:
        first, second = compacted[0], compacted[1]
        table = tables.segment
        with cockpit.database.write(EVERYONE) as connection:
            for was, to in ((first, 10_000), (second, first), (10_000, second)):
                where = (table.c.stream == "vault", table.c.collection == BANK, table.c.seq == was)
                connection.execute(update(table).where(*where).values(seq=to))
        with pytest.raises(Tampered):
            shown(cockpit, ring)

    def test_a_piece_removed(self, cockpit: Cockpit, ring: Keyring, compacted: list[int]) -> None:
        table = tables.segment
        with cockpit.database.write(EVERYONE) as connection:
            where = (table.c.stream == "vault", table.c.collection == BANK, table.c.seq == compacted[1])
            connection.execute(delete(table).where(*where))
        with pytest.raises(Tampered):
            shown(cockpit, ring)

    def test_the_manifest_removed(self, cockpit: Cockpit, ring: Keyring, compacted: list[int]) -> None:
        with cockpit.database.write(EVERYONE) as connection:
            connection.execute(delete(tables.manifest))
        with pytest.raises(Tampered):
            shown(cockpit, ring)

    def test_the_vault_of_somebody_else(self, cockpit: Cockpit, ring: Keyring, compacted: list[int]) -> None:
        other = recognise(cockpit, open_space(cockpit, "odile", "une autre longue phrase", "Odile", "fr").cookie)
        assert other is not None
        assert other.keyring is not None
        put(cockpit, other.keyring, *range(20))
        compact(cockpit.spaces, other.keyring, BANK)
        with cockpit.database.write(EVERYONE) as connection:
            for table in (tables.segment, tables.manifest):
                connection.execute(delete(table).where(table.c.person_id == ring.person, table.c.collection == BANK))
                connection.execute(
                    update(table)
                    .where(table.c.person_id == other.person, table.c.collection == BANK)
                    .values(person_id=ring.person)
                )
        with pytest.raises(Tampered):
            shown(cockpit, ring)


class TestTwoWriters:
    def test_of_two_that_read_the_same_head_one_is_refused(self, cockpit: Cockpit, ring: Keyring) -> None:
        person = ring.person
        with cockpit.database.write(EVERYONE) as connection:
            key = cockpit.spaces.mac_key(person)  # type: ignore[arg-type]
            was = heads.find(connection, person, TAX)  # type: ignore[arg-type]
            streams.append(connection, key, person, TAX, [(b"{}\n", 1)])  # type: ignore[arg-type]
            with pytest.raises(Moved):
                heads.move(connection, key, was, was)

    def test_a_compaction_that_began_under_an_older_epoch_changes_nothing(
        self, cockpit: Cockpit, ring: Keyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(cockpit, ring, 1)
        from cockpit.store import compaction  # noqa: PLC0415 - named here, where it is the subject

        merged = compaction._merged

        def meanwhile(*arguments: object) -> object:
            with cockpit.database.write(EVERYONE) as connection:
                begin(connection, cockpit.spaces, ring, BANK)
            return merged(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(compaction, "_merged", meanwhile)
        with pytest.raises(Moved):
            compact(cockpit.spaces, ring, BANK)
        assert shown(cockpit, ring) == {"1"}

    def test_a_segment_of_an_epoch_whose_keys_are_gone_is_refused(self, cockpit: Cockpit, ring: Keyring) -> None:
        put(cockpit, ring, 1)
        with cockpit.database.write(EVERYONE) as connection:
            begin(connection, cockpit.spaces, ring, BANK)
            table = tables.collection_key
            connection.execute(delete(table).where(table.c.collection == BANK, table.c.epoch == 1))
        with pytest.raises(Tampered):
            shown(cockpit, ring)


def test_rows_of_the_search_for_plaintext_are_really_sealed(cockpit: Cockpit, ring: Keyring, tmp_path: Path) -> None:
    """The file is a plain SQLite database on purpose: a copy opens, and none of its cells says anything."""
    if cockpit.database.engine.dialect.name != "sqlite":
        return
    put(cockpit, ring, *range(50))
    compact(cockpit.spaces, ring, BANK)
    copy = tmp_path / "copy.sqlite"
    shutil.copy(cockpit.settings.database_file, copy)
    shutil.copy(cockpit.settings.database_file.with_name("cockpit.sqlite-wal"), tmp_path / "copy.sqlite-wal")
    taken = sqlite3.connect(copy)
    found = [cell for row in taken.execute("SELECT * FROM segment") for cell in row if isinstance(cell, bytes)]
    taken.close()
    assert len(found) > 1
    assert not any(b"2026-10" in cell or b"amount" in cell for cell in found)
