"""What a change of a consent leaves, in one transaction: an entry in the log, and a signed version of its record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from cockpit import __version__
from cockpit.consent.clauses import clause_from_json
from cockpit.consent.duties import RETENTION_ENDED, begun_by, due_at
from cockpit.consent.lifecycle import STATE_AFTER
from cockpit.consent.notice import Notice
from cockpit.consent.record.build import (
    KindTerms,
    LastVersion,
    Published,
    Transition,
    last_version,
    record_of,
    short_record,
)
from cockpit.consent.record.form import record_from_json
from cockpit.domain.consent import Clause
from cockpit.domain.consent_record import Actor, ActorRole, Authentication, ConsentRecord, Expression, SubjectRole
from cockpit.domain.errors import NotFound
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConsentId, PersonId, ServiceId
from cockpit.domain.mandate import Mandate
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.domain.service import Service
from cockpit.domain.use import Obligation, Use
from cockpit.receipts.signed_records import sign_record
from cockpit.sealing.box import keyed_tag
from cockpit.sealing.operator import OperatorKeys
from cockpit.store import duties
from cockpit.store.duties import DutyRow
from cockpit.store.ledger import Ledger
from cockpit.store.lines import Line
from cockpit.store.space import CONSENTS, Reader, Writer

_MACHINE = {EventType.CONSENT_EXPIRED, EventType.CONSENT_REVOKED}


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on, when the terms are at hand: the clause, and the text that was shown of it."""

    clause: Clause
    use: Use
    service: Service
    notice: Notice


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one consent. ``audit``, ``subject`` and ``version`` hold what is particular to it.

    ``last`` names the version before; ``decided`` is None where the terms cannot be read. ``actor`` is who brought it
    about, the person when it is None; ``mandate`` is that of whoever acted for them,
    ``authentication`` how whoever acted proved who they are;
    ``joint`` tells that it is an agreement to what another adult shares; ``retention`` (``P6M``) how long the
    recipient may keep what it read, told of one that ends by itself after it was read under.
    """

    event: EventType
    consent: ConsentId
    service: ServiceId
    service_name: str
    use: str
    clause_sha256: str
    last: LastVersion | None = None
    decided: Decided | None = None
    actor: Actor | None = None
    audit: dict[str, Json] = field(default_factory=dict)
    subject: dict[str, Json] = field(default_factory=dict)
    version: dict[str, Json] = field(default_factory=dict)
    mandate: Mandate | None = None
    authentication: Authentication | None = None
    joint: bool = False
    retention: str = ""


def present_clause(reader: Reader, consent: ConsentId) -> Clause:
    """The present terms of a consent, from the person's own space. Raises ``NotFound``."""
    clauses = [line["clause"] for line in reader.lines(CONSENTS) if line["uid"] == consent and "clause" in line]
    if not clauses:
        raise NotFound("there is no such consent in this space")
    return clause_from_json(clauses[-1])


def version_before(lines: Sequence[Line]) -> LastVersion | None:
    """What names the newest of these versions of one consent; None when there is none. Raises ``Tampered``."""
    return last_version(record_from_json(lines[-1]["signed"]["record"])) if lines else None


def service_tag(operator: OperatorKeys, service: ServiceId) -> str:
    """The tag under which a service's duties are kept: without the operator's key they are nobody's."""
    return keyed_tag(operator.duty("services of duties"), service.encode())[:32]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes the changes of consents down; ``kinds`` and ``published`` are what a deployment says beside a clause.

    ``obligations`` are those of each use, by its reference."""

    ledger: Ledger
    operator: OperatorKeys = field(repr=False)
    kinds: KindTerms = field(repr=False)
    published: Published
    obligations: Mapping[str, tuple[Obligation, ...]] = field(repr=False)

    def leave(self, writer: Writer, change: Change, now: datetime) -> LastVersion:
        """Log the change and keep the signed version of its record in the person's space, which may be locked.

        Gives what the next version must name. The receipt is made of this version and of the entry when it is asked
        for: the space holds both, with the text that was shown.
        """
        record = self._record(writer.person, change, now)
        last = last_version(record)
        acted: dict[str, Json] = {"actor": change.mandate.told} if change.mandate else {}
        named: dict[str, Json] = {"service": change.service, "use": change.use}
        event = Event(
            change.event,
            audit={**named, "decision": change.event.value, "actor": record.actor.role.value, **change.audit},
            subject={
                "consent": change.consent,
                "service_name": change.service_name,
                "clause_sha256": change.clause_sha256,
                "record_sha256": last.sha256,
                **named,
                **acted,
                **change.subject,
            },
        )
        logged = self.ledger.append(writer.connection, event, now, writer.person)
        line = {
            "uid": change.consent,
            "at": instant(now),
            "event": change.event.value,
            "signed": msgspec.to_builtins(sign_record(record, self.operator.receipts, logged.origin)),
        }
        if change.decided:
            notice = change.decided.notice
            line["notice"] = {"language": notice.language, "text": notice.text, "sha256": notice.sha256}
        writer.note(CONSENTS, line | change.version)
        self._bind(writer, change, last.sha256, instant(now))
        return last

    def _bind(self, writer: Writer, change: Change, record_sha256: str, at: str) -> None:
        """Note what the recipient must do now; the hourly round tells the log."""
        # The agreement of another adult binds nobody by itself: the service answers to the one who shares.
        bound = () if change.joint else begun_by(change.event, self.obligations.get(change.use, ()))
        tag = service_tag(self.operator, change.service)
        for duty in bound:
            if duty.trigger == RETENTION_ENDED and not change.retention:
                continue
            due = due_at(at, duty, change.retention)
            state = STATE_AFTER[change.event]
            row = DutyRow(tag, record_sha256, duty.action, writer.person, change.consent, state, at, due)
            duties.put(writer.connection, row)

    def _record(self, person: PersonId, change: Change, now: datetime) -> ConsentRecord:
        machine = change.event in _MACHINE
        transition = Transition(
            state=STATE_AFTER[change.event],
            at=instant(now),
            subject=self._subject(person, change.service),
            actor=change.mandate.actor
            if change.mandate
            else change.actor or Actor(ActorRole.COCKPIT if machine else ActorRole.SELF),
            authentication=change.authentication,
            expression=Expression(
                "none" if machine else "explicit", "timer" if machine else "button", instant(now), __version__
            ),
            policy_sha256=self.ledger.policy,
            id=str(uuid.UUID(change.consent)),
            role=SubjectRole.JOINT if change.joint else SubjectRole.SHARING,
            last=change.last,
        )
        if change.decided is None:
            return short_record(transition, change.service, change.use, change.clause_sha256)
        decided = change.decided
        return record_of(
            decided.clause, decided.use, decided.service, decided.notice, transition, self.kinds, self.published
        )

    def _subject(self, person: PersonId, service: ServiceId) -> str:
        """A reference to the person that differs for each service, so that two of them cannot compare."""
        return keyed_tag(self.operator.duty("pairwise subjects"), f"{service} {person}".encode())[:32]
