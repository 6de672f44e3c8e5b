"""The rows of auditors' mandates, and of the cases that two of them agree on."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from cockpit.domain.audit_mandate import AuditorMandate
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.store import tables

_MANDATE, _CASE = tables.auditor_mandate, tables.audit_case


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as stored. ``agreed_by`` and ``opened_at`` are empty until a second auditor agrees."""

    id: str
    person: PersonId
    consent: ConsentId
    sealed_reason: bytes = field(repr=False)
    asked_by: str
    agreed_by: str
    asked_at: str
    opened_at: str
    expires: str


def put(connection: Connection, mandate: AuditorMandate) -> None:
    """Keep a mandate, in the place of its earlier state."""
    connection.execute(delete(_MANDATE).where(_MANDATE.c.mandate_id == mandate.id))
    connection.execute(insert(_MANDATE).values(mandate_id=mandate.id, content=msgspec.json.encode(mandate)))


def find(connection: Connection, mandate: str) -> AuditorMandate | None:
    """The mandate, or None."""
    found = connection.execute(select(_MANDATE.c.content).where(_MANDATE.c.mandate_id == mandate)).scalar_one_or_none()
    return found and msgspec.json.decode(found, type=AuditorMandate)


def every(connection: Connection) -> list[AuditorMandate]:
    """Every mandate ever given, the oldest first."""
    rows = connection.execute(select(_MANDATE.c.content))
    return sorted((msgspec.json.decode(row.content, type=AuditorMandate) for row in rows), key=lambda m: m.given_at)


def whose(connection: Connection, consent: ConsentId) -> PersonId | None:
    """Whose consent this is; for a transaction that names everyone."""
    table = tables.consent
    found = connection.execute(select(table.c.person_id).where(table.c.consent_id == consent)).scalar_one_or_none()
    return PersonId(found) if found else None


def put_case(connection: Connection, row: CaseRow) -> None:
    """Keep a case that waits for a second auditor."""
    connection.execute(
        insert(_CASE).values(
            case_id=row.id,
            person_id=row.person,
            consent_id=row.consent,
            sealed_reason=row.sealed_reason,
            asked_by=row.asked_by,
            agreed_by=row.agreed_by,
            asked_at=row.asked_at,
            opened_at=row.opened_at,
            expires=row.expires,
        )
    )


def find_case(connection: Connection, case: str, now: str) -> CaseRow | None:
    """A case whose time is not over, or None."""
    row = connection.execute(select(_CASE).where(_CASE.c.case_id == case, _CASE.c.expires > now)).one_or_none()
    if row is None:
        return None
    person, consent = PersonId(row.person_id), ConsentId(row.consent_id)
    return CaseRow(
        row.case_id, person, consent, row.sealed_reason, row.asked_by, row.agreed_by, row.asked_at, row.opened_at,
        row.expires,
    )  # fmt: skip


def cases(connection: Connection, now: str) -> list[str]:
    """The cases whose time is not over, the oldest first."""
    rows = connection.execute(select(_CASE.c.case_id).where(_CASE.c.expires > now).order_by(_CASE.c.asked_at))
    return [row.case_id for row in rows]


def agree(connection: Connection, case: str, by: str, at: str, expires: str) -> bool:
    """Note the second auditor; False when somebody agreed first."""
    where = (_CASE.c.case_id == case, _CASE.c.agreed_by == "")
    return (
        connection.execute(update(_CASE).where(*where).values(agreed_by=by, opened_at=at, expires=expires)).rowcount
        == 1
    )


def forget_cases(connection: Connection, now: str) -> None:
    """Remove the cases whose time is over."""
    connection.execute(delete(_CASE).where(_CASE.c.expires <= now))
