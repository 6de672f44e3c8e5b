"""Resume a consent after a pause: a further yes to the same terms, without what is dated in the pause."""

from __future__ import annotations

import msgspec

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change, present_clause
from cockpit.consent import lifecycle
from cockpit.consent.mandates import check_ends_with, check_yes
from cockpit.consent.pauses import resumed
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId
from cockpit.domain.moment import day_of
from cockpit.grants.summaries import open_summary, seal_summary
from cockpit.store import consents


def resume_consent(cockpit: Cockpit, visit: Visit, consent: ConsentId) -> None:
    """Let the service read again. Whoever allows must have opened the space: stopping is easier than starting.

    Raises ``SpaceLocked``, ``NotFound``, and ``ChangeNotPossible`` for a consent that is not paused, ``BeyondMandate``.
    """
    keyring = unlocked(visit)
    now = cockpit.clock()
    with cockpit.database.write(visit.person) as connection:
        row = consents.get(connection, visit.person, consent)
        if visit.mandate is not None:
            before = present_clause(cockpit.spaces.reader(connection, keyring), consent)
            check_yes(visit.mandate, before)
            check_ends_with(visit.mandate, before)
        becomes = lifecycle.after(row.status, lifecycle.Change.RESUME)
        known = open_summary(cockpit.operator, row.sealed_summary, consent)
        known = msgspec.structs.replace(known, pauses=resumed(known.pauses, day_of(now)))
        hole = {"since": known.pauses[-1].since, "until": known.pauses[-1].until}
        change = Change(
            EventType.CONSENT_RESUMED,
            consent,
            known.service,
            known.service_name,
            known.use,
            known.clause_sha256,
            known.last,
            subject={**hole},
            version={**hole},
            mandate=visit.mandate,
            authentication=visit.authentication,
        )
        last = cockpit.recorder.leave(cockpit.spaces.writer(connection, visit.person), change, now)
        known = msgspec.structs.replace(known, last=last)
        consents.change(connection, row, becomes, sealed_summary=seal_summary(cockpit.operator, known, consent))
