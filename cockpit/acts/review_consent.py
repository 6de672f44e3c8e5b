"""Review a consent: the person looked at it again and keeps it as it is."""

from __future__ import annotations

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change, leave
from cockpit.consent import lifecycle
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.grants.summaries import open_summary
from cockpit.store import consents


def review_consent(cockpit: Cockpit, person: PersonId, consent: ConsentId) -> None:
    """Note that it was looked at today. Raises ``NotFound``; ``ChangeNotPossible`` for a consent that does not run."""
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        if not row.status.live:
            raise lifecycle.ChangeNotPossible("only a running consent is reviewed", status=row.status.value)
        known = open_summary(cockpit.operator, row.sealed_summary, consent)
        change = Change(
            EventType.CONSENT_REVIEWED, consent, known.service, known.service_name, known.use, known.clause_sha256
        )
        writer = cockpit.spaces.writer(connection, person)
        leave(writer, cockpit.ledger, cockpit.operator.receipts, change, cockpit.clock())
