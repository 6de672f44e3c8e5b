"""A receipt from the real log: what the ledger wrote to the person's journal opens to the signed record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.consent.record.build import last_version, short_record
from cockpit.consent.record.form import record_sha256
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import Tampered
from cockpit.domain.event import Event, EventType
from cockpit.receipts.receipt import (
    LogPlace,
    OpenedLeaf,
    Opening,
    check_receipt,
    make_receipt,
    receipt_bytes,
)
from cockpit.receipts.signed_records import encode, sign_record
from cockpit.store.journal import journal
from tests.consent.records import record, transition

GIVEN = record()
WITHDRAWN = short_record(
    transition(ConsentStatus.WITHDRAWN, last=last_version(GIVEN)), GIVEN.service, GIVEN.use, GIVEN.clause_sha256
)


def logged(cockpit: Cockpit, visit: Visit, made: ConsentRecord) -> tuple[LogPlace, OpenedLeaf]:
    event = Event(
        EventType(f"consent.{made.state}"),
        audit={"service": made.service, "use": made.use},
        subject={"record_sha256": record_sha256(made)},
    )
    with cockpit.database.write(visit.person) as connection:
        place = cockpit.ledger.append(connection, event, cockpit.clock(), visit.person)
    with cockpit.spaces.read(unlocked(visit)) as reader:
        entry = journal(reader)[-1]
    assert entry.index == place.index
    opened = OpenedLeaf(
        encode(entry.leaf), Opening(entry.audit_salt, entry.audit), Opening(entry.subject_salt, entry.subject)
    )
    return LogPlace(place.origin, place.index, place.leaf_sha256), opened


@pytest.mark.parametrize("made", [GIVEN, WITHDRAWN], ids=["consent", "withdrawal"])
def test_a_receipt_opens_the_leaf_that_the_ledger_wrote(cockpit: Cockpit, visit: Visit, made: ConsentRecord) -> None:
    place, opened = logged(cockpit, visit, made)
    key, origin = cockpit.operator.receipts, place.origin
    data = receipt_bytes(make_receipt(sign_record(made, key, origin), place, opened, key))
    assert check_receipt(data, key.verify_key(), origin).record == made
    other = sign_record(replace(made, subject="s_other"), key, origin)
    with pytest.raises(Tampered):
        make_receipt(other, place, opened, key)
