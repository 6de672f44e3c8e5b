"""Reads written down as TOML, to try policies on: one consent, one service, one request, and what to expect of them.

A document has the tables ``[consent]``, ``[service]`` and ``[request]``, the person's ``[[rule]]``s, and ``[kinds]``
that are not published, each with its category of the DPV. Each ``[[case]]`` names itself, changes some of it, and says
what to ``expect``. What is left out is what the sheets below say.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from cockpit.consent.facts import Candidate, ReadRequest, candidate, recipient
from cockpit.consent.standing import (
    KeepIn,
    NeverAutomated,
    NeverPassOn,
    NeverShare,
    QuietHours,
    StandingRule,
    TellAbove,
)
from cockpit.domain.consent import AccessMode, Clause, ClauseInput, Consent, ConsentStatus
from cockpit.domain.decision import Facet, Reason
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.ids import ConsentId, Kind, PersonId, ServiceId, UseId
from cockpit.domain.service import DeclaredUse, Service, Standing
from cockpit.domain.use import Automation, ConsentMode, EndAction, Grain

Shape = TypeVar("Shape")
Table = dict[str, Any]


class BadCase(CitizenMustAct):
    """A document of cases cannot be read; the message says where it goes wrong."""

    code = "bad_case"


class PartSheet(msgspec.Struct, forbid_unknown_fields=True):
    """One kind of a clause."""

    fields: tuple[str, ...]
    grain: Grain = Grain.RAW


class ConsentSheet(msgspec.Struct, forbid_unknown_fields=True, rename={"data_from": "from", "data_until": "until"}):
    """One consent. Days are ``YYYY-MM-DD``, ``expires`` a UTC instant."""

    inputs: dict[Kind, PartSheet]
    data_from: str
    data_until: str
    expires: str
    use: UseId
    purposes: tuple[str, ...]
    operations: tuple[str, ...]
    use_version: int = 1
    person: PersonId = PersonId("camille")
    service: ServiceId = ServiceId("c_service")
    status: ConsentStatus = ConsentStatus.GIVEN
    mode: AccessMode = AccessMode.RECURRING
    max_per_day: int = 4
    retention_months: int = 6
    places: tuple[str, ...] = ("EU",)
    onward: tuple[str, ...] = ()
    automation: Automation = Automation.NONE
    legal_basis: str = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
    special: bool = False
    special_basis: str = ""


class ServiceSheet(msgspec.Struct, forbid_unknown_fields=True):
    """What the service declares today of the consent's use; ``fields`` empty when it declares it no longer."""

    fields: dict[Kind, tuple[str, ...]]
    standing: Standing = Standing.REGISTERED
    retention_months: int = 6
    places: tuple[str, ...] = ("FR",)
    onward: tuple[str, ...] = ()
    automation: Automation = Automation.NONE


class RequestSheet(msgspec.Struct, forbid_unknown_fields=True, rename={"data_from": "from", "data_until": "until"}):
    """One read. ``at`` is the UTC instant, ``reads`` how many were released before it."""

    kind: Kind
    at: str
    service: ServiceId = ServiceId("c_service")
    person: PersonId = PersonId("camille")
    fields: tuple[str, ...] = ()
    grain: Grain | None = None
    data_from: str | None = None
    data_until: str | None = None
    reads: int = 0
    purpose: str | None = None
    operation: str | None = None


class ExpectSheet(msgspec.Struct, forbid_unknown_fields=True):
    """What a case comes to: allowed when ``reason`` is None. ``facets`` are all that block."""

    reason: Reason | None = None
    facets: tuple[Facet, ...] = ()
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyCase:
    """One read, ready to be decided. ``kinds`` are not published; ``consent`` is None when there is none."""

    name: str
    request: ReadRequest
    candidates: tuple[Candidate, ...]
    rules: tuple[StandingRule, ...]
    kinds: dict[Kind, str]
    expect: ExpectSheet


_RULES: dict[str, type[StandingRule]] = {
    "never-share": NeverShare,
    "keep-in": KeepIn,
    "never-pass-on": NeverPassOn,
    "never-automated": NeverAutomated,
    "quiet-hours": QuietHours,
    "tell-above": TellAbove,
}


