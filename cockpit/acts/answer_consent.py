"""Answer a request: yes, narrower, or no. The answer, its log entry, its receipt and its grant are one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import uuid6
from sqlalchemy import Connection

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change, Decided, version_before
from cockpit.consent.clauses import clause_sha256, clause_to_json
from cockpit.consent.joint import AGREED_DAYS, holds, joint_kinds
from cockpit.consent.mandates import check_yes, ended_with
from cockpit.consent.narrowing import Narrowing, narrowed
from cockpit.consent.notice import Notice, render
from cockpit.consent.record.build import LastVersion
from cockpit.domain.consent import Clause, ConsentStatus
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId, Kind, PersonId, collection_of
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.grants.joint import JointRequest, code_hash, new_code, open_joint, seal_joint
from cockpit.grants.keys import new_grant, new_secret, secret_hash, wrap_private
from cockpit.grants.pushed import Binding, Pending, UnknownRequest, answer_address, seal_binding
from cockpit.grants.rules import rules_of, seal_rules
from cockpit.grants.summaries import Summary, seal_summary
from cockpit.sealing.keyring import Keyring
from cockpit.store import consents, heads, tokens
from cockpit.store import joint as joint_rows
from cockpit.store.joint import Answer, JointRow
from cockpit.store.lines import newest
from cockpit.store.space import CONSENTS

CODE_SECONDS = 45
"""How long an authorization code lives (FAPI 2.0 allows at most 60)."""


class JointFacts(CitizenMustAct):
    """What would leave speaks of another adult too: they must agree, or it must stay. ``kinds`` names what."""

    code = "joint_facts"


@dataclass(frozen=True, slots=True)
class Handed:
    """A code to tell another adult, until when it is good, and where the service's page is."""

    code: str = field(repr=False)
    expires: str
    address: str = field(repr=False)


def refuse(cockpit: Cockpit, visit: Visit, pending: Pending) -> str:
    """Say no; nothing else changes. Returns where to send the browser (RFC 6749 section 4.1.2.1, RFC 9207)."""
    now, (consent, last) = cockpit.clock(), _begun(cockpit, visit, pending)
    notice = _notice(cockpit, pending, pending.clause, visit.language)
    with cockpit.database.write(visit.person) as connection:
        _spend(connection, pending)
        _record(
            cockpit, connection, visit, EventType.CONSENT_REFUSED, consent, pending, pending.clause, notice, now, last
        )
    return answer_address(pending.redirect, cockpit.settings.issuer, {"error": "access_denied"})


def defer(cockpit: Cockpit, visit: Visit, pending: Pending) -> str:
    """Put it off; nothing is allowed. The service is told no, and may send the person again when they want it.

    Returns where to send the browser. Putting the same off again leaves a further entry and changes nothing.
    """
    now, (consent, last) = cockpit.clock(), _begun(cockpit, visit, pending)
    notice = _notice(cockpit, pending, pending.clause, visit.language)
    with cockpit.database.write(visit.person) as connection:
        _spend(connection, pending)
        _record(
            cockpit, connection, visit, EventType.CONSENT_DEFERRED, consent, pending, pending.clause, notice, now, last
        )
    return answer_address(
        pending.redirect,
        cockpit.settings.issuer,
        {"error": "access_denied", "error_description": "the person will decide later"},
    )


def give(cockpit: Cockpit, visit: Visit, pending: Pending, choice: Narrowing) -> str:
    """Say yes, to as much as was chosen. Returns where to send the browser, with a code for the service.

    Raises ``SpaceLocked``, ``BadChoice``, ``JointFacts`` when another adult must agree first, or ``UnknownRequest``
    when the request was answered meanwhile. Somebody who acts for the person gives until the end of their mandate at
    most; raises ``BeyondMandate`` for what they may not give.
    """
    keyring = unlocked(visit)
    now, (consent, last) = cockpit.clock(), _begun(cockpit, visit, pending)
    clause = ended_with(visit.mandate, narrowed(pending.clause, choice, now))
    check_yes(visit.mandate, clause)
    kinds = joint(cockpit, keyring, clause)
    if kinds and not _agreed(cockpit, keyring, consent, clause):
        raise JointFacts("another adult must agree first", kinds=", ".join(kinds))
    notice = _notice(cockpit, pending, clause, visit.language)
    code = new_secret("code_")
    with cockpit.database.write(visit.person) as connection:
        _spend(connection, pending)
        last = _record(cockpit, connection, visit, EventType.CONSENT_GIVEN, consent, pending, clause, notice, now, last)
        _grant(cockpit, connection, keyring, consent, clause, pending, code, now, last)
    return answer_address(pending.redirect, cockpit.settings.issuer, {"code": code})


def ask_other(cockpit: Cockpit, visit: Visit, pending: Pending, choice: Narrowing) -> Handed:
    """Put the request off until another adult, of whom the data speaks too, agrees to these terms with a code.

    Raises ``SpaceLocked``, ``BadChoice``, ``BeyondMandate``, ``UnknownRequest``.
    """
    unlocked(visit)
    now, (consent, last) = cockpit.clock(), _begun(cockpit, visit, pending)
    clause, code = ended_with(visit.mandate, narrowed(pending.clause, choice, now)), new_code()
    check_yes(visit.mandate, clause)
    notice = _notice(cockpit, pending, clause, visit.language)
    expires = instant(now + timedelta(days=AGREED_DAYS))
    sealed = seal_joint(code, JointRequest(clause, pending.service.name, visit.name))
    with cockpit.database.write(visit.person) as connection:
        _spend(connection, pending)
        joint_rows.remove_expired(connection, instant(now))
        joint_rows.put(connection, JointRow(code_hash(code), visit.person, consent, sealed, expires))
        more: dict[str, Json] = {"joint": code}
        _record(
            cockpit, connection, visit, EventType.CONSENT_DEFERRED, consent, pending, clause, notice, now, last, more
        )
    words = {"error": "access_denied", "error_description": "the person waits for somebody else's agreement"}
    return Handed(code, expires, answer_address(pending.redirect, cockpit.settings.issuer, words))


