"""Withdraw a consent: at once, with no reason asked, whether or not the space is unlocked (GDPR art. 7(3))."""

from __future__ import annotations

from sqlalchemy import Connection

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import Authentication
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.domain.mandate import Mandate
from cockpit.domain.record import Json
from cockpit.grants.summaries import open_summary
from cockpit.store import consents, heads, joint
from cockpit.store.consents import ConsentRow
from cockpit.store.joint import Answer


def withdraw_consent(
    cockpit: Cockpit,
    person: PersonId,
    consent: ConsentId,
    mandate: Mandate | None = None,
    authentication: Authentication | None = None,
) -> None:
    """End the consent: every code and token of it is dead and its wrapped keys are destroyed before this returns.

    Withdrawing twice is no error and leaves one entry. When it is an agreement to what another adult shares, theirs
    ends too. Raises ``NotFound`` for a consent that is not this person's.
    """
    with cockpit.database.read(person) as connection:
        row = consents.get(connection, person, consent)
    known = open_summary(cockpit.operator, row.sealed_summary, consent)
    if known.joint and not row.status.final:
        # First what opens data: whatever stops this half-way, nothing is read that one of both refuses.
        _end_the_others(cockpit, known.joint)
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        _end(
            cockpit, connection, row, ConsentStatus.WITHDRAWN, EventType.CONSENT_WITHDRAWN, {}, mandate, authentication
        )


def _end_the_others(cockpit: Cockpit, code_hash: str) -> None:
    with cockpit.database.write() as connection:
        request = joint.find(connection, code_hash)
        joint.answer(connection, code_hash, Answer.YES, Answer.WITHDRAWN)
    if request is None:
        return
    with cockpit.database.write(request.person) as connection:
        row = consents.find(connection, request.person, request.consent)
        if row is not None:
            _end(cockpit, connection, row, ConsentStatus.REVOKED, EventType.CONSENT_REVOKED, {"reason": "joint"})


def _end(
    cockpit: Cockpit,
    connection: Connection,
    row: ConsentRow,
    status: ConsentStatus,
    event: EventType,
    said: dict[str, Json],
    mandate: Mandate | None = None,
    authentication: Authentication | None = None,
) -> None:
    granted = {collection for collection, _ in consents.wraps(connection, row.person, row.id)}
    if not consents.end(connection, row.person, row.id, status):
        return
    mac_key = cockpit.spaces.mac_key(row.person)
    for collection in sorted(granted):
        heads.ask_rotation(connection, mac_key, row.person, collection)
    known = open_summary(cockpit.operator, row.sealed_summary, row.id)
    change = Change(
        event,
        row.id,
        known.service,
        known.service_name,
        known.use,
        known.clause_sha256,
        known.last,
        subject={**said},
        version={**said},
        mandate=mandate,
        authentication=authentication,
        joint=bool(known.joint),
    )
    cockpit.recorder.leave(cockpit.spaces.writer(connection, row.person), change, cockpit.clock())
