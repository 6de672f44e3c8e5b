"""Records that tests share: full ones from a clause, short ones, and whole lives."""

from __future__ import annotations

from dataclasses import replace

from cockpit.consent.notice import render
from cockpit.consent.record.build import KindTerms, LastVersion, Published, Transition, record_of
from cockpit.domain.consent import Clause, ConsentStatus
from cockpit.domain.consent_record import Actor, ActorRole, Authentication, ConsentRecord, Expression
from cockpit.domain.service import Service
from cockpit.domain.use import Use
from tests.consent.worlds import REGISTRY, SERVICE, USE, clause

AT = "2026-11-23T09:30:00Z"
ID = "019b0a5e-8000-7000-8000-000000000001"
KINDS = KindTerms(
    {kind: (sheet.title, sheet.fields) for kind, sheet in REGISTRY.kinds.items()},
    {kind: sheet.dpv for kind, sheet in REGISTRY.kinds.items()},
    REGISTRY.special,
)
PUBLISHED = Published("https://cockpit.example/partages", form_sha256="f" * 64)

GIVEN = Transition(
    state=ConsentStatus.GIVEN,
    at=AT,
    subject="s_7d1f",
    actor=Actor(ActorRole.SELF),
    authentication=Authentication("urn:mesinfos-cockpit:way:passkey", "passkey", "2026-11-23T09:12:00Z"),
    expression=Expression("explicit", "button", AT, "0.1.0"),
    policy_sha256=REGISTRY.sha256,
    id=ID,
)


def transition(state: ConsentStatus, at: str = AT, last: LastVersion | None = None) -> Transition:
    return replace(GIVEN, state=state, at=at, last=last)


def record(
    given: Clause | None = None,
    use: Use = USE,
    service: Service = SERVICE,
    language: str = "fr",
    step: Transition = GIVEN,
) -> ConsentRecord:
    terms = given or clause()
    notice = render(terms, use, service, KINDS.words, language)
    return record_of(terms, use, service, notice, step, KINDS, PUBLISHED)
