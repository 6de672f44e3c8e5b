"""Withdraw a consent: at once, with no reason asked, whether or not the space is unlocked (GDPR art. 7(3))."""

from __future__ import annotations

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change, leave
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.grants.summaries import open_summary
from cockpit.store import consents, heads


def withdraw_consent(cockpit: Cockpit, person: PersonId, consent: ConsentId) -> None:
    """End the consent: every code and token of it is dead and its wrapped keys are destroyed before this returns.

    Withdrawing twice is no error and leaves one entry. Raises ``NotFound`` for a consent that is not this person's.
    """
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        granted = {collection for collection, _ in consents.wraps(connection, person, consent)}
        if not consents.end(connection, person, consent, ConsentStatus.WITHDRAWN):
            return
        mac_key = cockpit.spaces.mac_key(person)
        for collection in sorted(granted):
            heads.ask_rotation(connection, mac_key, person, collection)
        known = open_summary(cockpit.operator, row.sealed_summary, consent)
        change = Change(
            EventType.CONSENT_WITHDRAWN, consent, known.service, known.service_name, known.use, known.clause_sha256
        )
        writer = cockpit.spaces.writer(connection, person)
        leave(writer, cockpit.ledger, cockpit.operator.receipts, change, cockpit.clock())
