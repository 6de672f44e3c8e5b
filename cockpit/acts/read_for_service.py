"""Read for a service: decide, project, log, release. In that order, on this one screen."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from cockpit.acts.cockpit import Cockpit
from cockpit.consent.cedar.written import question_json
from cockpit.consent.engine import decide, put
from cockpit.consent.facts import Candidate, ReadRequest, candidate, recipient
from cockpit.consent.pauses import Pause
from cockpit.consent.projection import project
from cockpit.consent.standing import StandingRule
from cockpit.domain.consent import AccessMode, Clause, Consent
from cockpit.domain.decision import Allowed, Decision, Reason, Refused
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConsentId, Kind, ServiceId
from cockpit.domain.moment import day_of, instant
from cockpit.domain.record import Json
from cockpit.domain.service import Service
from cockpit.domain.use import Grain, Source, Use
from cockpit.grants.keys import opened_clause, opened_keyring, secret_hash, unwrap_private
from cockpit.grants.pushed import open_binding
from cockpit.grants.rules import open_rules
from cockpit.grants.summaries import open_summary
from cockpit.sealing.canonical import canonical
from cockpit.sealing.keyring import GrantedKeyring
from cockpit.store import consents, services, tokens
from cockpit.store.consents import ConsentRow
from cockpit.store.ledger import Logged
from cockpit.store.tokens import TokenType
from cockpit.store.walls import name_person

MOST_TOGETHER = 16
"""The most reads that one call decides: a use asks for a few kinds."""


class InvalidToken(ServiceMustAct):
    """The access token is unknown, expired, or its consent has ended (RFC 6750 section 3.1)."""

    code = "invalid_token"


class AccessRefused(ServiceMustAct):
    """The consent does not allow this read; the refusal is in the log. ``reason`` is one of ``Reason``."""

    code = "access_refused"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a service asks to read. None and empty mean: all that the consent allows."""

    kind: Kind
    fields: tuple[str, ...] = ()
    grain: Grain | None = None
    data_from: str | None = None
    data_until: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves. ``body`` holds the items' canonical bytes: those of the preview, when the data is the same.

    ``position`` is its place in the batch that its entry is, when several reads were logged as one.
    """

    kind: Kind
    body: bytes = field(repr=False)
    count: int
    consent: ConsentId
    obligations: tuple[str, ...]
    logged: Logged
    position: int | None = None


@dataclass(frozen=True, slots=True)
class _Presented:
    """What a live token opened."""

    consent: Consent
    row: ConsentRow
    service: Service
    keyring: GrantedKeyring
    pauses: tuple[Pause, ...]
    rules: tuple[StandingRule, ...]


@dataclass(frozen=True, slots=True)
class _Decided:
    """One read after its decision: what would leave of it (nothing of a refusal), and what the policies were asked."""

    wanted: Wanted
    decision: Decision
    items: tuple[dict[str, Json], ...]
    asked: dict[str, Json]


def read_for_service(cockpit: Cockpit, access_token: str, wanted: Wanted) -> Release:
    """Release what the person granted, or refuse. Raises ``InvalidToken`` or ``AccessRefused``."""
    (answer,) = read_together(cockpit, access_token, [wanted])
    if isinstance(answer, AccessRefused):
        raise answer
    return answer


def read_together(cockpit: Cockpit, access_token: str, several: Sequence[Wanted]) -> list[Release | AccessRefused]:
    """Decide several reads under one token, each by itself, and log them as one entry, in their order.

    Raises ``InvalidToken``, and ``ValueError`` for no read or more than ``MOST_TOGETHER``.
    """
    if not 0 < len(several) <= MOST_TOGETHER:
        raise ValueError(f"1 to {MOST_TOGETHER} reads together")
    now = cockpit.clock()
    with cockpit.database.write() as connection:
        answer = _decide_log_release(cockpit, connection, access_token, several, now)
    # Raised after the transaction, so that the entry of a service that still knocks is kept.
    if isinstance(answer, InvalidToken):
        raise answer
    return answer


def _decide_log_release(
    cockpit: Cockpit, connection: Connection, access_token: str, several: Sequence[Wanted], now: datetime
) -> InvalidToken | list[Release | AccessRefused]:
    presented = _open_token(cockpit, connection, access_token, several[0], now)
    if isinstance(presented, InvalidToken):
        return presented
    decided: list[_Decided] = []
    for wanted in several:
        before = sum(isinstance(one.decision, Allowed) for one in decided)
        decided.append(_decide_read(cockpit, connection, presented, wanted, now, before))
    logged = _log(cockpit, connection, presented, decided, now)
    _count(connection, presented, decided, now)
    return [_released(one, logged, place if len(decided) > 1 else None) for place, one in enumerate(decided)]


def _decide_read(
    cockpit: Cockpit, connection: Connection, presented: _Presented, wanted: Wanted, now: datetime, before: int
) -> _Decided:
    """``before`` reads were allowed already in this transaction: they count against the same quota."""
    request, ready = _request(presented, wanted, now, before), _candidate(cockpit, presented)
    shadow = cockpit.oracle if cockpit.oracle.is_due(request.id, ready.use) else None
    decision = decide(cockpit.policies, request, (ready,), rules=presented.rules, shadow=shadow)
    asked = _asked(cockpit, presented, request, ready)
    if isinstance(decision, Refused):
        if decision.disagreement:
            _raise_alarm(cockpit, connection, decision, now)
        return _Decided(wanted, decision, (), asked)
    reader = cockpit.spaces.reader(connection, presented.keyring)
    records = (stored.record for stored in reader.stream(wanted.kind, decision.data_from, decision.data_until))
    source = _source(cockpit, presented, wanted.kind)
    items = project(records, decision.allowed, decision.data_from, decision.data_until, source, presented.pauses)
    return _Decided(wanted, decision, tuple(items), asked)


def _released(decided: _Decided, logged: Logged, position: int | None) -> Release | AccessRefused:
    """What leaves of a read that is in the log already."""
    decision = decided.decision
    if isinstance(decision, Refused):
        return AccessRefused(_SENTENCES[decision.reason], code=decision.reason)
    body, count = canonical(decided.items), len(decided.items)
    kind, consent = decided.wanted.kind, decision.consent
    return Release(kind, body, count, consent, decision.obligations, logged, position)


def _open_token(
    cockpit: Cockpit, connection: Connection, access_token: str, wanted: Wanted, now: datetime
) -> _Presented | InvalidToken:
    hashed = secret_hash(access_token)
    token = tokens.find(connection, hashed, TokenType.ACCESS)
    if token is None or token.expires <= instant(now):
        return InvalidToken("the access token is unknown or expired")
    name_person(connection, token.person)
    row = consents.find(connection, token.person, token.consent)
    service_id = ServiceId(open_binding(cockpit.operator, token.sealed_binding, hashed).service)
    service = services.find(connection, service_id)
    if row is None or service is None:
        return InvalidToken("the access token is unknown or expired")
    if row.epoch != token.epoch or row.status.final:
        _log_knock(cockpit, connection, row, service, wanted, now)
        return InvalidToken("the person's consent has ended")
    private = unwrap_private(access_token, token.wrapped_grant_key, token.consent)
    clause = opened_clause(private, row.sealed_clause, token.person, token.consent)
    wraps = consents.wraps(connection, token.person, token.consent)
    keyring = opened_keyring(private, wraps, token.person, token.consent)
    consent = Consent(token.consent, token.person, clause, row.status, row.epoch)
    pauses = open_summary(cockpit.operator, row.sealed_summary, row.id).pauses
    rules = open_rules(private, row.sealed_rules, token.person, token.consent)
    return _Presented(consent, row, service, keyring, pauses, rules)


def _log_knock(
    cockpit: Cockpit, connection: Connection, row: ConsentRow, service: Service, wanted: Wanted, now: datetime
) -> None:
    """A service that still knocks after its consent ended: the person sees it. The terms are no longer readable."""
    summary = open_summary(cockpit.operator, row.sealed_summary, row.id)
    named: dict[str, Json] = {
        "service": service.id,
        "use": summary.use,
        "kind": wanted.kind if wanted.kind in cockpit.registry.kinds else "unknown",
        "fields": [],
        "decision": Reason.NOT_ACTIVE.value,
    }
    subject: dict[str, Json] = {**named, "consent": row.id, "service_name": service.name, "count": 0}
    cockpit.ledger.append(connection, Event(EventType.ACCESS_REFUSED, named, subject), now, row.person)


def _spent(presented: _Presented, now: datetime) -> int:
    """How many reads count against the quota already: of today, or of the whole life of a consent to one reading."""
    row, once = presented.row, presented.consent.clause.mode is AccessMode.ONCE
    return row.reads_count if once or row.reads_day == day_of(now) else 0


def _count(connection: Connection, presented: _Presented, decided: Sequence[_Decided], now: datetime) -> None:
    allowed = sum(isinstance(one.decision, Allowed) for one in decided)
    if allowed:
        row, spent = presented.row, _spent(presented, now) + allowed
        consents.count_read(connection, row.person, row.id, day_of(now), spent, instant(now))


def _request(presented: _Presented, wanted: Wanted, now: datetime, before: int) -> ReadRequest:
    return ReadRequest(
        id=secrets.token_hex(16),
        person=presented.consent.person,
        service=presented.service.id,
        kind=wanted.kind,
        fields=wanted.fields,
        grain=wanted.grain,
        data_from=wanted.data_from,
        data_until=wanted.data_until,
        now=instant(now),
        reads_spent=_spent(presented, now) + before,
    )


def _use(cockpit: Cockpit, clause: Clause) -> Use | None:
    """The use as the person read it: what another text of it says is no basis for what was agreed to."""
    use = cockpit.registry.use_of(clause)
    return use if use is not None and cockpit.registry.use_sha256(use) == clause.use_sha256 else None


def _candidate(cockpit: Cockpit, presented: _Presented) -> Candidate:
    clause = presented.consent.clause
    use = _use(cockpit, clause)
    to = recipient(presented.service, clause.use, clause.use_version)
    return candidate(presented.consent, to, use.special_basis if use else "")


def _source(cockpit: Cockpit, presented: _Presented, kind: Kind) -> Source:
    use = _use(cockpit, presented.consent.clause)
    return use.source_of(kind) if use else Source.VERIFIED


def _asked(cockpit: Cockpit, presented: _Presented, request: ReadRequest, ready: Candidate) -> dict[str, Json]:
    """What the policies were asked, for the person alone: with it, anyone they show it to decides again."""
    try:
        return {"asked": question_json(put(cockpit.policies, request, ready, presented.rules))}
    except ValueError:  # What cannot be compared was not put to them.
        return {}


def _raise_alarm(cockpit: Cockpit, connection: Connection, decision: Refused, now: datetime) -> None:
    """Our engine and Cedar's disagree: nobody's read, everybody's alarm. It names policies and the use, no person."""
    grounds = decision.grounds
    named: dict[str, Json] = {
        "alarm": "policy-engines-disagree",
        "use": grounds.use,
        "policies": list(grounds.policies),
        "request": grounds.request,
    }
    cockpit.ledger.append(connection, Event(EventType.ALARM, named), now)


