"""After erasing a person: no canary in what the logs publish, nothing of theirs in any file or backup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import LargeBinary, select

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_space import erase_space
from cockpit.domain.ids import PersonId
from cockpit.sealing.canonical import canonical
from cockpit.store import log_rows, tables
from cockpit.store.walls import EVERYONE
from cockpit.tlog.leaf import tag
from cockpit.tlog.tiles import bundle
from tests.acts.operations import backup_in, codes, saved
from tests.canaries import assert_nowhere, found_in
from tests.store.test_canaries import CANARY, lived

assert lived  # The fixture of the tests beside.


def sealed_of(cockpit: Cockpit, person: PersonId) -> set[bytes]:
    """The sealed values of the person's rows: what an old file would hold of them."""
    found = set()
    with cockpit.database.read(EVERYONE) as connection:
        for table in tables.metadata.tables.values():
            columns = [column for column in table.c if isinstance(column.type, LargeBinary)]
            if "person_id" in table.c and columns:
                rows = connection.execute(select(*columns).where(table.c.person_id == person))
                found |= {bytes(value) for row in rows for value in row if value is not None and len(value) >= 32}
    return found


def published(cockpit: Cockpit) -> Iterator[bytes]:
    """Everything in the logs' rows that anybody, or an auditor, can read."""
    with cockpit.database.read(EVERYONE) as connection:
        for log in cockpit.ledger.logs(connection):
            yield cockpit.ledger.checkpoint(connection, log)[1]
            for leaf in cockpit.ledger.leaves(connection, log):
                yield bundle([leaf.leaf]) + canonical(leaf.part)
                for record in leaf.records:
                    yield record.record + canonical(record.part)
            for level in range(3):
                yield from (bytes(row.hashes) for row in log_rows.tiles_of_level(connection, log, level))


def test_nothing_of_an_erased_person_is_left_with_every_key_of_the_operator(
    cockpit: Cockpit, lived: PersonId, engine_name: str, tmp_path: Path
) -> None:
    saved(cockpit, tmp_path / "before")
    sealed, tags = sealed_of(cockpit, lived), [tag(cockpit.keyrings.tag_key(lived), number) for number in range(5)]
    assert len(sealed) > 30
    logged = list(published(cockpit))
    assert all(any(mark.encode() in content for content in logged) for mark in tags)
    erase_space(cockpit, lived)

    done = saved(cockpit, tmp_path / "after")
    assert done.rows
    # The tags stay, which mean nothing to anybody now; the rest of the logs says nothing.
    after = list(published(cockpit))
    assert all(any(mark.encode() in content for content in after) for mark in tags)
    for content in after:
        assert found_in(content, [CANARY, lived]) is None
    backup = backup_in(tmp_path / "after", cockpit.operator)
    _, snapshot = backup.repository.snapshot()
    chunks = [backup.repository.chunk(identity) for identity in snapshot.ids()]
    chunks += backup.apart.get().chunks
    assert chunks
    for chunk in chunks:
        assert found_in(chunk, [CANARY, lived]) is None
        assert not any(value in chunk for value in sealed)
    assert_nowhere(cockpit.settings.data, [CANARY])
    if engine_name == "sqlite":
        files = [path for path in cockpit.settings.data.rglob("*") if path.is_file()]
        everything = b"".join(path.read_bytes() for path in files)
        assert not any(value in everything for value in sealed)
        assert lived.encode() not in everything
    assert codes(cockpit) == set()


def test_the_search_for_what_was_sealed_finds_it_in_a_backup_of_before(
    cockpit: Cockpit, lived: PersonId, tmp_path: Path
) -> None:
    """Or the search above would prove nothing."""
    saved(cockpit, tmp_path)
    backup = backup_in(tmp_path, cockpit.operator)
    _, snapshot = backup.repository.snapshot()
    whole = b"".join(backup.repository.chunk(identity) for identity in snapshot.ids())
    sealed = sealed_of(cockpit, lived)
    assert sum(value in whole for value in sealed) > len(sealed) // 2
    assert lived.encode() in whole
