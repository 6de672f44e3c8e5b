"""The decision on one read: deny by default, one named reason for each refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cockpit.domain.consent import Consent
from cockpit.domain.decision import Allowed, Decision, Reason, Refused
from cockpit.domain.ids import Kind, ServiceId
from cockpit.domain.service import Service
from cockpit.domain.use import Grain


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One read a service asks for. Empty ``fields`` means every field the clause allows; None days mean its window.

    ``reads_spent`` counts the reads already released under this consent: today's (Europe/Paris), or all of them
    when the clause is for one reading only;
    ``now`` is the UTC instant.
    """

    service: ServiceId
    kind: Kind
    fields: tuple[str, ...]
    grain: Grain | None
    data_from: str | None
    data_until: str | None
    now: str
    reads_spent: int


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a check may look at."""

    request: ReadRequest
    consent: Consent
    service: Service


def _declared(case: Case) -> bool:
    clause = case.consent.clause
    declared = case.service.declared(clause.use, clause.use_version)
    return declared is not None and case.request.kind in declared.fields


def _covers_fields(case: Case) -> bool:
    part = case.consent.clause.input_for(case.request.kind)
    return part is not None and set(case.request.fields) <= set(part.fields)


def _within_period(case: Case) -> bool:
    clause, request = case.consent.clause, case.request
    first, last = request.data_from or clause.data_from, request.data_until or clause.data_until
    return clause.data_from <= first <= last <= clause.data_until


def _coarse_enough(case: Case) -> bool:
    part = case.consent.clause.input_for(case.request.kind)
    asked = case.request.grain
    return part is not None and (asked is None or asked.coarseness >= part.grain.coarseness)


CHECKS: tuple[tuple[Reason, Callable[[Case], bool]], ...] = (
    (Reason.NOT_ACTIVE, lambda case: case.consent.status.live),
    (Reason.EXPIRED, lambda case: case.request.now < case.consent.clause.expires),
    (Reason.OTHER_SERVICE, lambda case: case.request.service in case.consent.clause.recipients),
    (Reason.NOT_DECLARED, _declared),
    (Reason.KIND_NOT_COVERED, lambda case: case.consent.clause.input_for(case.request.kind) is not None),
    (Reason.FIELD_NOT_COVERED, _covers_fields),
    (Reason.TOO_FINE, _coarse_enough),
    (Reason.OUTSIDE_PERIOD, _within_period),
    (Reason.QUOTA_SPENT, lambda case: case.request.reads_spent < case.consent.clause.max_per_day),
)
"""Each question must be answered yes; the first that is not gives the refusal its reason."""


def decide(request: ReadRequest, consent: Consent | None, service: Service) -> Decision:
    """Whether this read may go on, and what it is projected to."""
    if consent is None:
        return Refused(Reason.NO_CONSENT)
    case = Case(request, consent, service)
    for reason, question in CHECKS:
        if not question(case):
            return Refused(reason, consent.id)
    clause = consent.clause
    part = clause.input_for(request.kind)
    assert part is not None  # KIND_NOT_COVERED refused already
    return Allowed(
        consent=consent.id,
        allowed=replace(part, fields=request.fields or part.fields, grain=request.grain or part.grain),
        data_from=request.data_from or clause.data_from,
        data_until=request.data_until or clause.data_until,
        obligations=(f"delete-after {clause.retention}", "no-onward-transfer"),
    )
