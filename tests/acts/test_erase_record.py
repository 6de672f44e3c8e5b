"""Erasing one record: gone from every page, file and index, and the history says that it happened, not what it was."""

from __future__ import annotations

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.erase_record import erase_record
from cockpit.acts.histories import Verb, history
from cockpit.acts.open_space import OpenedSpace
from cockpit.acts.search_space import search_space
from cockpit.acts.visits import lock, recognise
from cockpit.domain.errors import NotFound, SpaceLocked
from cockpit.domain.ids import BlobId, ConnectorId, Kind, RecordUid
from cockpit.domain.record import Basis, Method, Provenance, Record, StoredRecord
from cockpit.search.query import Query

LINE = Kind("bank.transaction")
ORIGIN = Provenance(ConnectorId("intl.ofx"), "1.0.0", Method.PARSED, Basis.OBSERVED)
AT = "2026-11-23T09:30:00Z"


def bring(cockpit: Cockpit, visit: Visit, *labels: str) -> BlobId:
    with cockpit.spaces.write(visit.person) as writer:
        blob = writer.keep_file(" ".join(labels).encode())
        records = [Record(LINE, label, "2026-10-01", {"label": label}, ORIGIN) for label in labels]
        writer.deposit(ORIGIN.connector, records, AT, blob, "releve.ofx")
    return blob


def shown(cockpit: Cockpit, visit: Visit) -> dict[str, StoredRecord]:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return {stored.record.source_key: stored for stored in reader.records(LINE)}


def test_it_is_shown_found_and_kept_nowhere(cockpit: Cockpit, visit: Visit) -> None:
    bring(cockpit, visit, "PHARMACIE", "BOULANGERIE")
    assert search_space(cockpit, visit, Query("pharmacie")).found.total == 1
    erase_record(cockpit, visit, LINE, shown(cockpit, visit)["PHARMACIE"].uid)
    assert set(shown(cockpit, visit)) == {"BOULANGERIE"}
    assert search_space(cockpit, visit, Query("pharmacie")).found.total == 0
    bring(cockpit, visit, "PHARMACIE", "BOULANGERIE")
    assert set(shown(cockpit, visit)) == {"BOULANGERIE"}


def test_its_file_goes_when_nothing_else_came_from_it(cockpit: Cockpit, visit: Visit) -> None:
    blob = bring(cockpit, visit, "A", "B")
    assert visit.keyring is not None
    erase_record(cockpit, visit, LINE, shown(cockpit, visit)["A"].uid)
    with cockpit.spaces.read(visit.keyring) as reader:
        assert reader.file(blob) == b"A B"
    erase_record(cockpit, visit, LINE, shown(cockpit, visit)["B"].uid)
    with cockpit.spaces.read(visit.keyring) as reader, pytest.raises(NotFound):
        reader.file(blob)
    assert list(cockpit.spaces.files.objects.list()) == []


def test_the_history_says_it_once(cockpit: Cockpit, visit: Visit) -> None:
    bring(cockpit, visit, "A")
    erase_record(cockpit, visit, LINE, shown(cockpit, visit)["A"].uid)
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        assert [line.kinds for line in history(reader) if line.verb is Verb.ERASED] == [(LINE,)]


def test_what_is_not_there_or_locked_is_not_erased(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    with pytest.raises(NotFound):
        erase_record(cockpit, visit, LINE, RecordUid("0" * 32))
    lock(cockpit, visit)
    locked = recognise(cockpit, opened.cookie)
    assert locked is not None
    with pytest.raises(SpaceLocked):
        erase_record(cockpit, locked, LINE, RecordUid("0" * 32))
