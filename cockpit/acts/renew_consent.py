"""Renew a consent: the same terms for a further time, or again after a suspension, if the service does no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Change, Decided, present_clause
from cockpit.consent import lifecycle
from cockpit.consent.clauses import clause_sha256, clause_to_json
from cockpit.consent.declarations import covers
from cockpit.consent.mandates import check_ends_with, check_yes, ended_with
from cockpit.consent.narrowing import DURATIONS_MONTHS, BadChoice
from cockpit.consent.notice import render
from cockpit.domain.consent import AccessMode, Clause, ConsentStatus
from cockpit.domain.event import EventType
from cockpit.domain.ids import ConsentId
from cockpit.domain.moment import PARIS, add_months, instant
from cockpit.domain.service import Standing
from cockpit.domain.use import Use
from cockpit.grants.keys import seal_clause
from cockpit.grants.summaries import of_ones_own, open_summary, seal_summary
from cockpit.store import consents, services


def renew_consent(cockpit: Cockpit, visit: Visit, consent: ConsentId, months: int) -> None:
    """Let it last ``months`` (1, 3, 6 or 12) from today, at most what the use allows; never shorter than before.

    Raises ``SpaceLocked``, ``NotFound``, ``BadChoice``, and ``ChangeNotPossible`` when the consent neither runs nor is
    suspended, was for one reading, or the service now does more than the terms say: it must then ask again. Raises
    ``BeyondMandate`` for a yes that is not the actor's to say.
    """
    keyring, now, person = unlocked(visit), cockpit.clock(), visit.person
    with cockpit.database.write(person) as connection:
        row = consents.get(connection, person, consent)
        suspended = row.status is ConsentStatus.SUSPENDED
        step = lifecycle.Change.RECONFIRM if suspended else lifecycle.Change.RENEW
        becomes = lifecycle.after(row.status, step)
        before = present_clause(cockpit.spaces.reader(connection, keyring), consent)
        service, use = services.find(connection, before.service), cockpit.registry.use_of(before)
        if service is None or use is None or service.standing is not Standing.REGISTERED:
            raise lifecycle.ChangeNotPossible("this service may not receive data now", code="service_gone")
        if not covers(service.declared(before.use, before.use_version), before):
            raise lifecycle.ChangeNotPossible(
                "the service now declares more than these terms: it must ask again", code="declaration_broader"
            )
        check_yes(visit.mandate, before)
        check_ends_with(visit.mandate, before)
        clause = ended_with(visit.mandate, _prolonged(before, use, months, now))
        notice = render(clause, use, service, cockpit.kind_words, visit.language)
        known = of_ones_own(open_summary(cockpit.operator, row.sealed_summary, consent))
        known = msgspec.structs.replace(
            known, service_name=service.name, clause_sha256=clause_sha256(clause), retention=clause.retention
        )
        consents.prolong(connection, row, clause.expires)
        change = Change(
            EventType.CONSENT_RENEWED,
            consent,
            known.service,
            known.service_name,
            known.use,
            known.clause_sha256,
            known.last,
            Decided(clause, use, service, notice),
            subject={"notice_sha256": notice.sha256, "renews_sha256": clause_sha256(before)},
            version={"clause": clause_to_json(clause)},
            mandate=visit.mandate,
            authentication=visit.authentication,
        )
        last = cockpit.recorder.leave(cockpit.spaces.writer(connection, person), change, now)
        known = msgspec.structs.replace(known, last=last)
        consents.change(
            connection,
            row,
            becomes,
            sealed_summary=seal_summary(cockpit.operator, known, consent),
            sealed_clause=seal_clause(row.grant_public, clause, person, consent),
            expires=clause.expires,
        )


def _prolonged(clause: Clause, use: Use, months: int, now: datetime) -> Clause:
    if clause.mode is AccessMode.ONCE:
        raise lifecycle.ChangeNotPossible("a consent for one reading is not renewed", code="once_only")
    if months not in DURATIONS_MONTHS or months > use.max_duration_months:
        raise BadChoice("choose how long the access lasts", code="duration_missing")
    last = add_months(now.astimezone(PARIS).date(), months).isoformat()
    expires = max(clause.expires, f"{last}T00:00:00Z")
    if expires <= instant(now):
        raise lifecycle.ChangeNotPossible("this consent is over", code="change_not_possible")
    # Data that was to come until the end goes on to come until the new one.
    moving = clause.data_until >= clause.expires[:10]
    return replace(clause, expires=expires, data_until=expires[:10] if moving else clause.data_until)
