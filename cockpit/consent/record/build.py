"""One builder: the record of a decision comes from the very clause that the screen was rendered from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from cockpit.consent.clauses import clause_sha256
from cockpit.consent.notice import KindWords, Notice, render
from cockpit.consent.record.form import record_sha256
from cockpit.domain.consent import AccessMode, Clause, ClauseInput, ConsentStatus
from cockpit.domain.consent_record import (
    RECORD_SCHEMA,
    Actor,
    Authentication,
    Authority,
    Category,
    Conditions,
    ConsentRecord,
    Expression,
    Law,
    NoticeReference,
    Party,
    SubjectRole,
    Terms,
    UseReference,
)
from cockpit.domain.errors import WeMustFix
from cockpit.domain.ids import Kind, ServiceId
from cockpit.domain.place import within
from cockpit.domain.service import Service
from cockpit.domain.use import Automation, Use

CNIL = Authority("Commission nationale de l'informatique et des libertés (CNIL)", "https://www.cnil.fr/fr/plaintes")
"""The supervisory authority in France."""

_GDPR = "https://w3id.org/dpv/legal/eu/gdpr#"
_RIGHTS = ("A7-3", "A15", "A16", "A17", "A18", "A20", "A77")
_DAY = "P1D"


@dataclass(frozen=True, slots=True)
class LastVersion:
    """What names the version before: enough to go on with the chain while the space is locked."""

    id: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Transition:
    """What happened, to whose consent, who brought it about, and when (UTC instant).

    ``id`` is a UUID version 7 for a first version; later versions keep that of ``last``.
    """

    state: ConsentStatus
    at: str
    subject: str
    actor: Actor
    authentication: Authentication | None
    expression: Expression
    policy_sha256: str
    id: str = ""
    last: LastVersion | None = None
    role: SubjectRole = SubjectRole.SHARING


@dataclass(frozen=True, slots=True)
class KindTerms:
    """What the vocabulary says of kinds: their words, their DPV terms, which are special, and their sources."""

    words: KindWords
    dpv: Mapping[Kind, str]
    special: frozenset[Kind]
    sources: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """What a deployment says beside the clause: how to withdraw, the law, and the form around the notice."""

    withdrawal: str
    jurisdiction: str = "FR"
    authority: Authority = CNIL
    form_sha256: str = ""


def last_version(record: ConsentRecord) -> LastVersion:
    """What the next version of this record must name."""
    return LastVersion(record.id, record.version, record_sha256(record))


def record_of(
    clause: Clause,
    use: Use,
    service: Service,
    notice: Notice,
    transition: Transition,
    kinds: KindTerms,
    published: Published,
) -> ConsentRecord:
    """The full record of a transition. Raises ``WeMustFix`` when the notice is not the one this clause renders."""
    named = (clause.use, clause.use_version, clause.service) == (use.id, use.version, service.id)
    if not named or render(clause, use, service, kinds.words, notice.language) != notice:
        raise WeMustFix("the notice shown and the record were not made from the same clause")
    terms = Terms(
        use=UseReference(clause.use, clause.use_version, clause.use_sha256),
        controllers=(party_of(service),),
        recipients=tuple(_recipient(recipient, service) for recipient in clause.recipients),
        purposes=clause.purposes,
        categories=tuple(_category(part, clause, kinds) for part in clause.inputs),
        operations=clause.operations,
        conditions=_conditions(clause, transition.at),
        obligations=use.obligations,
        law=Law(_bases(clause, use), published.jurisdiction, published.authority),
        notice=NoticeReference(
            f"{use.reference}/{notice.language}", notice.language, notice.sha256, published.form_sha256
        ),
        rights=rights_under(clause.automation),
        withdrawal=published.withdrawal,
    )
    return _version(transition, clause.service, use.reference, clause_sha256(clause), terms)


def short_record(transition: Transition, service: ServiceId, use: str, clause_sha256: str) -> ConsentRecord:
    """The record of a transition made while the terms cannot be read: it names them, and the version before, by hash.

    ``use`` is the reference (``energy-advice-v1``).
    """
    return _version(transition, service, use, clause_sha256, None)


def clause_of(record: ConsentRecord) -> Clause | None:
    """The clause a full record was made from, exactly; None for a short one."""
    terms = record.terms
    if terms is None:
        return None
    conditions, first = terms.conditions, terms.categories[0]
    return Clause(
        service=record.service,
        use=terms.use.id,
        use_version=terms.use.version,
        use_sha256=terms.use.sha256,
        purposes=terms.purposes,
        inputs=tuple(ClauseInput(part.kind, part.fields, part.grain, part.required) for part in terms.categories),
        data_from=first.data_from,
        data_until=first.data_until,
        mode=conditions.mode,
        max_per_day=conditions.count,
        expires=conditions.until,
        retention=conditions.retention,
        recipients=tuple(party.id for party in terms.recipients),
        operations=terms.operations,
        consent_mode=conditions.consent_mode,
        end_action=conditions.end_action,
        places=conditions.places,
        onward=conditions.onward,
        automation=conditions.automated,
        legal_basis=terms.law.bases[0],
        special=any(part.special for part in terms.categories),
    )


def party_of(service: Service) -> Party:
    """The service as it is known now."""
    return Party(service.id, service.name, service.homepage, service.contact)


def rights_under(automation: Automation) -> tuple[str, ...]:
    """The rights a person keeps (IRIs of the DPV): GDPR art. 22 is among them when a machine decides."""
    names = (*_RIGHTS, "A22") if automation is Automation.DECIDES else _RIGHTS
    return tuple(_GDPR + name for name in names)


def _version(
    transition: Transition, service: ServiceId, use: str, clause_hash: str, terms: Terms | None
) -> ConsentRecord:
    last = transition.last
    identifier = last.id if last else transition.id
    if uuid.UUID(identifier).version != 7:
        raise WeMustFix("the id of a record is a UUID version 7 (RFC 9562 section 5.7)")
    return ConsentRecord(
        schema=RECORD_SCHEMA,
        id=identifier,
        version=last.version + 1 if last else 1,
        replaces=last.sha256 if last else "",
        subject=transition.subject,
        role=transition.role,
        actor=transition.actor,
        authentication=transition.authentication,
        expression=transition.expression,
        service=service,
        use=use,
        clause_sha256=clause_hash,
        state=transition.state,
        at=transition.at,
        policy_sha256=transition.policy_sha256,
        terms=terms,
    )


def _recipient(recipient: ServiceId, service: Service) -> Party:
    # A recipient other than the service itself is known by its id alone.
    return party_of(service) if recipient == service.id else Party(recipient, recipient, "", "")


def _category(part: ClauseInput, clause: Clause, kinds: KindTerms) -> Category:
    return Category(
        kind=part.kind,
        fields=part.fields,
        data_from=clause.data_from,
        data_until=clause.data_until,
        grain=part.grain,
        required=part.required,
        special=part.kind in kinds.special,
        source=kinds.sources.get(part.kind, ()),
        dpv=kinds.dpv[part.kind],
    )


def _conditions(clause: Clause, at: str) -> Conditions:
    return Conditions(
        since=at,
        until=clause.expires,
        mode=clause.mode,
        count=clause.max_per_day,
        # One reading only: the count is then over the consent's whole life.
        per="" if clause.mode is AccessMode.ONCE else _DAY,
        consent_mode=clause.consent_mode,
        retention=clause.retention,
        end_action=clause.end_action,
        places=clause.places,
        transfers=tuple(place for place in clause.places if not within((place,), ("EU",)) and place != "EU"),
        onward=clause.onward,
        automated=clause.automation,
    )


def _bases(clause: Clause, use: Use) -> tuple[str, ...]:
    special = clause.special and use.special_basis
    return (clause.legal_basis, use.special_basis) if special else (clause.legal_basis,)
