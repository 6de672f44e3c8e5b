"""Pause a consent: nothing is read until it is resumed, and what is dated in between stays out for good."""

from __future__ import annotations

import msgspec

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change
from cockpit.consent import lifecycle
from cockpit.consent.pauses import paused
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import Authentication
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.domain.mandate import Mandate
from cockpit.domain.moment import day_of
from cockpit.grants.summaries import of_ones_own, open_summary, seal_summary
from cockpit.store import consents


def pause_consent(
    cockpit: Cockpit,
    person: PersonId,
    consent: ConsentId,
    mandate: Mandate | None = None,
    authentication: Authentication | None = None,
) -> None:
    """Let it sleep from this day on, whether or not the space is unlocked; pausing twice is no error.

    Raises ``NotFound``, and ``ChangeNotPossible`` for a consent that is over or suspended.
    """
    now = cockpit.clock()
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        if row.status is ConsentStatus.PAUSED:
            return
        becomes = lifecycle.after(row.status, lifecycle.Change.PAUSE)
        known = of_ones_own(open_summary(cockpit.operator, row.sealed_summary, consent))
        known = msgspec.structs.replace(known, pauses=paused(known.pauses, day_of(now)))
        since = {"since": known.pauses[-1].since}
        change = Change(
            EventType.CONSENT_PAUSED,
            consent,
            known.service,
            known.service_name,
            known.use,
            known.clause_sha256,
            known.last,
            subject={**since},
            version={**since},
            mandate=mandate,
            authentication=authentication,
        )
        last = cockpit.recorder.leave(cockpit.spaces.writer(connection, person), change, now)
        known = msgspec.structs.replace(known, last=last)
        consents.change(connection, row, becomes, sealed_summary=seal_summary(cockpit.operator, known, consent))