def _log(
    cockpit: Cockpit, connection: Connection, presented: _Presented, decided: Sequence[_Decided], now: datetime
) -> Logged:
    """One entry for one read, and one for all of several: a batch, whose records stand in their order."""
    person, events = presented.row.person, [_event(cockpit, presented, one) for one in decided]
    if len(events) == 1:
        return cockpit.ledger.append(connection, events[0], now, person)
    return cockpit.ledger.append_batch(connection, [(event, person) for event in events], now)


def _event(cockpit: Cockpit, presented: _Presented, decided: _Decided) -> Event:
    clause, wanted, decision = presented.consent.clause, decided.wanted, decided.decision
    # What a service names may be anything: only kinds and fields of the vocabulary enter the log.
    sheet = cockpit.registry.kinds.get(wanted.kind)
    fields = decision.allowed.fields if isinstance(decision, Allowed) else wanted.fields
    known: dict[str, Json] = {
        "kind": wanted.kind if sheet else "unknown",
        "fields": [name for name in fields if sheet and name in sheet.fields],
    }
    named: dict[str, Json] = {
        "service": clause.service,
        "use": f"{clause.use}-v{clause.use_version}",
        **known,
        "decision": "allowed" if isinstance(decision, Allowed) else decision.reason.value,
        "policies": list(decision.grounds.policies),
    }
    subject: dict[str, Json] = {
        **named,
        "consent": presented.consent.id,
        "service_name": presented.service.name,
        "count": len(decided.items),
        **decided.asked,
    }
    if isinstance(decision, Refused):
        return Event(EventType.ACCESS_REFUSED, named, subject)
    subject |= {"from": decision.data_from, "until": decision.data_until, "grain": decision.allowed.grain.value}
    if decision.grounds.alerts:
        subject["rules"] = list(decision.grounds.alerts)
    return Event(EventType.ACCESS_ALLOWED, named, subject)


