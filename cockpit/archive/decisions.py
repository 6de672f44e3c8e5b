"""What a change of a consent leaves, in one transaction: an entry in the log, a signed receipt, a version of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cockpit.archive.receipts import signed_receipt
from cockpit.consent.clauses import clause_from_json
from cockpit.consent.receipt import placed
from cockpit.domain.consent import Clause
from cockpit.domain.errors import NotFound
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConsentId, ServiceId
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.sealing.signing import SigningKey
from cockpit.store.ledger import Ledger
from cockpit.store.space import CONSENTS, Reader, Writer


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one consent. ``audit``, ``subject``, ``receipt`` and ``version`` hold what is particular to it."""

    event: EventType
    consent: ConsentId
    service: ServiceId
    service_name: str
    use: str
    clause_sha256: str
    audit: dict[str, Json] = field(default_factory=dict)
    subject: dict[str, Json] = field(default_factory=dict)
    receipt: dict[str, Json] = field(default_factory=dict)
    version: dict[str, Json] = field(default_factory=dict)


def present_clause(reader: Reader, consent: ConsentId) -> Clause:
    """The present terms of a consent, from the person's own space. Raises ``NotFound``."""
    clauses = [line["clause"] for line in reader.lines(CONSENTS) if line["uid"] == consent and "clause" in line]
    if not clauses:
        raise NotFound("there is no such consent in this space")
    return clause_from_json(clauses[-1])


def leave(writer: Writer, ledger: Ledger, receipts: SigningKey, change: Change, now: datetime) -> None:
    """Log the change, sign its receipt, and keep both in the person's space, which may be locked."""
    named: dict[str, Json] = {"service": change.service, "use": change.use}
    event = Event(
        change.event,
        audit={**named, "decision": change.event.value, **change.audit},
        subject={
            "consent": change.consent,
            "service_name": change.service_name,
            "clause_sha256": change.clause_sha256,
            **named,
            **change.subject,
        },
    )
    logged = ledger.append(writer.connection, event, now, writer.person)
    receipt: dict[str, Json] = {
        "type": change.event.value,
        "consent": change.consent,
        "clause_sha256": change.clause_sha256,
        "at": instant(now),
        **change.receipt,
    }
    signed = signed_receipt(placed(receipt, logged.origin, logged.index, logged.leaf_sha256), receipts, logged.origin)
    line = {"uid": change.consent, "at": instant(now), "event": change.event.value, "receipt": signed}
    writer.note(CONSENTS, line | change.version)
