"""Authenticate an auditor by the signed assertion of a request, which is accepted once, under a mandate in force."""

from __future__ import annotations

from cockpit.acts.cockpit import Cockpit
from cockpit.audit.wire import AUDIENCE
from cockpit.domain.audit_mandate import AuditorMandate
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.moment import instant
from cockpit.grants.auditors import checked_auditor
from cockpit.grants.clients import InvalidClient, assertion_client
from cockpit.store import audit_mandates, services


class MandateOver(ServiceMustAct):
    """The mandate has expired or was ended; said only to whoever holds its key."""

    code = "mandate_over"


def authenticate_auditor(cockpit: Cockpit, assertion: str) -> AuditorMandate:
    """The mandate under which this assertion was signed. Raises ``InvalidClient``, then ``MandateOver``."""
    now = cockpit.clock()
    claimed = assertion_client(assertion)
    with cockpit.database.read() as connection:
        mandate = audit_mandates.find(connection, claimed) if claimed else None
    hashed, expires = checked_auditor(assertion, mandate, cockpit.settings.issuer + AUDIENCE, now)
    with cockpit.database.write() as connection:
        first = services.first_use_of_assertion(connection, hashed, expires, instant(now))
    if mandate is None or not first:
        raise InvalidClient("the client could not be authenticated")
    if not mandate.live(instant(now)):
        raise MandateOver("this mandate is over; the operator can give another")
    return mandate