def cases_of(text: str) -> tuple[PolicyCase, ...]:
    """The cases of a document; one that has none is a single case. Raises ``BadCase``."""
    try:
        document = tomllib.loads(text)
        cases = document.pop("case", None)
        return tuple(_case(document, case) for case in cases or [{"name": "request"}])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError, TypeError) as error:
        raise BadCase(f"the document cannot be read: {error}") from error


def _case(document: Table, case: Table) -> PolicyCase:
    unknown = (set(document) | set(case)) - {"name", "consent", "service", "request", "rule", "kinds", "expect"}
    if unknown:
        raise ValueError(f"it has no place for {', '.join(sorted(unknown))}")
    name = str(case.get("name", "request"))
    service_table, request_table = _merged(document, case, "service"), _merged(document, case, "request")
    candidates: tuple[Candidate, ...] = ()
    if "consent" in document and case.get("consent") is not False:
        consent = _read(_merged(document, case, "consent"), ConsentSheet, f"{name}: consent")
        service = _service(_read(service_table, ServiceSheet, f"{name}: service"), consent)
        to = recipient(service, consent.use, consent.use_version)
        candidates = (candidate(_consent(consent), to, consent.special_basis),)
    rules = tuple(_rule(rule, name) for rule in case.get("rule") or document.get("rule", ()))
    return PolicyCase(
        name=name,
        request=_request(_read(request_table, RequestSheet, f"{name}: request"), name),
        candidates=candidates,
        rules=rules,
        kinds=dict(document.get("kinds", {})),
        expect=_read(dict(case.get("expect", {})), ExpectSheet, f"{name}: expect"),
    )


def _merged(document: Table, case: Table, name: str) -> Table:
    changes: Mapping[str, Any] = case.get(name, {})
    return {**document.get(name, {}), **changes}


def _read(table: Table, shape: type[Shape], where: str) -> Shape:
    try:
        return msgspec.convert(table, shape)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where}: {error}") from error


def _rule(table: Table, name: str) -> StandingRule:
    kind = _RULES.get(table.get("type", ""))
    if kind is None:
        raise ValueError(f"{name}: a rule is of one of these types: {', '.join(_RULES)}")
    rest = {key: value for key, value in table.items() if key != "type"}
    if set(rest) - set(kind.__dataclass_fields__):
        raise ValueError(f"{name}: a rule {table['type']} has only {', '.join(kind.__dataclass_fields__)}")
    return _read(rest, kind, f"{name}: rule")


def _consent(sheet: ConsentSheet) -> Consent:
    clause = Clause(
        service=sheet.service,
        use=sheet.use,
        use_version=sheet.use_version,
        use_sha256="",
        purposes=sheet.purposes,
        inputs=tuple(ClauseInput(kind, part.fields, part.grain, True) for kind, part in sorted(sheet.inputs.items())),
        data_from=sheet.data_from,
        data_until=sheet.data_until,
        mode=sheet.mode,
        max_per_day=sheet.max_per_day,
        expires=sheet.expires,
        retention=f"P{sheet.retention_months}M",
        recipients=(sheet.service,),
        operations=sheet.operations,
        consent_mode=ConsentMode.STORE,
        end_action=EndAction.ERASE,
        places=sheet.places,
        onward=sheet.onward,
        automation=sheet.automation,
        legal_basis=sheet.legal_basis,
        special=sheet.special,
    )
    return Consent(ConsentId("consent"), sheet.person, clause, sheet.status, 1)


def _service(sheet: ServiceSheet, consent: ConsentSheet) -> Service:
    declared = DeclaredUse(
        use=consent.use,
        version=consent.use_version,
        fields=sheet.fields,
        retention_months=sheet.retention_months,
        places=sheet.places,
        onward=sheet.onward,
        automation=sheet.automation,
    )
    uses = (declared,) if sheet.fields else ()
    return Service(consent.service, str(consent.service), "", "", (), {}, uses, "", sheet.standing)


def _request(sheet: RequestSheet, name: str) -> ReadRequest:
    return ReadRequest(
        service=sheet.service,
        kind=sheet.kind,
        fields=sheet.fields,
        grain=sheet.grain,
        data_from=sheet.data_from,
        data_until=sheet.data_until,
        now=sheet.at,
        reads_spent=sheet.reads,
        person=sheet.person,
        purpose=sheet.purpose,
        operation=sheet.operation,
        id=name,
    )
