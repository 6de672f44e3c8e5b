"""Change what a service declares, or stop it: consents under which more would happen are suspended at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change
from cockpit.consent import lifecycle
from cockpit.consent.declarations import grew
from cockpit.domain.consent_record import Actor, ActorRole
from cockpit.domain.errors import NotFound, OperatorMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConsentId, PersonId, ServiceId
from cockpit.domain.record import Json
from cockpit.domain.service import Service, Standing
from cockpit.grants.summaries import open_summary, seal_summary
from cockpit.store import consents, services
from cockpit.store.walls import EVERYONE

MOST_REASON = 200


def change_service(cockpit: Cockpit, service: Service) -> int:
    """Put a new declaration in the place of the former; how many consents it suspended. Raises ``NotFound``.

    What was never declared before, under which nobody can have consented, suspends nothing.
    """
    with cockpit.database.write() as connection:
        before = _found(connection, service.id)
        services.put(connection, service)
        grown = grew(before, service)
        uses: list[Json] = [f"{use}-v{version}" for use, version in sorted(grown)]
        said: dict[str, Json] = {"service": service.id, "service_name": service.name, "grew": uses}
        cockpit.ledger.append(connection, Event(EventType.SERVICE_CHANGED, said), cockpit.clock())
    return _suspend_all(cockpit, service.id, {str(use) for use in uses}, "declaration")


def suspend_service(cockpit: Cockpit, service: ServiceId, reason: str) -> int:
    """Stop a service: nothing is given to it until it is reinstated and each person says yes again.

    ``reason`` is the operator's sentence (1 to 200 characters), shown to everyone concerned. Returns how many consents
    were suspended. Raises ``NotFound``, and ``OperatorMustAct`` for another reason.
    """
    if not 1 <= len(reason.strip()) <= MOST_REASON or not reason.isprintable():
        raise OperatorMustAct(f"give a reason of 1 to {MOST_REASON} characters on one line", code="reason")
    with cockpit.database.write() as connection:
        before = _found(connection, service)
        services.put(connection, replace(before, standing=Standing.SUSPENDED))
        said: dict[str, Json] = {"service": service, "service_name": before.name, "reason": reason}
        cockpit.ledger.append(connection, Event(EventType.SERVICE_SUSPENDED, said), cockpit.clock())
    return _suspend_all(cockpit, service, None, reason)


def reinstate_service(cockpit: Cockpit, service: ServiceId) -> None:
    """Let a service ask again. What was suspended stays so until each person lifts it. Raises ``NotFound``."""
    with cockpit.database.write() as connection:
        before = _found(connection, service)
        services.put(connection, replace(before, standing=Standing.REGISTERED))
        said: dict[str, Json] = {"service": service, "service_name": before.name, "grew": []}
        cockpit.ledger.append(connection, Event(EventType.SERVICE_CHANGED, said), cockpit.clock())


def _found(connection: Connection, service: ServiceId) -> Service:
    found = services.find(connection, service)
    if found is None:
        raise NotFound("there is no such service here")
    return found


def _suspend_all(cockpit: Cockpit, service: ServiceId, uses: set[str] | None, reason: str) -> int:
    now = cockpit.clock()
    with cockpit.database.read(EVERYONE) as connection:
        found = consents.open_ones(connection)
    return sum(_suspend(cockpit, person, consent, service, uses, reason, now) for person, consent in found)


def _suspend(
    cockpit: Cockpit,
    person: PersonId,
    consent: ConsentId,
    service: ServiceId,
    uses: set[str] | None,
    reason: str,
    now: datetime,
) -> bool:
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        known = open_summary(cockpit.operator, row.sealed_summary, consent)
        concerned = known.service == service and (uses is None or known.use in uses)
        if not concerned or lifecycle.Change.SUSPEND not in lifecycle.possible(row.status):
            return False
        becomes = lifecycle.after(row.status, lifecycle.Change.SUSPEND)
        change = Change(
            EventType.CONSENT_SUSPENDED,
            consent,
            known.service,
            known.service_name,
            known.use,
            known.clause_sha256,
            known.last,
            actor=Actor(ActorRole.SERVICE if uses is not None else ActorRole.OPERATOR),
            audit={"reason": reason},
            subject={"reason": reason},
            version={"reason": reason},
            joint=bool(known.joint),
        )
        last = cockpit.recorder.leave(cockpit.spaces.writer(connection, person), change, now)
        known = msgspec.structs.replace(known, last=last)
        consents.change(connection, row, becomes, sealed_summary=seal_summary(cockpit.operator, known, consent))
    return True
