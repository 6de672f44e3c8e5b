"""Watch what recipients owe: the log says what is due, and what was missed; the spaces may stay locked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.domain.moment import instant
from cockpit.grants.summaries import open_summary
from cockpit.receipts.receipt import RECORD_MEMBER
from cockpit.store import consents, duties
from cockpit.store.duties import DutyRow, DutyStep


@dataclass(frozen=True, slots=True)
class Watched:
    """How many duties the log now says to be due, and how many to be missed."""

    due: int
    missed: int


def watch_duties(cockpit: Cockpit) -> Watched:
    """Tell each, in a transaction of its own: what is not told now is told the next time, and nothing twice."""
    now = cockpit.clock()
    with cockpit.database.read() as connection:
        rows = duties.unsaid(connection, instant(now))
    told = [_tell(cockpit, row, now) for row in rows]
    return Watched(told.count(DutyStep.DUE), told.count(DutyStep.MISSED))


def _tell(cockpit: Cockpit, row: DutyRow, now: datetime) -> DutyStep | None:
    step = DutyStep.MISSED if row.due < instant(now) else DutyStep.DUE
    with cockpit.database.write(row.person) as connection:
        if not duties.move(connection, row, step):
            return None
        known = open_summary(
            cockpit.operator, consents.get(connection, row.person, row.consent).sealed_summary, row.consent
        )
        event = Event(
            EventType.OBLIGATION_MISSED if step is DutyStep.MISSED else EventType.OBLIGATION_DUE,
            audit={"service": known.service, "use": known.use, "action": row.action, "due": row.due[:10]},
            subject={
                "consent": row.consent,
                "service": known.service,
                "service_name": known.service_name,
                "use": known.use,
                "action": row.action,
                RECORD_MEMBER: row.record_sha256,
                "due": row.due,
            },
        )
        cockpit.ledger.append(connection, event, now, row.person)
    return step
