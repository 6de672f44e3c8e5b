"""Clauses, services and requests that tests of consent share, and the strategies that draw others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from cockpit.consent.facts import Candidate, ReadRequest, candidate, recipient
from cockpit.consent.request import Ask, clause_for
from cockpit.domain.consent import AccessMode, Clause, Consent, ConsentStatus
from cockpit.domain.ids import ConsentId, Kind, PersonId, ServiceId, UseId
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import Automation, Grain
from cockpit.policies import load_policies
from cockpit.registry import load_registry

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
REGISTRY = load_registry()
SERIES, INVOICE = Kind("energy.series"), Kind("invoice.document")
USE = REGISTRY.uses["energy-advice-v1"]

PERSON = PersonId("a" * 32)
POLICIES = load_policies(REGISTRY)

SERVICE = Service(
    id=ServiceId("c_coach"),
    name="Coach énergie",
    homepage="http://localhost:9000",
    contact="contact@coach.example",
    redirect_uris=("http://localhost:9000/retour",),
    jwks={"keys": []},
    uses=(
        DeclaredUse(
            UseId("energy-advice"),
            1,
            {SERIES: ("interval", "start", "unit", "values"), INVOICE: ("issue_date", "total")},
            6,
            ("FR",),
            (),
            Automation.ASSISTS,
        ),
    ),
    registered_at="2026-01-01T00:00:00Z",
)

ASK = Ask(
    fields={SERIES: (), INVOICE: ()},
    grains={},
    optional=frozenset({INVOICE}),
    data_from="2025-11-23",
    data_until="2026-11-22",
    mode=AccessMode.RECURRING,
    max_per_day=4,
    until="2027-05-01T00:00:00Z",
    retention_months=6,
)


def clause(**changes: object) -> Clause:
    made = clause_for(ASK, SERVICE, USE, REGISTRY.use_sha256(USE), NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def consent(given: Clause | None = None, status: ConsentStatus = ConsentStatus.GIVEN) -> Consent:
    return Consent(ConsentId("1" * 32), PERSON, given or clause(), status, 1)


def ready(given: Consent | None = None, service: Service = SERVICE) -> Candidate:
    return candidate(given or consent(), recipient(service, USE.id, USE.version))


def request(**changes: object) -> ReadRequest:
    plain = ReadRequest(SERVICE.id, SERIES, (), None, None, None, "2026-11-23T09:30:00Z", 0, PERSON)
    return replace(plain, **changes)  # type: ignore[arg-type]


days = st.dates(datetime(2025, 1, 1).date(), datetime(2027, 12, 31).date()).map(lambda day: day.isoformat())
requests = st.builds(
    ReadRequest,
    service=st.sampled_from([SERVICE.id, ServiceId("c_other")]),
    kind=st.sampled_from([SERIES, INVOICE, Kind("bank.transaction"), Kind("tax.notice")]),
    fields=st.lists(
        st.sampled_from(["start", "values", "unit", "meter", "total", "issue_date", "number"]), unique=True, max_size=4
    ).map(tuple),
    grain=st.sampled_from([None, *Grain]),
    data_from=st.none() | days,
    data_until=st.none() | days,
    now=days.map(lambda day: f"{day}T12:00:00Z"),
    reads_spent=st.integers(0, 6),
    person=st.sampled_from([PERSON, PERSON, PERSON, PersonId("b" * 32)]),
    purpose=st.sampled_from([None, None, USE.purposes[0], "https://w3id.org/dpv#PublicPolicyMaking"]),
    operation=st.sampled_from([None, None, USE.operations[0], "https://w3id.org/dpv#Consult"]),
)
statuses = st.sampled_from(list(ConsentStatus))
