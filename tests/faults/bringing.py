"""Batches brought into one space through the product's own path, and what must be true of the space afterwards."""

from __future__ import annotations

import itertools
import os
import struct
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.tend_space import tend_space
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConnectorId, Kind, PersonId
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.sealing.keyring import Keyring
from cockpit.settings import Settings
from cockpit.store.checking import Store, check
from cockpit.store.journal import journal

LINE = Kind("bank.transaction")
OFX = ConnectorId("intl.ofx")
ORIGIN = Provenance(OFX, "1.0.0", Method.PARSED, Basis.OBSERVED)
AT = "2026-11-23T09:30:00Z"
BATCH = 7
TENDED_EVERY = 4
ACKNOWLEDGEMENT = struct.Struct(">I")
HARMLESS = frozenset({"document_unknown", "keyring_unknown"})
"""Findings that a kill may leave: a sealed object, or secrets, of nobody. They are swept."""


def cockpit_in(data: Path, address: str = "") -> Cockpit:
    """The deployment in a directory."""
    return build(Settings(data=data, argon2_memory_kib=64, database=address), lambda: datetime.now(UTC))


def begun(data: Path, address: str = "") -> Keyring:
    """A new deployment with one open space."""
    cockpit = cockpit_in(data, address)
    visit = recognise(cockpit, open_space(cockpit, "camille", "quatre mots faciles", "Camille", "fr").cookie)
    assert visit is not None
    assert visit.keyring is not None
    cockpit.close()
    return visit.keyring


def bring(cockpit: Cockpit, person: PersonId, number: int) -> None:
    """One batch, its file and its entry in the log: one act. Brought again, it adds nothing or everything."""
    records = [
        Record(LINE, f"{number}-{place}", f"2026-{1 + number % 12:02}-{1 + place:02}", {"amount": str(number)}, ORIGIN)
        for place in range(BATCH)
    ]
    with cockpit.spaces.write(person) as writer:
        blob = writer.keep_file(content(number))
        done = writer.deposit(OFX, records, AT, blob, f"{number}.ofx")
        assert (done.new, done.unchanged) in {(BATCH, 0), (0, BATCH)}, done
        event = Event(EventType.SOURCE_REFRESHED, subject={"connector": OFX, "new": done.new})
        cockpit.ledger.append(writer.connection, event, cockpit.clock(), person)


def content(number: int) -> bytes:
    """The file of a batch."""
    return f"file {number} ".encode() * 400


def bring_for_ever(
    data: Path, address: str, keyring: Keyring, first: int, acknowledgements: int, *, too_early: bool = False
) -> None:
    """Bring batch after batch, compacting now and then, and write the number of each once it is committed.

    ``too_early`` writes it before: what the harness must notice.
    """
    cockpit = cockpit_in(data, address)
    for number in itertools.count(first):
        if too_early:
            os.write(acknowledgements, ACKNOWLEDGEMENT.pack(number))
        bring(cockpit, PersonId(keyring.person), number)
        os.write(acknowledgements, ACKNOWLEDGEMENT.pack(number))
        if number % TENDED_EVERY == 0:
            tend_space(cockpit, keyring, least=2)


def wrong(data: Path, address: str, keyring: Keyring, acknowledged: set[int], *, thorough: bool) -> list[str]:
    """What is not as it must be: an acknowledged batch that is not whole, one in part, a log that does not add up."""
    cockpit = cockpit_in(data, address)
    found: list[str] = []
    try:
        with cockpit.spaces.read(keyring) as reader:
            stored = reader.records(LINE)
            counts = Counter(int(record.record.source_key.partition("-")[0]) for record in stored)
            found += [f"batch {number} is there in part: {count}" for number, count in counts.items() if count != BATCH]
            found += [f"batch {number} was acknowledged and is lost" for number in acknowledged - set(counts)]
            newest = {int(one.record.source_key.partition("-")[0]): one.blob for one in stored}
            looked_at = newest if thorough else dict(sorted(newest.items())[-3:])
            for number, blob in looked_at.items():
                if blob is None or reader.file(blob) != content(number):
                    found.append(f"the file of batch {number} is not what was brought")
            entries = journal(reader)
            if [entry.number for entry in entries] != list(range(len(entries))) or len(entries) < len(counts) + 1:
                found.append("the journal has a hole")
        if thorough:
            store = Store(
                cockpit.database, cockpit.keyrings, cockpit.spaces.files, cockpit.operator, cockpit.ledger.origin
            )
            findings = [one for one in check(store, cockpit.clock()) if one.code not in HARMLESS]
            found += [f"{one.code}: {one.sentence}" for one in findings]
    finally:
        cockpit.close()
    return found
