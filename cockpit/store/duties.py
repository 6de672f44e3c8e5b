"""The rows of what recipients must do: which version began it, until when, and whether it was done. No name in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from cockpit.domain.consent import ConsentStatus
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.store import tables

_TABLE = tables.duty


class DutyStep(StrEnum):
    """What the log says of a duty: nothing yet, that it is due, that it was missed, that it was done."""

    BEGUN = "begun"
    DUE = "due"
    MISSED = "missed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty as stored. ``service_tag`` is a keyed tag: whose duty it is, is known to whoever holds the key alone.

    ``state`` is that of the version that began it. ``made_at``, ``due`` and ``done_at`` are UTC instants, the last
    empty until it is done.
    """

    service_tag: str
    record_sha256: str
    action: str
    person: PersonId
    consent: ConsentId
    state: ConsentStatus
    made_at: str
    due: str
    step: DutyStep = DutyStep.BEGUN
    done_at: str = ""


def put(connection: Connection, row: DutyRow) -> None:
    """Keep a new duty."""
    connection.execute(
        insert(_TABLE).values(
            duty_hash=_hash(row.service_tag, row.record_sha256, row.action),
            service_tag=row.service_tag,
            record_sha256=row.record_sha256,
            action=row.action,
            person_id=row.person,
            consent_id=row.consent,
            state=row.state,
            made_at=row.made_at,
            due=row.due,
            step=row.step,
            done_at=row.done_at,
        )
    )


def move(connection: Connection, row: DutyRow, step: DutyStep, done_at: str = "") -> bool:
    """Take a duty a step further; False when somebody did first."""
    where = (_TABLE.c.duty_hash == _hash(row.service_tag, row.record_sha256, row.action), _TABLE.c.step == row.step)
    return connection.execute(update(_TABLE).where(*where).values(step=step, done_at=done_at)).rowcount == 1


def of_person(connection: Connection, person: PersonId) -> list[DutyRow]:
    """Every duty towards one person, oldest first."""
    found = select(_TABLE).where(_TABLE.c.person_id == person).order_by(_TABLE.c.made_at, _TABLE.c.action)
    return [_row(row) for row in connection.execute(found)]


def find(connection: Connection, service_tag: str, record_sha256: str, action: str) -> DutyRow | None:
    """One duty of a service, or None."""
    hashed = _hash(service_tag, record_sha256, action)
    row = connection.execute(select(_TABLE).where(_TABLE.c.duty_hash == hashed)).one_or_none()
    return None if row is None else _row(row)


def undone(connection: Connection, service_tag: str, most: int) -> list[DutyRow]:
    """What a service has still to do, the most urgent first."""
    where = (_TABLE.c.service_tag == service_tag, _TABLE.c.step != DutyStep.DONE)
    found = select(_TABLE).where(*where).order_by(_TABLE.c.due, _TABLE.c.record_sha256, _TABLE.c.action).limit(most)
    return [_row(row) for row in connection.execute(found)]


def unsaid(connection: Connection, now: str) -> list[DutyRow]:
    """The duties of which the log does not say yet that they are due, or missed."""
    missed = and_(_TABLE.c.step == DutyStep.DUE, _TABLE.c.due < now)
    found = select(_TABLE).where(or_(_TABLE.c.step == DutyStep.BEGUN, missed)).order_by(_TABLE.c.due)
    return [_row(row) for row in connection.execute(found)]


def _hash(service_tag: str, record_sha256: str, action: str) -> str:
    return hashlib.sha256(f"{service_tag} {record_sha256} {action}".encode()).hexdigest()


def _row(row: Row[tuple[str, ...]]) -> DutyRow:
    return DutyRow(
        row.service_tag,
        row.record_sha256,
        row.action,
        PersonId(row.person_id),
        ConsentId(row.consent_id),
        ConsentStatus(row.state),
        row.made_at,
        row.due,
        DutyStep(row.step),
        row.done_at,
    )
