"""My shares: every consent of a person, from what was decided and what has left since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from cockpit.acts.cockpit import Cockpit
from cockpit.consent.clauses import clause_from_json
from cockpit.consent.duties import DutyStanding, standing
from cockpit.consent.lifecycle import STATE_AFTER
from cockpit.consent.record.form import record_from_json, record_sha256
from cockpit.consent.reminders import Dates, Remind, reminder
from cockpit.domain.consent import Clause, ConsentStatus
from cockpit.domain.errors import NotFound
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId
from cockpit.domain.moment import instant
from cockpit.store import duties
from cockpit.store.duties import DutyRow
from cockpit.store.journal import journal
from cockpit.store.lines import newest
from cockpit.store.space import CONSENTS, Reader

_KEPT = {EventType.CONSENT_GIVEN, EventType.CONSENT_RENEWED, EventType.CONSENT_NARROWED, EventType.CONSENT_REVIEWED}
"""After these the person has just looked at the terms."""


@dataclass(frozen=True, slots=True)
class Share:
    """One consent as the person sees it. ``reads`` and ``objects`` count what left; ``refusals`` what was refused.

    ``clause`` and ``notice_text`` are the present ones. ``events`` are its changes and their instants, oldest first;
    ``last_read`` is an instant or None; ``reason`` says why it was suspended or ended, when it did so by itself;
    ``reminder`` is what to tell the person of it today; ``asked_by`` names the other adult when it is an agreement to
    what they share; ``duties`` are what the service owes, oldest first.
    """

    consent: ConsentId
    service_name: str
    use: str
    clause: Clause
    status: ConsentStatus
    decided_at: str
    ended_at: str | None
    notice_text: str
    reads: int
    objects: int
    refusals: int
    last_read: str | None
    events: tuple[tuple[str, str], ...]
    reason: str
    reminder: Remind | None
    asked_by: str = ""
    duties: tuple[Duty, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """What the service owes since one change of a consent, whose ``event``, ``at`` and ``number`` (from 1) these are.

    ``done_at`` is when its statement reached us, or empty; ``standing`` says whether that is, or was, late.
    """

    number: int
    event: str
    at: str
    action: str
    due: str
    done_at: str
    standing: DutyStanding


def shares(cockpit: Cockpit, reader: Reader) -> tuple[Share, ...]:
    """Every consent of this person, the latest decision first. Raises ``Tampered``."""
    left = _left(reader)
    now = instant(cockpit.clock())
    owed = _owed(cockpit, reader)
    found = [
        _share(uid, lines, left.get(uid, []), now, owed.get(uid, []))
        for uid, lines in newest(reader.lines(CONSENTS)).items()
    ]
    return tuple(sorted(found, key=lambda share: share.decided_at, reverse=True))


def share(cockpit: Cockpit, reader: Reader, consent: ConsentId) -> Share:
    """One consent. Raises ``NotFound``."""
    for found in shares(cockpit, reader):
        if found.consent == consent:
            return found
    raise NotFound("there is no such consent in this space")


def _left(reader: Reader) -> dict[str, list[tuple[str, str, int]]]:
    left: dict[str, list[tuple[str, str, int]]] = {}
    for entry in journal(reader):
        if entry.type in {EventType.ACCESS_ALLOWED, EventType.ACCESS_REFUSED}:
            count = entry.subject.get("count")
            left.setdefault(str(entry.subject.get("consent")), []).append(
                (entry.type, entry.at, count if isinstance(count, int) else 0)
            )
    return left


def _owed(cockpit: Cockpit, reader: Reader) -> dict[str, list[tuple[DutyRow, DutyStanding]]]:
    owed: dict[str, list[tuple[DutyRow, DutyStanding]]] = {}
    for row in duties.of_person(reader.connection, reader.person):
        owed.setdefault(row.consent, []).append((row, standing(row.due, row.done_at, cockpit.clock())))
    return owed


def _duties(lines: list[dict[str, Any]], owed: list[tuple[DutyRow, DutyStanding]]) -> tuple[Duty, ...]:
    if not owed:
        return ()
    hashes = {record_sha256(record_from_json(line["signed"]["record"])): number for number, line in enumerate(lines)}
    found = []
    for row, stands in owed:
        number = hashes[row.record_sha256]
        line = lines[number]
        found.append(Duty(number + 1, line["event"], line["at"], row.action, row.due, row.done_at, stands))
    return tuple(found)


def _share(
    uid: str,
    lines: list[dict[str, Any]],
    left: list[tuple[str, str, int]],
    now: str,
    owed: list[tuple[DutyRow, DutyStanding]],
) -> Share:
    first = lines[0]
    clause = clause_from_json([line["clause"] for line in lines if "clause" in line][-1])
    status = STATE_AFTER[EventType(lines[-1]["event"])]
    if not status.final and clause.expires <= now:
        status = ConsentStatus.EXPIRED
    released = [at for event, at, _ in left if event == EventType.ACCESS_ALLOWED]
    reviewed = [line["at"] for line in lines if EventType(line["event"]) in _KEPT]
    last_read = max(released, default=None)
    dates = Dates(status, clause.expires[:10], (last_read or first["at"])[:10], (reviewed or [first["at"]])[-1][:10])
    notices = [line["notice"]["text"] for line in lines if "notice" in line]
    return Share(
        consent=ConsentId(uid),
        service_name=first["service_name"],
        use=first["use"],
        clause=clause,
        status=status,
        decided_at=first["at"],
        ended_at=_ended(status, clause, lines[-1]),
        notice_text=notices[-1],
        reads=len(released),
        objects=sum(count for event, _, count in left if event == EventType.ACCESS_ALLOWED),
        refusals=len(left) - len(released),
        last_read=last_read,
        events=tuple((line["event"], line["at"]) for line in lines),
        reason=lines[-1].get("reason", ""),
        reminder=reminder(dates, date.fromisoformat(now[:10])),
        asked_by=first.get("asked_by", ""),
        duties=_duties(lines, owed),
    )


def _ended(status: ConsentStatus, clause: Clause, last: dict[str, Any]) -> str | None:
    """When it ended. A consent whose date has come is over, even before that was written down."""
    if not status.final:
        return None
    return clause.expires if status is ConsentStatus.EXPIRED and last["event"] != "consent.expired" else str(last["at"])
