"""Open one named case to auditors: one asks, another agrees in time, and the person reads both names and the reason."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from cockpit.acts.cockpit import Cockpit
from cockpit.audit import wire
from cockpit.domain.audit_mandate import AuditorMandate, Scope
from cockpit.domain.errors import NotFound, ServiceMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConsentId
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.grants.summaries import Summary, open_summary
from cockpit.sealing.box import open_under, seal_under
from cockpit.store import audit_mandates, audited, consents
from cockpit.store.audit_mandates import CaseRow
from cockpit.store.walls import EVERYONE

AGREE_HOURS = 72
"""How long a case waits for a second auditor."""
OPEN_DAYS = 30
"""How long both may read it afterwards."""
REASON = (10, 500)
_DUTY = "audit cases"


class CaseRefused(ServiceMustAct):
    """A case cannot be asked for, agreed on or read by this auditor."""

    code = "case_refused"


def ask_case(cockpit: Cockpit, mandate: AuditorMandate, asked: wire.CaseAsked) -> wire.Case:
    """Ask to open the case of one consent. Raises ``CaseRefused``, or ``NotFound`` for an unknown consent."""
    _require_scope(mandate)
    reason = asked.reason.strip()
    if not REASON[0] <= len(reason) <= REASON[1] or not reason.isprintable():
        raise CaseRefused(f"give a reason of {REASON[0]} to {REASON[1]} characters on one line: the person reads it")
    now, case = cockpit.clock(), secrets.token_hex(16)
    consent = ConsentId(asked.consent)
    with cockpit.database.read(EVERYONE) as connection:
        person = audit_mandates.whose(connection, consent)
    if person is None:
        raise NotFound("there is no such consent here")
    row = CaseRow(
        id=case,
        person=person,
        consent=consent,
        sealed_reason=seal_under(cockpit.operator.duty(_DUTY), reason.encode(), f"case {case}"),
        asked_by=mandate.id,
        agreed_by="",
        asked_at=instant(now),
        opened_at="",
        expires=instant(now + timedelta(hours=AGREE_HOURS)),
    )
    with cockpit.database.write(person) as connection:
        audit_mandates.forget_cases(connection, instant(now))
        audit_mandates.put_case(connection, row)
        said: dict[str, Json] = {"mandate": mandate.id, "case": case}
        cockpit.ledger.append(connection, Event(EventType.AUDITOR_ASKED, said), now)
        return _case(cockpit, connection, row)


def cases(cockpit: Cockpit, mandate: AuditorMandate) -> tuple[wire.Case, ...]:
    """The cases that wait for a second auditor, and those open to this one. Raises ``CaseRefused``."""
    _require_scope(mandate)
    now = instant(cockpit.clock())
    with cockpit.database.read() as connection:
        found = [audit_mandates.find_case(connection, case, now) for case in audit_mandates.cases(connection, now)]
        mine = [row for row in found if row and (not row.agreed_by or mandate.id in {row.asked_by, row.agreed_by})]
        return tuple(_case(cockpit, connection, row) for row in mine)


def agree_on_case(cockpit: Cockpit, mandate: AuditorMandate, case: str) -> wire.Case:
    """Be the second auditor: the case is open from now on, and the person's history says so.

    Raises ``CaseRefused`` for the one who asked (by mandate, key or name), ``NotFound`` for a case that does not wait.
    """
    _require_scope(mandate)
    now = cockpit.clock()
    waiting = _row(cockpit, case)
    if waiting.agreed_by:
        raise NotFound("there is no such case waiting")
    expires = instant(now + timedelta(days=OPEN_DAYS))
    with cockpit.database.write(waiting.person) as connection:
        asker = audit_mandates.find(connection, waiting.asked_by)
        if asker is None or not asker.live(instant(now)):
            raise CaseRefused("the mandate of the auditor who asked is over")
        if asker.thumbprint == mandate.thumbprint or asker.name.casefold() == mandate.name.casefold():
            raise CaseRefused("a second auditor must agree: this one asked")
        if not audit_mandates.agree(connection, case, mandate.id, instant(now), expires):
            raise NotFound("there is no such case waiting")
        row = replace(waiting, agreed_by=mandate.id, opened_at=instant(now), expires=expires)
        known = _summary(cockpit, connection, row)
        event = Event(
            EventType.AUDITOR_OPENED,
            audit={"case": case, "asked_by": asker.id, "agreed_by": mandate.id},
            subject={
                "case": case,
                "consent": row.consent,
                "auditors": [asker.name, mandate.name],
                "reason": _reason(cockpit, row),
                "service": known.service,
                "service_name": known.service_name,
                "use": known.use,
            },
        )
        cockpit.ledger.append(connection, event, now, row.person)
        return _case(cockpit, connection, row)


def case_file(cockpit: Cockpit, mandate: AuditorMandate, case: str) -> wire.CaseFile:
    """What is opened, to one of the two who opened it; each reading is an entry.

    Raises ``CaseRefused`` while nobody agreed, and ``NotFound`` for everyone else.
    """
    _require_scope(mandate)
    row = _row(cockpit, case)
    if mandate.id not in {row.asked_by, row.agreed_by}:
        raise NotFound("there is no such case open to this mandate")
    if not row.agreed_by:
        raise CaseRefused("a second auditor must agree first")
    with cockpit.database.write(row.person) as connection:
        known = _summary(cockpit, connection, row)
        consent = consents.get(connection, row.person, row.consent)
        said: dict[str, Json] = {"mandate": mandate.id, "log": "case", "case": case, "count": 1}
        cockpit.ledger.append(connection, Event(EventType.AUDITOR_READ, said), cockpit.clock())
        return wire.CaseFile(
            case=_case(cockpit, connection, row),
            consent=row.consent,
            service=known.service,
            service_name=known.service_name,
            use=known.use,
            clause_sha256=known.clause_sha256,
            status=consent.status.value,
            expires=consent.expires,
            pauses=tuple((pause.since, pause.until or "") for pause in known.pauses),
            entries=_entries(cockpit, connection, row, known),
        )


def _entries(cockpit: Cockpit, connection: Connection, row: CaseRow, known: Summary) -> tuple[wire.Place, ...]:
    """The person's entries that name this service and use: of this consent, and of any other between the same two."""
    places = []
    for stands, said in audited.entries_of(cockpit.ledger, connection, row.person):
        if (said.part.get("service"), said.part.get("use")) == (known.service, known.use):
            places.append(wire.Place(stands.log, stands.index, stands.nth))
    return tuple(sorted(places))


def _row(cockpit: Cockpit, case: str) -> CaseRow:
    with cockpit.database.read() as connection:
        row = audit_mandates.find_case(connection, case, instant(cockpit.clock()))
    if row is None:
        raise NotFound("there is no such case, or its time is over")
    return row


def _summary(cockpit: Cockpit, connection: Connection, row: CaseRow) -> Summary:
    consent = consents.get(connection, row.person, row.consent)
    return open_summary(cockpit.operator, consent.sealed_summary, row.consent)


def _reason(cockpit: Cockpit, row: CaseRow) -> str:
    return open_under(cockpit.operator.duty(_DUTY), row.sealed_reason, f"case {row.id}").decode()


def _case(cockpit: Cockpit, connection: Connection, row: CaseRow) -> wire.Case:
    def name(mandate: str) -> str:
        found = audit_mandates.find(connection, mandate) if mandate else None
        return found.name if found else ""

    return wire.Case(
        row.id, name(row.asked_by), _reason(cockpit, row), row.asked_at, name(row.agreed_by), row.opened_at, row.expires
    )


def _require_scope(mandate: AuditorMandate) -> None:
    if Scope.CASES not in mandate.scopes:
        raise CaseRefused("this mandate does not cover the opening of cases", code="out_of_scope")
