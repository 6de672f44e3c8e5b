"""My shares: every consent of a person, from what was decided and what has left since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.acts.cockpit import Cockpit
from cockpit.consent.clauses import clause_from_json
from cockpit.domain.consent import Clause, ConsentStatus
from cockpit.domain.errors import NotFound
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId
from cockpit.domain.moment import instant
from cockpit.store.journal import journal
from cockpit.store.lines import newest
from cockpit.store.space import CONSENTS, Reader

_STATUS = {
    EventType.CONSENT_GIVEN: ConsentStatus.GIVEN,
    EventType.CONSENT_REFUSED: ConsentStatus.REFUSED,
    EventType.CONSENT_WITHDRAWN: ConsentStatus.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Share:
    """One consent as the person sees it. ``reads`` and ``objects`` count what left; ``refusals`` what was refused.

    ``receipts`` are the signed receipts, oldest first; ``last_read`` is an instant or None.
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
    receipts: tuple[dict[str, Any], ...]


def shares(cockpit: Cockpit, reader: Reader) -> tuple[Share, ...]:
    """Every consent of this person, the latest decision first. Raises ``Tampered``."""
    left = _left(reader)
    now = instant(cockpit.clock())
    found = [_share(uid, lines, left.get(uid, []), now) for uid, lines in newest(reader.lines(CONSENTS)).items()]
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


def _share(uid: str, lines: list[dict[str, Any]], left: list[tuple[str, str, int]], now: str) -> Share:
    first, last = lines[0], lines[-1]
    clause = clause_from_json(first["clause"])
    status = _STATUS[EventType(last["event"])]
    if status.live and clause.expires <= now:
        status = ConsentStatus.EXPIRED
    released = [entry for entry in left if entry[0] == EventType.ACCESS_ALLOWED]
    return Share(
        consent=ConsentId(uid),
        service_name=first["service_name"],
        use=first["use"],
        clause=clause,
        status=status,
        decided_at=first["at"],
        ended_at=_ended(status, clause, last["at"]),
        notice_text=first["receipt"]["receipt"]["notice"]["text"],
        reads=len(released),
        objects=sum(count for _, _, count in released),
        refusals=len(left) - len(released),
        last_read=max((at for _, at, _ in released), default=None),
        receipts=tuple(line["receipt"] for line in lines),
    )


def _ended(status: ConsentStatus, clause: Clause, last: str) -> str | None:
    if status.live:
        return None
    return clause.expires if status is ConsentStatus.EXPIRED else last
