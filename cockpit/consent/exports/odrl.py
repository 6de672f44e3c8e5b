"""A record as an ODRL 2.2 policy (W3C Recommendation, ODRL Information Model), its context inside it.

A live consent is an ``Agreement``: one permission a category. A request is a ``Request``. When nothing may be read the
policy forbids every use. Actions are the DPV's operations and some operands are ours, under one profile.
"""

from __future__ import annotations

from urllib.parse import quote

from cockpit.consent.record.form import record_sha256
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import Category, Conditions, ConsentRecord, Terms
from cockpit.domain.record import Json
from cockpit.domain.use import EndAction, Obligation

ODRL = "http://www.w3.org/ns/odrl/2/"
PROFILE = "urn:mesinfos-cockpit:odrl-profile:1"

CONTEXT: dict[str, Json] = {
    "@vocab": ODRL,
    "odrl": ODRL,
    "dpv": "https://w3id.org/dpv#",
    "dct": "http://purl.org/dc/terms/",
    "loc": "https://w3id.org/dpv/loc#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "cockpit": "urn:mesinfos-cockpit:terms#",
    "uid": "@id",
    "type": "@type",
    **{name: {"@type": "@id"} for name in ("profile", "assigner", "assignee", "target", "source")},
    **{name: {"@type": "@vocab"} for name in ("action", "leftOperand", "operator")},
}
"""The names of ODRL's own context that are used here: reading the export needs no network."""

_REQUESTS = frozenset({ConsentStatus.REQUESTED, ConsentStatus.DEFERRED})
_ENDED = frozenset({ConsentStatus.WITHDRAWN, ConsentStatus.REVOKED, ConsentStatus.EXPIRED, ConsentStatus.INVALIDATED})


def odrl(record: ConsentRecord) -> dict[str, Json]:
    """The record as one policy in JSON-LD."""
    policy: dict[str, Json] = {
        "@context": CONTEXT,
        "type": _type(record),
        "uid": f"urn:sha256:{record_sha256(record)}",
        "profile": PROFILE,
        "dct:isVersionOf": {"@id": f"urn:uuid:{record.id}"},
        "dct:issued": _typed(record.at, "xsd:dateTime"),
        "cockpit:state": record.state.value,
        "assigner": f"urn:mesinfos-cockpit:subject:{quote(record.subject, safe='')}",
        "assignee": f"urn:mesinfos-cockpit:service:{quote(record.service, safe='')}",
    }
    if record.replaces:
        policy["dct:replaces"] = {"@id": f"urn:sha256:{record.replaces}"}
    if record.terms and (record.state.live or record.state in _REQUESTS):
        return policy | _allowing(record.terms)
    return policy | _forbidding(record)


def _type(record: ConsentRecord) -> str:
    if record.state in _REQUESTS:
        return "Request"
    # What was refused was never agreed on.
    return "Set" if record.state is ConsentStatus.REFUSED else "Agreement"


def _allowing(terms: Terms) -> dict[str, Json]:
    constraints = _constraints(terms)
    duties: list[Json] = [_end(terms.conditions), *(_duty(duty) for duty in terms.obligations)]
    return {
        "permission": [
            {
                "target": _target(part),
                "action": list(terms.operations),
                "constraint": constraints,
                "duty": duties,
            }
            for part in terms.categories
        ],
        "prohibition": [_no_onward(part, terms.conditions) for part in terms.categories],
    }


def _forbidding(record: ConsentRecord) -> dict[str, Json]:
    target = f"urn:sha256:{record.clause_sha256}"
    rules: dict[str, Json] = {"prohibition": [{"target": target, "action": "use"}]}
    if record.terms and record.state in _ENDED:
        rules["obligation"] = [
            {"target": target, **_end(record.terms.conditions)},
            *({"target": target, **_duty(duty)} for duty in record.terms.obligations),
        ]
    return rules


def _target(part: Category) -> dict[str, Json]:
    return {
        "type": "AssetCollection",
        "source": f"urn:mesinfos-cockpit:kind:{part.kind}",
        "dct:type": {"@id": part.dpv},
        "refinement": [
            _limit("cockpit:field", "isAnyOf", list(part.fields)),
            _limit("cockpit:grain", "eq", part.grain.value),
            _limit("cockpit:dataDay", "gteq", _typed(part.data_from, "xsd:date")),
            _limit("cockpit:dataDay", "lteq", _typed(part.data_until, "xsd:date")),
        ],
    }


def _constraints(terms: Terms) -> list[Json]:
    conditions = terms.conditions
    count = _limit("count", "lteq", _typed(str(conditions.count), "xsd:integer"))
    # ODRL counts over the whole life: the day is a second operand of one logical constraint.
    daily = _limit("timeInterval", "eq", _typed(conditions.per, "xsd:duration"))
    return [
        _limit("purpose", "isAnyOf", [{"@id": purpose} for purpose in terms.purposes]),
        _limit("dateTime", "gteq", _typed(conditions.since, "xsd:dateTime")),
        _limit("dateTime", "lteq", _typed(conditions.until, "xsd:dateTime")),
        _limit("spatial", "isAnyOf", [{"@id": f"loc:{place}"} for place in conditions.places]),
        {"type": "LogicalConstraint", "and": {"@list": [count, daily]}} if conditions.per else count,
        _limit("cockpit:consentMode", "eq", conditions.consent_mode.value),
        _limit("cockpit:automation", "eq", conditions.automated.value),
    ]


def _no_onward(part: Category, conditions: Conditions) -> dict[str, Json]:
    rule: dict[str, Json] = {"target": f"urn:mesinfos-cockpit:kind:{part.kind}", "action": "distribute"}
    if conditions.onward:
        rule["constraint"] = [_limit("recipient", "isNoneOf", list(conditions.onward))]
    return rule


def _end(conditions: Conditions) -> dict[str, Json]:
    action = "delete" if conditions.end_action is EndAction.ERASE else "anonymize"
    kept = _limit("delayPeriod", "lteq", _typed(conditions.retention, "xsd:duration"))
    return {"action": [{"rdf:value": {"@id": f"odrl:{action}"}, "refinement": [kept]}]}


def _duty(duty: Obligation) -> dict[str, Json]:
    within = _limit("delayPeriod", "lteq", _typed(f"P{duty.days}D", "xsd:duration"))
    action: dict[str, Json] = {"rdf:value": {"@id": f"cockpit:{quote(duty.action, safe='')}"}, "refinement": [within]}
    return {"action": [action], "constraint": [_limit("event", "gt", duty.trigger)], "cockpit:evidence": duty.evidence}


def _limit(left: str, operator: str, right: Json) -> dict[str, Json]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _typed(value: str, of: str) -> dict[str, Json]:
    return {"@value": value, "@type": of}
