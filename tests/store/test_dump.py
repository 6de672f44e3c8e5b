"""Dumping: every row once, in chunks that stay the same where the rows do."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.store import dump, tables
from cockpit.store.dump import CHUNK_BYTES, NOT_SAVED, Chunk
from cockpit.store.walls import EVERYONE

SEGMENT = tables.segment
BEGINS = [91, 215, 249, 279]


def fill(connection: Connection, count: int, size: int) -> None:
    generator = random.Random(7)
    rows = [
        {"person_id": f"p{number % 7}", "collection": "bank", "stream": "inbox", "seq": number, "epoch": 1}
        | {"records": 1, "envelope": generator.randbytes(size)}
        for number in range(count)
    ]
    if rows:
        connection.execute(insert(SEGMENT), rows)


def chunks(cockpit: Cockpit) -> list[Chunk]:
    with cockpit.database.read(EVERYONE) as connection:
        return list(dump.dump(connection, SEGMENT))


@pytest.mark.parametrize(("count", "size"), [(0, 1), (1, 100), (1000, 40), (12, 700_000), (3, 5_000_000)])
def test_every_row_is_dumped_once_and_comes_back_the_same(cockpit: Cockpit, count: int, size: int) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        fill(connection, count, size)
    found = [Chunk.from_bytes(chunk.to_bytes()) for chunk in chunks(cockpit)]
    with cockpit.database.write(EVERYONE) as connection:
        before = connection.execute(select(SEGMENT).order_by(*SEGMENT.primary_key)).all()
        assert [tuple(row) for chunk in found for row in chunk.rows] == [tuple(row) for row in before]
        connection.execute(delete(SEGMENT))
        connection.execute(delete(tables.policy_set))  # kept as soon as a cockpit opens
        dump.refuse_inhabited(connection)
        assert sum(dump.load(connection, chunk) for chunk in found) == count
        assert connection.execute(select(SEGMENT).order_by(*SEGMENT.primary_key)).all() == before
        if count:
            with pytest.raises(OperatorMustAct, match="segment"):
                dump.refuse_inhabited(connection)


def test_no_chunk_holds_more_than_its_limit_and_one_row(cockpit: Cockpit) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        fill(connection, 40, 300_000)
    assert max(len(chunk.to_bytes()) for chunk in chunks(cockpit)) < CHUNK_BYTES + 301_000


def test_rows_that_come_and_go_change_the_chunks_around_them_alone(cockpit: Cockpit) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        fill(connection, 3000, 40)
    before = {chunk.to_bytes() for chunk in chunks(cockpit)}
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(delete(SEGMENT).where(SEGMENT.c.seq == 1500))
        row = connection.execute(select(SEGMENT).where(SEGMENT.c.seq == 1501)).mappings().one()
        connection.execute(insert(SEGMENT).values(dict(row) | {"seq": 9999}))
    after = {chunk.to_bytes() for chunk in chunks(cockpit)}
    assert len(before) > 25
    assert len(after - before) <= 2


def test_borders_come_of_keys_by_a_hash_that_never_changes() -> None:
    # Another hash in a later version would write every chunk again.
    begins = [number for number in range(300) if dump._begins("segment", ["p", "bank", "inbox", number])]
    assert begins == BEGINS


def test_every_table_is_saved_but_those_of_the_moment(cockpit: Cockpit) -> None:
    assert {table.name for table in dump.saved_tables()} == set(tables.metadata.tables) - NOT_SAVED
    assert set(tables.metadata.tables) >= NOT_SAVED


def test_rows_of_who_is_gone_are_left_out_and_public_rows_stay() -> None:
    chunk = Chunk("person", ("person_id", "created_at"), [["a", "x"], ["b", "y"]])
    assert chunk.without(lambda person: person == "a").rows == [["b", "y"]]
    public = Chunk("service", ("service_id", "declaration"), [["a", b"x"]])
    assert public.without(lambda _: True) == public


VALUES = st.none() | st.text() | st.binary() | st.integers(-(2**63), 2**63 - 1)


@given(st.text(), st.integers(0, 4).flatmap(lambda width: st.lists(st.lists(VALUES, min_size=width, max_size=width))))
def test_any_chunk_is_read_back_as_it_was(name: str, rows: list[list[object]]) -> None:
    chunk = Chunk(name, tuple(f"c{number}" for number in range(len(rows[0]) if rows else 0)), rows)
    assert Chunk.from_bytes(chunk.to_bytes()) == chunk


@pytest.mark.parametrize("content", [b"", b"\xc0", Chunk("t", ("a",), [[1]]).to_bytes()[:-1], b"\x93\x01\x90\x90"])
def test_what_is_no_chunk_is_refused(content: bytes) -> None:
    with pytest.raises(Tampered):
        Chunk.from_bytes(content)
