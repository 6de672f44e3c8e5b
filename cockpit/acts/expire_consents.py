"""End the consents whose time has come, or that nobody used for half a year; the spaces may stay locked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change
from cockpit.consent.reminders import UNUSED_MONTHS
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.domain.moment import PARIS, add_months, instant
from cockpit.grants.summaries import open_summary
from cockpit.store import consents, heads
from cockpit.store.walls import EVERYONE


@dataclass(frozen=True, slots=True)
class Expired:
    """How many ended by their date, and how many for want of use."""

    over: int
    unused: int


def expire_consents(cockpit: Cockpit) -> Expired:
    """End them all, each in a transaction of its own: what is not done now is done the next time."""
    now = cockpit.clock()
    before = _unused_before(now)
    with cockpit.database.read(EVERYONE) as connection:
        found = consents.due(connection, instant(now), before)
    reasons = [_end(cockpit, person, consent, now, before) for person, consent in found]
    return Expired(reasons.count("over"), reasons.count("unused"))


def _end(cockpit: Cockpit, person: PersonId, consent: ConsentId, now: datetime, before: str) -> str:
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        over = row.expires <= instant(now)
        if row.status.final or not (over or (row.status.live and row.used_at <= before)):
            return ""
        granted = {collection for collection, _ in consents.wraps(connection, person, consent)}
        consents.end(connection, person, consent, ConsentStatus.EXPIRED)
        mac_key = cockpit.spaces.mac_key(person)
        for collection in sorted(granted):
            heads.ask_rotation(connection, mac_key, person, collection)
        reason = "over" if over else "unused"
        known = open_summary(cockpit.operator, row.sealed_summary, consent)
        change = Change(
            EventType.CONSENT_EXPIRED,
            consent,
            known.service,
            known.service_name,
            known.use,
            known.clause_sha256,
            known.last,
            audit={"reason": reason},
            subject={"reason": reason},
            version={"reason": reason},
            joint=bool(known.joint),
            # A service that never read has nothing to erase.
            retention=known.retention if row.reads_day else "",
        )
        cockpit.recorder.leave(cockpit.spaces.writer(connection, person), change, now)
    return reason


def _unused_before(now: datetime) -> str:
    day = add_months(now.astimezone(PARIS).date(), -UNUSED_MONTHS)
    return f"{day.isoformat()}T23:59:59Z"