_SENTENCES = {
    Reason.NO_CONSENT: "there is no consent for this read",
    Reason.NOT_ACTIVE: "the consent is not active",
    Reason.EXPIRED: "the consent has expired",
    Reason.OTHER_SERVICE: "the consent was given to another service",
    Reason.NOT_DECLARED: "the service no longer declares this use",
    Reason.KIND_NOT_COVERED: "the consent does not cover this kind of data",
    Reason.FIELD_NOT_COVERED: "the consent does not cover one of these fields",
    Reason.OUTSIDE_PERIOD: "the consent does not cover this period",
    Reason.TOO_FINE: "the consent allows only coarser data",
    Reason.QUOTA_SPENT: "the consent's number of reads is spent",
    Reason.STANDING_RULE: "a rule of the person does not allow this read",
    Reason.OTHER_PERSON: "the consent was given by another person",
    Reason.SERVICE_STOPPED: "the operator stopped this service",
    Reason.OTHER_PURPOSE: "the consent was given for another purpose",
    Reason.OTHER_OPERATION: "the consent does not allow this operation",
    Reason.KEPT_TOO_LONG: "the service declares to keep data for longer than the consent says",
    Reason.KEPT_ELSEWHERE: "the service declares to keep data elsewhere than the consent says",
    Reason.PASSED_ON: "the service declares to pass data on to others than the consent says",
    Reason.MORE_AUTOMATED: "the service declares that a machine decides more than the consent says",
    Reason.NOT_EXPLICIT: "the consent does not explicitly allow this special category of data",
    Reason.UNDECIDABLE: "the read could not be decided, so it is refused",
}
