"""What a service may ask: a request held to the published use and to the service's own declaration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cockpit.domain.consent import AccessMode, Clause, ClauseInput
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.ids import Kind
from cockpit.domain.moment import PARIS, add_months, instant
from cockpit.domain.place import within
from cockpit.domain.service import DeclaredUse, Service
from cockpit.domain.use import Actor, Grain, Use, UseInput


@dataclass(frozen=True, slots=True)
class Ask:
    """What a service asks, as it came through the door: typed, not yet judged.

    ``fields`` maps each kind asked to the fields wanted (all the declared ones when the service named none);
    ``until`` is the UTC instant the service would like to keep its access to.
    """

    fields: dict[Kind, tuple[str, ...]]
    grains: dict[Kind, Grain]
    optional: frozenset[Kind]
    data_from: str
    data_until: str
    mode: AccessMode
    max_per_day: int
    until: str
    retention_months: int


class OverAsking(ServiceMustAct):
    """The service asked for more than the use allows or than it declared (RFC 9396 section 5)."""

    code = "over_asking"


def clause_for(
    ask: Ask, service: Service, use: Use, use_sha256: str, now: datetime, special: frozenset[Kind] = frozenset()
) -> Clause:
    """The clause this request amounts to; ``special`` are the kinds of special categories.

    Raises ``OverAsking`` naming the first thing that exceeds.
    """
    if use.actor is Actor.INSIDE:
        raise OverAsking("this use runs inside the cockpit, for the person alone", code="use_not_for_services")
    declared = service.declared(use.id, use.version)
    if declared is None:
        raise OverAsking("this use was never declared by this service", code="use_not_declared")
    if not ask.fields:
        raise OverAsking("the request names no data", code="nothing_asked")
    inputs = tuple(sorted(_input(kind, ask, use, declared) for kind in ask.fields))
    missing = {part.kind for part in use.inputs if part.required} - {part.kind for part in inputs}
    if missing:
        raise OverAsking(f"this use needs {', '.join(sorted(missing))}", code="required_missing")
    _check_time(ask, use, declared, now)
    exceeded = exceeds_handling(use, declared)
    if exceeded:
        raise OverAsking(exceeded[1], code=exceeded[0])
    return Clause(
        service=service.id,
        use=use.id,
        use_version=use.version,
        use_sha256=use_sha256,
        purposes=use.purposes,
        inputs=inputs,
        data_from=ask.data_from,
        data_until=ask.data_until,
        mode=ask.mode,
        max_per_day=ask.max_per_day,
        expires=ask.until,
        retention=f"P{ask.retention_months}M",
        recipients=(service.id,),
        operations=use.operations,
        consent_mode=use.consent_mode,
        end_action=use.end_action,
        places=tuple(sorted(declared.places)),
        onward=tuple(sorted(declared.onward)),
        automation=declared.automation,
        legal_basis=use.legal_basis,
        special=any(part.kind in special for part in inputs),
    )


def _input(kind: Kind, ask: Ask, use: Use, declared: DeclaredUse) -> ClauseInput:
    published: UseInput | None = next((part for part in use.inputs if part.kind == kind), None)
    if published is None or kind not in declared.fields:
        raise OverAsking(f"{kind} is not part of this use as declared", code="kind_not_declared")
    fields = ask.fields[kind] or declared.fields[kind]
    extra = sorted(set(fields) - (set(declared.fields[kind]) & set(published.fields)))
    if extra:
        raise OverAsking(f"{kind}: {', '.join(extra)} not declared for this use", code="field_not_declared")
    grain = ask.grains.get(kind, published.grain)
    if grain.coarseness < published.grain.coarseness:
        raise OverAsking(f"{kind} may only be asked by {published.grain} for this use", code="too_fine")
    return ClauseInput(kind, tuple(sorted(fields)), grain, published.required and kind not in ask.optional)


def exceeds_handling(use: Use, declared: DeclaredUse) -> tuple[str, str] | None:
    """How a declaration handles data otherwise than the use says: a code and a sentence, or None when it does not."""
    if not within(declared.places, use.places):
        return "place_not_allowed", f"this use keeps data in {', '.join(use.places)} only"
    if not set(declared.onward) <= set(use.onward_to):
        return "onward_not_allowed", "this use does not pass data on to these recipients"
    if declared.automation.weight > use.automation.weight:
        return "more_automated", "a machine would take more part in the decision than this use says"
    return None


def _check_time(ask: Ask, use: Use, declared: DeclaredUse, now: datetime) -> None:
    today = now.astimezone(PARIS).date()
    if ask.data_from > ask.data_until:
        raise OverAsking("the period ends before it begins", code="period_reversed")
    if ask.data_from < add_months(today, -use.max_period_months).isoformat():
        raise OverAsking(f"this use may reach back {use.max_period_months} months at most", code="period_too_long")
    if ask.until <= instant(now):
        raise OverAsking("the access would already be over", code="already_over")
    if ask.until[:10] > add_months(today, use.max_duration_months).isoformat():
        raise OverAsking(f"this use may last {use.max_duration_months} months at most", code="duration_too_long")
    if ask.data_until > ask.until[:10]:
        raise OverAsking("the period goes on after the access ends", code="period_too_long")
    if not 1 <= ask.retention_months <= min(use.max_retention_months, declared.retention_months):
        raise OverAsking("the data would be kept longer than declared", code="retention_too_long")
    if ask.retention_months != declared.retention_months:
        # One promise for one use: a shorter one would be broken by the declaration that stands beside it.
        kept = f"P{declared.retention_months}M"
        raise OverAsking(f"this service declares that it keeps this data {kept}", code="retention_not_declared")
    if ask.mode not in use.access:
        raise OverAsking(f"this use may read {use.access[0]} only", code="access_not_allowed")
    if not 1 <= ask.max_per_day <= use.max_per_day:
        raise OverAsking(f"this use may read {use.max_per_day} times a day at most", code="too_often")