def joint(cockpit: Cockpit, keyring: Keyring, clause: Clause) -> tuple[Kind, ...]:
    """The kinds of these terms whose records speak of another adult too. Raises ``Tampered``."""
    with cockpit.spaces.read(keyring) as reader:
        return joint_kinds(
            clause, cockpit.registry.joint_when, lambda kind: (stored.record for stored in reader.stream(kind))
        )


def _agreed(cockpit: Cockpit, keyring: Keyring, consent: ConsentId, clause: Clause) -> bool:
    """Whether another adult said yes, and still does, to what covers these terms."""
    with cockpit.spaces.read(keyring) as reader:
        codes = [line["joint"] for line in reader.lines(CONSENTS) if line["uid"] == consent and "joint" in line]
    if not codes:
        return False
    with cockpit.database.read() as connection:
        row = joint_rows.find(connection, code_hash(codes[-1]))
    answered = row is not None and row.answer is Answer.YES
    return row is not None and answered and holds(open_joint(codes[-1], row.sealed_request).clause, clause)


def _begun(cockpit: Cockpit, visit: Visit, pending: Pending) -> tuple[ConsentId, LastVersion | None]:
    """The consent under which this service's request for this use was put off, and its version; or a new one."""
    if visit.keyring is not None:
        with cockpit.spaces.read(visit.keyring) as reader:
            lives = newest(reader.lines(CONSENTS))
        asked = (pending.service.id, pending.use.reference)
        for uid, lines in lives.items():
            named = (lines[0]["service"], lines[0]["use"]) == asked
            if named and lines[-1]["event"] == EventType.CONSENT_DEFERRED:
                return ConsentId(uid), version_before(lines)
    return ConsentId(uuid6.uuid7().hex), None


def _spend(connection: Connection, pending: Pending) -> None:
    if not tokens.spend_pushed(connection, secret_hash(pending.request_uri)):
        raise UnknownRequest("this request was answered already")


def _notice(cockpit: Cockpit, pending: Pending, clause: Clause, language: str) -> Notice:
    return render(clause, pending.use, pending.service, cockpit.kind_words, language)


def _grant(
    cockpit: Cockpit,
    connection: Connection,
    keyring: Keyring,
    consent: ConsentId,
    clause: Clause,
    pending: Pending,
    code: str,
    now: datetime,
    last: LastVersion,
) -> None:
    person = PersonId(keyring.person)
    collections = sorted({collection_of(part.kind) for part in clause.inputs})
    keys = {
        (collection, epoch): keyring.collection_key(collection, stored)
        for collection in collections
        for epoch, stored in heads.keys_of(connection, person, collection).items()
    }
    grant = new_grant(person, consent, clause, keys)
    reference = pending.use.reference
    summary = Summary(
        clause.service, pending.service.name, reference, clause_sha256(clause), clause.retention, last=last
    )
    consents.put(
        connection,
        consents.ConsentRow(
            person,
            consent,
            ConsentStatus.GIVEN,
            1,
            clause.expires,
            instant(now),
            grant.public,
            grant.sealed_clause,
            seal_summary(cockpit.operator, summary, consent),
            seal_rules(grant.public, rules_of(cockpit.spaces.reader(connection, keyring)), person, consent),
        ),
        grant.wraps,
    )
    hashed = secret_hash(code)
    binding = Binding(pending.service.id, pending.redirect.redirect_uri, pending.redirect.code_challenge)
    tokens.put(
        connection,
        tokens.TokenRow(
            hashed,
            tokens.TokenType.CODE,
            person,
            consent,
            1,
            instant(now + timedelta(seconds=CODE_SECONDS)),
            seal_binding(cockpit.operator, binding, hashed),
            wrap_private(code, grant.private, consent),
        ),
    )


def _record(
    cockpit: Cockpit,
    connection: Connection,
    visit: Visit,
    event: EventType,
    consent: ConsentId,
    pending: Pending,
    clause: Clause,
    notice: Notice,
    now: datetime,
    last: LastVersion | None,
    more: dict[str, Json] | None = None,
) -> LastVersion:
    kinds: list[Json] = [part.kind for part in clause.inputs]
    change = Change(
        event,
        consent,
        clause.service,
        pending.service.name,
        pending.use.reference,
        clause_sha256(clause),
        last,
        Decided(clause, pending.use, pending.service, notice),
        audit={"kinds": kinds, "purposes": list(clause.purposes)},
        subject={"kinds": kinds, "notice_sha256": notice.sha256, "asked_sha256": clause_sha256(pending.clause)},
        version={
            "service": clause.service,
            "service_name": pending.service.name,
            "use": pending.use.reference,
            "clause": clause_to_json(clause),
            **(more or {}),
        },
        mandate=visit.mandate,
        authentication=visit.authentication,
    )
    return cockpit.recorder.leave(cockpit.spaces.writer(connection, visit.person), change, now)
