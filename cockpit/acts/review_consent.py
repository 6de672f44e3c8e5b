"""Review a consent: the person looked at it again and keeps it as it is."""

from __future__ import annotations

import msgspec

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change
from cockpit.consent import lifecycle
from cockpit.domain.consent_record import Authentication
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.domain.mandate import Mandate
from cockpit.grants.summaries import of_ones_own, open_summary, seal_summary
from cockpit.store import consents


def review_consent(
    cockpit: Cockpit,
    person: PersonId,
    consent: ConsentId,
    mandate: Mandate | None = None,
    authentication: Authentication | None = None,
) -> None:
    """Note that it was looked at today. Raises ``NotFound``; ``ChangeNotPossible`` for a consent that does not run."""
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        becomes = lifecycle.after(row.status, lifecycle.Change.RENEW)
        known = of_ones_own(open_summary(cockpit.operator, row.sealed_summary, consent))
        change = Change(
            EventType.CONSENT_REVIEWED,
            consent,
            known.service,
            known.service_name,
            known.use,
            known.clause_sha256,
            known.last,
            mandate=mandate,
            authentication=authentication,
            joint=bool(known.joint),
        )
        last = cockpit.recorder.leave(cockpit.spaces.writer(connection, person), change, cockpit.clock())
        known = msgspec.structs.replace(known, last=last)
        consents.change(connection, row, becomes, sealed_summary=seal_summary(cockpit.operator, known, consent))
