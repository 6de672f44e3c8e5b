"""The receipts of one consent: one for each change of it, refusals and withdrawals too, and each in other formats."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.issue import Issuer
from cockpit.consent.exports.iso27560 import iso27560
from cockpit.consent.exports.kantara import kantara
from cockpit.consent.exports.odrl import odrl
from cockpit.domain.consent_record import ConsentRecord
from cockpit.domain.errors import NotFound
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId
from cockpit.grants.record_jws import record_jws
from cockpit.receipts.receipt import Receipt, receipt_bytes
from cockpit.receipts.signed_records import receipts_name
from cockpit.sealing.canonical import canonical
from cockpit.store.journal import journal
from cockpit.store.lines import newest
from cockpit.store.space import CONSENTS, Reader


class Format(StrEnum):
    """What a receipt is handed out as: the receipt itself, its proof, and its record in four formats."""

    RECEIPT = "receipt"
    PROOF = "proof"
    DPV = "dpv"
    ODRL = "odrl"
    KANTARA = "kantara"
    JWS = "jws"


@dataclass(frozen=True, slots=True)
class Issued:
    """One receipt, the event that it is of, and the name of the service at the first decision."""

    event: EventType
    service_name: str
    receipt: Receipt

    @property
    def record(self) -> ConsentRecord:
        """The version of the record that it is of."""
        return self.receipt.record

    @property
    def formats(self) -> tuple[Format, ...]:
        """Those that can say it: a Kantara receipt is of a consent in force only."""
        return tuple(one for one in Format if one is not Format.KANTARA or kantara(self.record) is not None)


def receipts(cockpit: Cockpit, reader: Reader, consent: ConsentId) -> tuple[Issued, ...]:
    """Every receipt of a consent, oldest first: number 1 is that of version 1. Raises ``NotFound``, ``Tampered``."""
    versions = newest(reader.lines(CONSENTS)).get(consent)
    if versions is None:
        raise NotFound("there is no such consent in this space")
    issuer = Issuer(cockpit.ledger, cockpit.operator, reader, journal(reader))
    name = str(versions[0]["service_name"])
    return tuple(Issued(EventType(version["event"]), name, issuer.receipt(version)) for version in versions)


def written_as(cockpit: Cockpit, issued: Issued, chosen: Format) -> bytes:
    """A receipt's bytes in one format. Raises ``NotFound`` for one that cannot say it."""
    record, key = issued.record, cockpit.operator.receipts
    match chosen:
        case Format.RECEIPT:
            return receipt_bytes(issued.receipt)
        case Format.PROOF:
            return issued.receipt.proof.encode()
        case Format.DPV:
            return canonical(iso27560(record))
        case Format.ODRL:
            return canonical(odrl(record))
        case Format.JWS:
            return record_jws(record, key, receipts_name(cockpit.ledger.origin)).encode()
        case Format.KANTARA:
            made = kantara(record, issued.receipt.key)
            if made is None:
                raise NotFound("a Kantara receipt says a consent in force, and nothing else")
            return canonical(made)
