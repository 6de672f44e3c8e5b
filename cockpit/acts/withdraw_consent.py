"""Withdraw a consent: at once, with no reason asked, whether or not the space is unlocked (GDPR art. 7(3))."""

from __future__ import annotations

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.receipts import signed_receipt
from cockpit.consent.receipt import placed, withdrawal_receipt
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.errors import NotFound
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConsentId, PersonId, ServiceId
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.grants.pushed import open_summary
from cockpit.store import consents, heads, services
from cockpit.store.space import CONSENTS


def withdraw_consent(cockpit: Cockpit, person: PersonId, consent: ConsentId) -> None:
    """End the consent: every code and token of it is dead and its wrapped keys are destroyed before this returns.

    Withdrawing twice is no error and leaves one entry. Raises ``NotFound`` for a consent that is not this person's.
    """
    now = cockpit.clock()
    with cockpit.database.write(person) as connection:
        row = consents.find(connection, person, consent)
        if row is None:
            raise NotFound("there is no such consent in this space")
        granted = {collection for collection, _ in consents.wraps(connection, person, consent)}
        if not consents.end(connection, person, consent, ConsentStatus.WITHDRAWN):
            return
        mac_key = cockpit.spaces.mac_key(person)
        for collection in sorted(granted):
            heads.ask_rotation(connection, mac_key, person, collection)
        summary = open_summary(cockpit.operator, row.sealed_summary, consent)
        service = services.find(connection, ServiceId(summary["service"]))
        named: dict[str, Json] = {"service": summary["service"], "use": summary["use"]}
        event = Event(
            EventType.CONSENT_WITHDRAWN,
            audit=named | {"decision": EventType.CONSENT_WITHDRAWN.value},
            subject={
                "consent": consent,
                "service_name": service.name if service else summary["service"],
                "clause_sha256": summary["clause_sha256"],
                **named,
            },
        )
        logged = cockpit.ledger.append(connection, event, now, person)
        receipt = withdrawal_receipt(consent, summary["clause_sha256"], instant(now))
        signed = signed_receipt(
            placed(receipt, logged.origin, logged.index, logged.leaf_sha256), cockpit.operator.receipts, logged.origin
        )
        line = {"uid": consent, "at": instant(now), "event": EventType.CONSENT_WITHDRAWN.value, "receipt": signed}
        cockpit.spaces.writer(connection, person).note(CONSENTS, line)
