"""Read for a service: decide, log, project, release. In that order, on this one screen."""

from __future__ import annotations

import secrets
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
    """What leaves. ``body`` holds the items' canonical bytes: those of the preview, when the data is the same."""

    kind: Kind
    body: bytes = field(repr=False)
    count: int
    consent: ConsentId
    obligations: tuple[str, ...]
    logged: Logged


@dataclass(frozen=True, slots=True)
class _Presented:
    """What a live token opened."""

    consent: Consent
    row: ConsentRow
    service: Service
    keyring: GrantedKeyring
    pauses: tuple[Pause, ...]
    rules: tuple[StandingRule, ...]


def read_for_service(cockpit: Cockpit, access_token: str, wanted: Wanted) -> Release:
    """Release what the person granted, or refuse. Raises ``InvalidToken`` or ``AccessRefused``."""
    now = cockpit.clock()
    with cockpit.database.write() as connection:
        answer = _decide_log_release(cockpit, connection, access_token, wanted, now)
    # Raised after the transaction, so that the entry of a refusal is kept.
    if not isinstance(answer, Release):
        raise answer
    return answer


def _decide_log_release(
    cockpit: Cockpit, connection: Connection, access_token: str, wanted: Wanted, now: datetime
) -> Release | InvalidToken | AccessRefused:
    presented = _open_token(cockpit, connection, access_token, wanted, now)
    if isinstance(presented, InvalidToken):
        return presented
    request, ready = _request(presented, wanted, now), _candidate(cockpit, presented)
    shadow = cockpit.oracle if cockpit.oracle.is_due(request.id, ready.use) else None
    decision = decide(cockpit.policies, request, (ready,), rules=presented.rules, shadow=shadow)
    if isinstance(decision, Refused):
        _log(cockpit, connection, presented, wanted, decision, now, 0, _asked(cockpit, presented, request, ready))
        if decision.disagreement:
            _raise_alarm(cockpit, connection, decision, now)
        return AccessRefused(_SENTENCES[decision.reason], code=decision.reason)
    reader = cockpit.spaces.reader(connection, presented.keyring)
    records = (stored.record for stored in reader.stream(wanted.kind, decision.data_from, decision.data_until))
    source = _source(cockpit, presented, wanted.kind)
    items = project(records, decision.allowed, decision.data_from, decision.data_until, source, presented.pauses)
    asked = _asked(cockpit, presented, request, ready)
    logged = _log(cockpit, connection, presented, wanted, decision, now, len(items), asked)
    row = presented.row
    consents.count_read(connection, row.person, row.id, day_of(now), request.reads_spent + 1, instant(now))
    return Release(wanted.kind, canonical(items), len(items), presented.consent.id, decision.obligations, logged)


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


def _request(presented: _Presented, wanted: Wanted, now: datetime) -> ReadRequest:
    row = presented.row
    once = presented.consent.clause.mode is AccessMode.ONCE
    spent = row.reads_count if once or row.reads_day == day_of(now) else 0
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
        reads_spent=spent,
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
    cockpit: Cockpit,
    connection: Connection,
    presented: _Presented,
    wanted: Wanted,
    decision: Decision,
    now: datetime,
    count: int,
    asked: dict[str, Json],
) -> Logged:
    clause = presented.consent.clause
    allowed = isinstance(decision, Allowed)
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
        "count": count,
        **asked,
    }
    if isinstance(decision, Allowed):
        subject |= {"from": decision.data_from, "until": decision.data_until, "grain": decision.allowed.grain.value}
        if decision.grounds.alerts:
            subject["rules"] = list(decision.grounds.alerts)
    event = EventType.ACCESS_ALLOWED if allowed else EventType.ACCESS_REFUSED
    return cockpit.ledger.append(connection, Event(event, named, subject), now, presented.row.person)


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
