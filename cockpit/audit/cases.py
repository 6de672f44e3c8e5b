"""One case: the receipt that a person handed over, and the life of one consent once two auditors opened its file."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from dataclasses import dataclass

import msgspec

from cockpit.audit.checked import Fact
from cockpit.audit.facts import kinds_of, purpose_of
from cockpit.audit.faults import HouseError, Refuted
from cockpit.audit.house import fixed
from cockpit.audit.queries import Table
from cockpit.audit.wire import CaseFile, Place, State
from cockpit.domain.errors import Tampered
from cockpit.receipts.receipt import check_receipt, receipt_from_bytes
from cockpit.sealing.signing import VerifyKey


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that holds: signed by the cockpit, and standing in the log where it says."""

    consent: str
    type: str
    at: str
    log: str
    index: int
    clause_sha256: str


def checked_receipt(kept: sqlite3.Connection, content: bytes) -> Receipt:
    """A receipt that a person handed over. Raises ``HouseError`` for what is none, ``Refuted`` for what does not hold.

    Needs nobody's agreement: the person gave it. It is held to the cockpit's key and to the house's copy of the log.
    """
    try:
        place = receipt_from_bytes(content.strip()).log
    except Tampered as error:
        raise HouseError("this is not a receipt of a cockpit", code="no_receipt") from error
    state = known_state(kept)
    try:
        receipt = check_receipt(content.strip(), VerifyKey(state.receipts_key), place.origin)
    except Tampered as error:
        raise Refuted("receipt-signature", "the receipt is not signed by this cockpit") from error
    row = kept.execute(
        "SELECT e.log, e.content FROM entry e WHERE e.position = ?"
        " AND e.log IN (SELECT log FROM seen WHERE origin = ?)",
        (place.index, place.origin),
    ).fetchone()
    if row is None:
        raise HouseError("the receipt stands later in the log than this house knows; sync first", code="later")
    leaf = base64.b64decode(json.loads(row[1])["leaf"])
    if hashlib.sha256(leaf).hexdigest() != place.leaf_sha256:
        raise Refuted("receipt-log", "the log says something else where the receipt stands", index=place.index)
    record = receipt.record
    event = str(json.loads(leaf)["type"])
    return Receipt(record.id.replace("-", ""), event, record.at, str(row[0]), place.index, record.clause_sha256)


def life(kept: sqlite3.Connection, file: CaseFile) -> Table:
    """The life of one consent: the entries that the file names, from the house's own copy of the log.

    Raises ``Refuted`` when one is not there, or is about another service or use.
    """
    rows = []
    for place in file.entries:
        fact = _fact(kept, place)
        if fact is None:
            raise HouseError("the file names entries that this house does not have yet; sync first", code="later")
        if fact.part is not None and purpose_of(fact) != (file.service, file.use):
            raise Refuted("case-entry", "the file names an entry that is about something else", index=place.index)
        what = fact.said("decision") or fact.said("reason")
        rows.append((fact.at, fact.log, fact.index, fact.type, ", ".join(kinds_of(fact)), what))
    columns = ("at", "log", "index", "type", "kinds", "what")
    return Table("life", columns, tuple(sorted(rows)))


def known_state(kept: sqlite3.Connection) -> State:
    """What the cockpit said of itself at the last sync. Raises ``HouseError`` before the first."""
    said = fixed(kept, "state")
    if not said:
        raise HouseError("the house has fetched nothing yet; run: cockpit audit sync", code="later")
    return msgspec.json.decode(said, type=State)


def _fact(kept: sqlite3.Connection, place: Place) -> Fact | None:
    row = kept.execute(
        "SELECT at, type, policy, part FROM fact WHERE log = ? AND position = ? AND nth = ?",
        (place.log, place.index, place.nth),
    ).fetchone()
    if row is None:
        return None
    return Fact(place.log, place.index, place.nth, row[0], row[1], row[2], json.loads(row[3]) if row[3] else None)
