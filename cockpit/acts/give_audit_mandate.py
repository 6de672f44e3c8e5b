"""Give an auditor a mandate, or end one before its time; both are entries of the log."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.audit_mandate import AuditorMandate, Scope
from cockpit.domain.errors import NotFound, OperatorMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.moment import add_months, instant
from cockpit.domain.record import Json
from cockpit.grants.auditors import public_key
from cockpit.store import audit_mandates

MOST_NAME = 80
MOST_MONTHS = 24


def give_audit_mandate(
    cockpit: Cockpit, name: str, scopes: tuple[Scope, ...], last_day: date, public_key_pem: bytes
) -> AuditorMandate:
    """Give a mandate to ``name`` until the end of ``last_day`` (UTC), for whoever holds the key's private half.

    The log says its scope, end and key, never the name. Raises ``OperatorMustAct`` for a name, scope, day or key that
    cannot be: among them a key of a mandate in force, since one person would then count as two.
    """
    now = cockpit.clock()
    if not 1 <= len(name.strip()) <= MOST_NAME or not name.isprintable():
        raise OperatorMustAct(f"give a name of 1 to {MOST_NAME} characters on one line", code="name")
    if not now.date() <= last_day <= add_months(now.date(), MOST_MONTHS):
        raise OperatorMustAct(f"a mandate ends today at the earliest, and in {MOST_MONTHS} months at the latest")
    if not scopes:
        raise OperatorMustAct("a mandate is for something: name at least one scope")
    jwk, thumbprint = public_key(public_key_pem)
    mandate = AuditorMandate(
        id="m_" + secrets.token_hex(12),
        name=name.strip(),
        scopes=tuple(sorted(set(scopes))),
        until=f"{last_day.isoformat()}T23:59:59Z",
        jwk=jwk,
        thumbprint=thumbprint,
        given_at=instant(now),
    )
    with cockpit.database.write() as connection:
        for other in audit_mandates.every(connection):
            if other.live(instant(now)) and thumbprint == other.thumbprint:
                raise OperatorMustAct("this key has a mandate already; end that one first", code="key")
        audit_mandates.put(connection, mandate)
        said: dict[str, Json] = {
            "mandate": mandate.id, "scopes": list(mandate.scopes), "until": mandate.until, "thumbprint": thumbprint,
        }  # fmt: skip
        cockpit.ledger.append(connection, Event(EventType.AUDITOR_MANDATED, said), now)
    return mandate


def end_audit_mandate(cockpit: Cockpit, mandate: str) -> None:
    """End a mandate now; its next request is refused. Raises ``NotFound`` for one that is not in force."""
    now = cockpit.clock()
    with cockpit.database.write() as connection:
        found = audit_mandates.find(connection, mandate)
        if found is None or not found.live(instant(now)):
            raise NotFound("there is no such mandate in force")
        audit_mandates.put(connection, replace(found, ended_at=instant(now)))
        cockpit.ledger.append(connection, Event(EventType.AUDITOR_ENDED, {"mandate": mandate}), now)
