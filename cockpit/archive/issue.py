"""Issuing receipts from an open space: its signed versions, their entries' openings, and a proof of each entry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.consent.duties import ACKNOWLEDGE
from cockpit.consent.record.form import record_from_json, record_sha256
from cockpit.domain.errors import Tampered
from cockpit.domain.event import EventType
from cockpit.domain.record import Json
from cockpit.receipts.receipt import RECORD_MEMBER, LogPlace, OpenedLeaf, Opening, Receipt, make_receipt
from cockpit.receipts.signed_records import RecordSignature, SignatureType, SignedRecord, encode
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import cosigned
from cockpit.store.journal import JournalEntry
from cockpit.store.ledger import Ledger
from cockpit.store.lines import Line
from cockpit.store.space import Reader
from cockpit.tlog.checkpoint import parse_checkpoint
from cockpit.tlog.logs import CONSENT, origin_of
from cockpit.tlog.proof_file import ProofFile, print_proof_file

_Entries = dict[tuple[str, Json], JournalEntry]


def signed_record(version: Line) -> SignedRecord:
    """The signed record of a version as a space keeps it. Raises ``Tampered``."""
    signed: dict[str, Any] = version["signed"]
    signatures = tuple(
        RecordSignature(**{**kept, "type": SignatureType(kept["type"])}) for kept in signed["signatures"]
    )
    return SignedRecord(record_from_json(signed["record"]), signatures)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Makes the receipts of one open space, whose ``journal`` it is given.

    A receipt is the same each time, byte for byte, but for its proof, which moves on with the log.
    """

    ledger: Ledger
    operator: OperatorKeys = field(repr=False)
    reader: Reader
    journal: Iterable[JournalEntry] = field(repr=False)
    _named: _Entries = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Find each entry by its type and by the hash of the record that it names."""
        for entry in self.journal:
            if RECORD_MEMBER in entry.subject:
                # The acknowledgement is what a receipt carries of a recipient's statements; one of erasure stays here.
                erased = entry.type == EventType.OBLIGATION_DONE and entry.subject.get("action") != ACKNOWLEDGE
                if not erased:
                    self._named[entry.type, entry.subject[RECORD_MEMBER]] = entry

    def receipt(self, version: Line) -> Receipt:
        """The receipt of one version. Raises ``Tampered`` when its entry is not in the journal."""
        signed = signed_record(version)
        sha256 = record_sha256(signed.record)
        entry = self._named.get((version["event"], sha256))
        if entry is None:
            raise Tampered("the entry of a version of the record is not in the journal")
        opened = OpenedLeaf(
            encode(entry.leaf), Opening(entry.audit_salt, entry.audit), Opening(entry.subject_salt, entry.subject)
        )
        digest = hashlib.sha256(entry.leaf).hexdigest()
        place = LogPlace(origin_of(self.ledger.origin, entry.log), entry.index, digest)
        receipt = make_receipt(signed, place, opened, self.operator.receipts)
        said = self._named.get((EventType.OBLIGATION_DONE, sha256))
        acknowledgement = str(said.subject["statement"]) if said else ""
        return replace(receipt, proof=self._proof(entry.index).decode(), acknowledgement=acknowledgement)

    def _proof(self, index: int) -> bytes:
        """The ``.tlog-proof`` of an entry, under the newest checkpoint that witnesses cosigned, when it covers it."""
        connection = self.reader.connection
        seen = cosigned.find(connection, CONSENT)
        note = seen.note if seen.size > index else self.ledger.checkpoint(connection, CONSENT)[1]
        origin = origin_of(self.ledger.origin, CONSENT)
        size = parse_checkpoint(note, self.operator.log.verify_key(), origin).size
        hashes = self.ledger.inclusion_proof(connection, index, size, CONSENT)
        return print_proof_file(ProofFile(index, tuple(hashes), note))
