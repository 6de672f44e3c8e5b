"""Take a service's signed statement that it did what it owed: into the log, and into the person's own space."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import service_tag
from cockpit.consent.duties import standing
from cockpit.domain.event import Event, EventType
from cockpit.domain.moment import instant
from cockpit.domain.service import Service
from cockpit.grants.statements import BadStatement, checked_statement
from cockpit.grants.summaries import open_summary
from cockpit.receipts.receipt import RECORD_MEMBER
from cockpit.store import consents, duties
from cockpit.store.duties import DutyStep


@dataclass(frozen=True, slots=True)
class Taken:
    """What was stated, when it reached us, and by how many whole days it was late."""

    record_sha256: str
    action: str
    received_at: str
    days_late: int


def take_statement(cockpit: Cockpit, service: Service, text: str) -> Taken:
    """Note that a duty was done. Stating it again changes nothing. Raises ``BadStatement``."""
    now = cockpit.clock()
    said = checked_statement(text, service, now)
    tag = service_tag(cockpit.operator, service.id)
    with cockpit.database.read() as connection:
        found = duties.find(connection, tag, said.record_sha256, said.action)
    if found is None:
        raise BadStatement("you owe no such statement: list what you owe, and quote its record_sha256")
    person = found.person
    with cockpit.database.write(person) as connection:
        row = duties.find(connection, tag, said.record_sha256, said.action)
        if row is None:
            raise BadStatement("the space that this was about is no longer here")
        received = row.done_at or instant(now)
        late = standing(row.due, received, now).days_late
        if row.step is not DutyStep.DONE and duties.move(connection, row, DutyStep.DONE, received):
            sealed = consents.get(connection, person, row.consent).sealed_summary
            known = open_summary(cockpit.operator, sealed, row.consent)
            event = Event(
                EventType.OBLIGATION_DONE,
                audit={"service": service.id, "use": known.use, "action": row.action, "days_late": late},
                subject={
                    "consent": row.consent,
                    "service": service.id,
                    "service_name": known.service_name,
                    "use": known.use,
                    "action": row.action,
                    RECORD_MEMBER: row.record_sha256,
                    "statement": text,
                },
            )
            cockpit.ledger.append(connection, event, now, person)
    return Taken(said.record_sha256, said.action, received, late)
