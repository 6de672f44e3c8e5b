"""Ask for a consent: a service's pushed request becomes a clause, or is refused for asking too much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from cockpit.acts.cockpit import Cockpit
from cockpit.consent.request import Ask, OverAsking, clause_for
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ServiceId
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.domain.service import Service, Standing
from cockpit.grants.keys import new_secret, secret_hash
from cockpit.grants.pushed import (
    LIFETIME_SECONDS,
    REQUEST_URI_PREFIX,
    Pending,
    PushedRequest,
    Redirect,
    UnknownRequest,
    open_request,
    seal_request,
)
from cockpit.store import services, tokens


@dataclass(frozen=True, slots=True)
class Pushed:
    """What the service gets: a reference to send the person with. ``expires_in`` is in seconds."""

    request_uri: str
    expires_in: int


class ServiceSuspended(ServiceMustAct):
    """The operator stopped this service: it may ask nothing (RFC 6749 section 4.1.2.1)."""

    code = "unauthorized_client"


def ask_consent(cockpit: Cockpit, service: Service, reference: str, ask: Ask, redirect: Redirect) -> Pushed:
    """Keep the request for five minutes. Raises ``OverAsking``, which is logged, when it exceeds the declaration.

    Raises ``ServiceSuspended`` for a service that the operator stopped.
    """
    now = cockpit.clock()
    if service.standing is Standing.SUSPENDED:
        raise ServiceSuspended("this service is suspended here; ask the operator of this cockpit why")
    audit: dict[str, Json] = {"service": service.id, "use": reference, "kinds": list[Json](sorted(ask.fields))}
    try:
        use = cockpit.registry.use(reference)
        if use is None:
            raise OverAsking("this use is not in the registry of this cockpit", code="unknown_use")
        clause = clause_for(ask, service, use, cockpit.registry.use_sha256(use), now, cockpit.registry.special)
    except OverAsking as refusal:
        with cockpit.database.write() as connection:
            # The reference came from outside: only one that is in the registry may enter the log.
            known = reference if cockpit.registry.use(reference) else "unknown"
            kinds: list[Json] = [kind for kind in sorted(ask.fields) if kind in cockpit.registry.kinds]
            event = Event(EventType.CONSENT_OVERASKED, audit | {"use": known, "kinds": kinds, "reason": refusal.reason})
            cockpit.ledger.append(connection, event, now)
        raise
    request_uri = new_secret(REQUEST_URI_PREFIX)
    hashed = secret_hash(request_uri)
    row = tokens.PushedRow(
        hashed,
        service.id,
        seal_request(cockpit.operator, PushedRequest(clause, redirect), hashed),
        instant(now + timedelta(seconds=LIFETIME_SECONDS)),
    )
    with cockpit.database.write() as connection:
        tokens.remove_expired(connection, instant(now))
        tokens.put_pushed(connection, row)
        cockpit.ledger.append(connection, Event(EventType.CONSENT_REQUESTED, audit), now)
    return Pushed(request_uri, LIFETIME_SECONDS)


def pending(cockpit: Cockpit, client_id: str, request_uri: str) -> Pending:
    """The request to show the person. Reading it does not use it up. Raises ``UnknownRequest``."""
    hashed = secret_hash(request_uri)
    with cockpit.database.read() as connection:
        row = tokens.find_pushed(connection, hashed)
        service = services.find(connection, ServiceId(client_id))
    stopped = service is not None and service.standing is Standing.SUSPENDED
    if row is None or service is None or row.service != service.id or row.used or stopped:
        raise UnknownRequest("this request is unknown or was answered already; ask the service to send it again")
    if row.expires <= instant(cockpit.clock()):
        raise UnknownRequest("this request waited more than five minutes; ask the service to send it again")
    request = open_request(cockpit.operator, row.sealed_request, hashed)
    use = cockpit.registry.use(f"{request.clause.use}-v{request.clause.use_version}")
    if use is None:
        raise UnknownRequest("the use of this request is no longer published")
    return Pending(request_uri, service, use, request.clause, request.redirect)
