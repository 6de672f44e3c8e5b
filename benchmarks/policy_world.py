"""Consents, services and reads drawn by a seed: most of them allowed, the others wrong in one or more of all ways.

The differential test and the benchmark draw from the same world.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from cockpit.consent.facts import Candidate, ReadRequest, Recipient, candidate, months, recipient
from cockpit.consent.standing import KeepIn, NeverShare, QuietHours, StandingRule
from cockpit.domain.consent import AccessMode, Clause, ClauseInput, Consent, ConsentStatus
from cockpit.domain.ids import ConsentId, Kind, PersonId, ServiceId, UseId
from cockpit.domain.service import DeclaredUse, Service, Standing
from cockpit.domain.use import Automation, ConsentMode, EndAction, Grain

SPECIAL_KIND = Kind("health.prescription")
KINDS: dict[Kind, str] = {SPECIAL_KIND: "https://w3id.org/dpv/pd#Prescription"}
"""A kind that is not published, so that special categories are tried."""

FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind("energy.series"): ("direction", "energy", "interval", "start", "unit", "values"),
    Kind("invoice.document"): ("issue_date", "seller", "total"),
    Kind("bank.transaction"): ("amount", "booking_date", "currency", "label"),
    SPECIAL_KIND: ("drug", "date"),
}
PURPOSES = (
    "https://w3id.org/dpv#ServicePersonalisation",
    "https://w3id.org/dpv#ProvidePersonalisedRecommendations",
    "https://w3id.org/dpv#PublicPolicyMaking",
)
OPERATIONS = ("https://w3id.org/dpv#Store", "https://w3id.org/dpv#Analyse", "https://w3id.org/dpv#Consult")
PLACES = ("EU", "FR", "DE", "US")
ONWARD = ("landlord", "insurer", "broker")
NOW = "2026-11-23T09:30:00Z"


def clause(draw: random.Random, service: ServiceId) -> Clause:
    """The terms of a use: some kinds, some of their fields."""
    kinds = sorted(draw.sample(sorted(FIELDS), draw.randint(1, 3)))
    inputs = tuple(ClauseInput(kind, some(draw, FIELDS[kind], 1), draw.choice(list(Grain)), True) for kind in kinds)
    return Clause(
        service=service,
        use=UseId(f"use-{draw.randint(1, 15)}"),
        use_version=draw.randint(1, 3),
        use_sha256="0" * 64,
        purposes=some(draw, PURPOSES, 1),
        inputs=inputs,
        data_from=f"2025-{draw.randint(1, 12):02}-01",
        data_until=f"2026-{draw.randint(1, 12):02}-28",
        mode=draw.choice(list(AccessMode)),
        max_per_day=draw.randint(1, 6),
        expires=f"2027-{draw.randint(1, 12):02}-01T00:00:00Z",
        retention=f"P{draw.randint(1, 12)}M",
        recipients=(service,),
        operations=some(draw, OPERATIONS, 1),
        consent_mode=ConsentMode.STORE,
        end_action=draw.choice(list(EndAction)),
        places=some(draw, PLACES, 1),
        onward=some(draw, ONWARD),
        automation=draw.choice(list(Automation)),
        legal_basis="https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
        special=SPECIAL_KIND in kinds,
    )


def some(draw: random.Random, names: tuple[str, ...], least: int = 0) -> tuple[str, ...]:
    """Some of the names, in their order."""
    kept = set(draw.sample(names, draw.randint(least, len(names))))
    return tuple(name for name in names if name in kept)


def recipients(draw: random.Random, count: int) -> list[tuple[Recipient, Clause]]:
    """Services, each with the widest terms it may be given, which it declares and handles data by."""
    made = []
    for number in range(count):
        terms = clause(draw, ServiceId(f"c_{number}"))
        declared = DeclaredUse(
            terms.use,
            terms.use_version,
            {part.kind: part.fields for part in terms.inputs},
            months(terms.retention),
            terms.places,
            terms.onward,
            terms.automation,
        )
        service = Service(terms.service, f"Service {number}", "", "", (), {}, (declared,), NOW)
        made.append((recipient(service, terms.use, terms.use_version), terms))
    return made


def held(draw: random.Random, number: int, to: Recipient, widest: Clause) -> Candidate:
    """A consent that lives: one of three of a person, with days of its own and, at times, less than was asked."""
    terms = replace(
        widest,
        data_from=f"2025-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        data_until=f"2026-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        expires=f"2027-{draw.randint(1, 12):02}-01T00:00:00Z",
        inputs=widest.inputs if draw.random() < 0.7 else widest.inputs[:1],
    )
    consent = Consent(ConsentId(f"{number:032x}"), PersonId(f"{number // 3:032x}"), terms, ConsentStatus.GIVEN, 1)
    return candidate(consent, to, "A9-2-a" if terms.special else "")


def read(draw: random.Random, ready: Candidate) -> ReadRequest:
    """A read that the candidate allows."""
    terms = ready.consent.clause
    part = draw.choice(terms.inputs)
    coarser = [grain for grain in Grain if grain.coarseness >= part.grain.coarseness]
    return ReadRequest(
        service=terms.service,
        kind=part.kind,
        fields=some(draw, part.fields),
        grain=draw.choice([None, *coarser]),
        data_from=draw.choice([None, terms.data_from]),
        data_until=draw.choice([None, terms.data_until]),
        now=NOW,
        reads_spent=draw.randrange(terms.max_per_day),
        person=ready.consent.person,
        purpose=draw.choice([None, *terms.purposes]),
        operation=draw.choice([None, *terms.operations]),
        id=f"{draw.getrandbits(64):016x}",
    )


def spoiled(draw: random.Random, request: ReadRequest) -> ReadRequest:
    """The read with one thing changed, mostly for the worse."""
    changes: dict[str, object] = draw.choice(
        [
            {"service": ServiceId("c_other")},
            {"person": PersonId("f" * 32)},
            {"kind": draw.choice(sorted(FIELDS))},
            {"fields": (*request.fields, "secret")},
            {"grain": draw.choice(list(Grain))},
            {"data_from": f"202{draw.randint(3, 7)}-06-15"},
            {"data_until": f"202{draw.randint(3, 7)}-06-15"},
            {"now": f"202{draw.randint(6, 8)}-06-15T12:00:00Z"},
            {"reads_spent": draw.randint(0, 9)},
            {"purpose": draw.choice(PURPOSES)},
            {"operation": draw.choice(OPERATIONS)},
        ]
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def changed(draw: random.Random, ready: Candidate) -> Candidate:
    """The candidate with another state, or a service that now does something else."""
    status = draw.choice([ConsentStatus.GIVEN, *ConsentStatus])
    (declared,) = ready.recipient.service.uses
    fields = {kind: some(draw, names) for kind, names in declared.fields.items() if draw.random() < 0.9}
    other = draw.choice(
        [
            replace(declared, fields=fields),
            replace(declared, retention_months=draw.randint(1, 24)),
            replace(declared, places=some(draw, PLACES)),
            replace(declared, onward=some(draw, ONWARD)),
            replace(declared, automation=draw.choice(list(Automation))),
            replace(declared, version=9),
        ]
    )
    standing = Standing.SUSPENDED if draw.random() < 0.1 else Standing.REGISTERED
    basis = draw.choice(["", "A9-2-a"])
    terms = replace(ready.consent.clause, special=draw.random() < 0.5)
    consent = replace(ready.consent, status=status, clause=terms)
    service = replace(ready.recipient.service, uses=(other,), standing=standing)
    return candidate(consent, recipient(service, terms.use, terms.use_version), basis)


RULES: tuple[StandingRule, ...] = (
    NeverShare(id="health", category="https://w3id.org/dpv/pd#MedicalHealth"),
    NeverShare(id="bank", category="bank.transaction", purposes=(PURPOSES[2],)),
    KeepIn(id="home", places=("EU",)),
    QuietHours(id="night", begin="22:00", end="07:00"),
)


def drawn(draw: random.Random, count: int) -> Iterator[tuple[Candidate, ReadRequest, tuple[StandingRule, ...]]]:
    """``count`` reads: a third as they should be, a third spoiled, a third under another candidate or rules as well."""
    known = recipients(draw, 200)
    for number in range(count):
        ready = held(draw, number, *draw.choice(known))
        request, rules = read(draw, ready), ()
        for _ in range(draw.choice([0, 1, 1, 2, 3])):
            request = spoiled(draw, request)
        if draw.random() < 1 / 3:
            ready = changed(draw, ready)
        if draw.random() < 1 / 3:
            rules = tuple(draw.sample(RULES, draw.randint(1, len(RULES))))
        yield ready, request, rules
