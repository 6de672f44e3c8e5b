"""Authenticate a service by its signed assertion, which is accepted once."""

from __future__ import annotations

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.moment import instant
from cockpit.domain.service import Service
from cockpit.grants.clients import ASSERTION_TYPE, InvalidClient, assertion_client, checked_assertion
from cockpit.store import services


def authenticate_service(cockpit: Cockpit, assertion: str, assertion_type: str) -> Service:
    """The service that signed this assertion. Raises ``InvalidClient``."""
    now = cockpit.clock()
    if assertion_type != ASSERTION_TYPE:
        raise InvalidClient("client_assertion_type must be the JWT bearer type")
    claimed = assertion_client(assertion)
    with cockpit.database.read() as connection:
        service = services.find(connection, claimed) if claimed else None
    hashed, expires = checked_assertion(assertion, service, cockpit.settings.issuer, now)
    with cockpit.database.write() as connection:
        first = services.first_use_of_assertion(connection, hashed, expires, instant(now))
    if service is None or not first:
        raise InvalidClient("the client could not be authenticated")
    return service
