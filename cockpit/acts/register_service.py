"""Register a service and the uses it declares."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.domain.service import Service
from cockpit.grants.clients import InvalidClient, checked_initial_access_token
from cockpit.grants.metadata import service_from_metadata
from cockpit.store import services


def register_with_token(cockpit: Cockpit, token: str, body: bytes) -> Service:
    """Register the service that ``body`` (RFC 7591 metadata) describes, with an initial access token, once.

    Raises ``InvalidClient`` for the token and ``InvalidClientMetadata`` for the metadata; the token of a refused
    registration may be used again.
    """
    now = cockpit.clock()
    hashed, expires = checked_initial_access_token(cockpit.operator, token, now)
    service = service_from_metadata(body, cockpit.registry, now)
    with cockpit.database.write() as connection:
        if not services.first_use_of_assertion(connection, hashed, expires, instant(now)):
            raise InvalidClient("the initial access token was used already", code="invalid_token")
        _put(cockpit, connection, service)
    return service


def register_service(cockpit: Cockpit, service: Service) -> Service:
    """Register a service that the operator vouches for."""
    registered = replace(service, registered_at=instant(cockpit.clock()))
    with cockpit.database.write() as connection:
        _put(cockpit, connection, registered)
    return registered


def _put(cockpit: Cockpit, connection: Connection, service: Service) -> None:
    services.put(connection, service)
    uses: list[Json] = [f"{declared.use}-v{declared.version}" for declared in service.uses]
    event = Event(EventType.SERVICE_REGISTERED, {"service": service.id, "service_name": service.name, "uses": uses})
    cockpit.ledger.append(connection, event, cockpit.clock())
