"""A record as ISO/IEC TS 27560 in DPV JSON-LD (profile ``dpv-27560#record-eu-gdpr``), its context inside it.

Terms: W3C DPVCG Data Privacy Vocabulary 2, and its guide *Consent Records and Receipts as per ISO/IEC TS 27560:2023*.
What the DPV has no term for stands under ``cockpit:``.
"""

from __future__ import annotations

from urllib.parse import quote

from cockpit.consent.record.form import record_sha256
from cockpit.domain.consent import AccessMode, ConsentStatus
from cockpit.domain.consent_record import ActorRole, Category, Conditions, ConsentRecord, Party, Terms
from cockpit.domain.record import Json
from cockpit.domain.use import Automation, EndAction, Obligation

PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
COCKPIT = "urn:mesinfos-cockpit:terms#"

CONTEXT: dict[str, Json] = {
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "cockpit": COCKPIT,
}
"""Prefixes only: reading the export needs no network."""

STATUS = {
    ConsentStatus.REQUESTED: "dpv:ConsentRequested",
    ConsentStatus.DEFERRED: "dpv:ConsentRequestDeferred",
    ConsentStatus.REFUSED: "dpv:ConsentRefused",
    ConsentStatus.GIVEN: "dpv:ConsentGiven",
    ConsentStatus.RENEWED: "dpv:RenewedConsentGiven",
    # The DPV has no term for the next three: the nearest one that says whether data may be processed.
    ConsentStatus.NARROWED: "dpv:ConsentGiven",
    ConsentStatus.PAUSED: "dpv:ConsentStatusInvalidForProcessing",
    ConsentStatus.SUSPENDED: "dpv:ConsentStatusInvalidForProcessing",
    ConsentStatus.WITHDRAWN: "dpv:ConsentWithdrawn",
    ConsentStatus.REVOKED: "dpv:ConsentRevoked",
    ConsentStatus.EXPIRED: "dpv:ConsentExpired",
    ConsentStatus.INVALIDATED: "dpv:ConsentInvalidated",
}
_ACTORS = {
    ActorRole.SELF: "dpv:DataSubject",
    ActorRole.PARENT: "dpv:ParentOfDataSubject",
    ActorRole.GUARDIAN: "dpv:GuardianOfDataSubject",
    ActorRole.HELPER: "dpv:Representative",
    ActorRole.COCKPIT: "dpv:DataProcessor",
    ActorRole.SERVICE: "dpv:DataController",
    ActorRole.OPERATOR: "dpv:DataProcessor",
    ActorRole.AUTHORITY: "dpv:DataProtectionAuthority",
}
_AUTOMATION = {
    Automation.NONE: "dpv:NotAutomated",
    Automation.ASSISTS: "dpv:AssistiveAutomation",
    Automation.DECIDES: "dpv:FullAutomation",
}


def iso27560(record: ConsentRecord) -> dict[str, Json]:
    """The record as one JSON-LD document."""
    head: dict[str, Json] = {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{record.id}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": _iri(PROFILE),
        "dct:identifier": record.id,
        "dpv:hasIdentifier": record.id,
        "dct:hasVersion": str(record.version),
        "cockpit:sha256": record_sha256(record),
        "cockpit:clauseSha256": record.clause_sha256,
        "cockpit:policySha256": record.policy_sha256,
        "cockpit:use": record.use,
        "dpv:hasDataSubject": {
            "@type": "dpv:DataSubject",
            "dpv:hasIdentifier": record.subject,
            "cockpit:role": record.role.value,
        },
        "dpv:hasConsentStatus": _event(record),
    }
    if record.replaces:
        head["dct:replaces"] = _iri(f"urn:sha256:{record.replaces}")
    if record.terms is None:
        return head | {"dpv:hasRecipient": _iri(_service(record.service))}
    return head | {"dpv:hasProcess": _process(record, record.terms)}


def _event(record: ConsentRecord) -> dict[str, Json]:
    event: dict[str, Json] = {
        "@type": STATUS[record.state],
        "cockpit:state": record.state.value,
        "dpv:isIndicatedAtTime": _typed(record.at, "xsd:dateTime"),
        "dpv:isIndicatedBy": _actor(record),
        "dpv:hasIndicationMethod": f"{record.expression.type}, {record.expression.method}",
        "cockpit:uiVersion": record.expression.ui_version,
    }
    if record.terms:
        until = _typed(record.terms.conditions.until, "xsd:dateTime")
        event["dpv:hasDuration"] = {"@type": "dpv:UntilTimeDuration", "rdf:value": until}
    if record.authentication:
        proof = record.authentication
        event["cockpit:authentication"] = {
            "cockpit:acr": proof.acr,
            "cockpit:method": proof.method,
            "dct:date": _typed(proof.at, "xsd:dateTime"),
        }
    return event


def _actor(record: ConsentRecord) -> dict[str, Json]:
    actor = record.actor
    told: dict[str, Json] = {"@type": _ACTORS[actor.role], "cockpit:role": actor.role.value}
    told["dpv:hasIdentifier"] = record.subject if actor.role is ActorRole.SELF else actor.reference
    return told | {"cockpit:mandate": actor.mandate} if actor.mandate else told


def _process(record: ConsentRecord, terms: Terms) -> dict[str, Json]:
    notice = terms.notice
    return {
        "@type": "dpv:Process",
        "dct:identifier": f"{terms.use.id}-v{terms.use.version}",
        "cockpit:useSha256": terms.use.sha256,
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:identifier": notice.id,
            "dct:language": notice.language,
            "cockpit:sha256": notice.sha256,
            "cockpit:formSha256": notice.form_sha256,
        },
        "dpv:hasPurpose": _iris(terms.purposes),
        "dpv:hasLegalBasis": _iris(terms.law.bases),
        "dpv:hasPersonalData": [_category(part) for part in terms.categories],
        "dpv:hasProcessing": _iris(terms.operations),
        "dpv:hasAutomationLevel": _iri(_AUTOMATION[terms.conditions.automated]),
        "dpv:hasDataController": [_party(party, "dpv:DataController") for party in terms.controllers],
        "dpv:hasRecipient": [
            *(_party(party, "dpv:Recipient") for party in terms.recipients),
            *(_next(name) for name in terms.conditions.onward),
        ],
        "dpv:hasStorageCondition": _storage(terms.conditions),
        "dpv:hasProcessingCondition": _bounds(terms.conditions),
        "dpv:hasThirdCountry": _places(terms.conditions.transfers),
        "dpv:hasJurisdiction": _iri(f"loc:{terms.law.jurisdiction}"),
        "dpv:hasAuthority": {
            "@type": "dpv:DataProtectionAuthority",
            "dpv:hasName": terms.law.authority.name,
            "schema:url": terms.law.authority.homepage,
        },
        "dpv:hasRight": [{"@type": ["dpv:DataSubjectRight", right]} for right in terms.rights],
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": terms.withdrawal},
        "dpv:hasObligation": [_obligation(duty) for duty in terms.obligations],
    }


def _category(part: Category) -> dict[str, Json]:
    special: list[Json] = ["dpv:SpecialCategoryPersonalData"] if part.special else []
    return {
        "@type": ["dpv:PersonalData", part.dpv, *special],
        "dct:title": part.kind,
        "dct:identifier": [f"{part.kind}.{name}" for name in part.fields],
        "dpv:hasNecessity": _iri("dpv:Required" if part.required else "dpv:Optional"),
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _typed(part.data_from, "xsd:date"),
            "dcat:endDate": _typed(part.data_until, "xsd:date"),
        },
        "cockpit:grain": part.grain.value,
        "dpv:hasDataSource": {"@type": "dpv:DataSubjectDataSource", "dct:identifier": list(part.source)},
    }


def _party(party: Party, role: str) -> dict[str, Json]:
    told = {
        "dpv:hasContact": party.contact,
        "schema:url": party.homepage,
        "dpv:hasAddress": ", ".join(filter(None, (party.address, party.country))),
        "schema:telephone": party.phone,
    }
    known: dict[str, Json] = {name: value for name, value in told.items() if value}
    name: dict[str, Json] = {"@id": _service(party.id), "@type": ["dpv:LegalEntity", role], "dpv:hasName": party.name}
    return name | {"dpv:hasIdentifier": party.id} | known


def _next(category: str) -> dict[str, Json]:
    return {"@type": "dpv:ThirdParty", "dpv:hasName": category}


def _storage(conditions: Conditions) -> list[Json]:
    end = "dpv:StorageDeletion" if conditions.end_action is EndAction.ERASE else "cockpit:StorageAnonymisation"
    return [
        {"@type": "dpv:StorageLocation", "dpv:hasLocation": _places(conditions.places)},
        {"@type": "dpv:StorageDuration", "dpv:hasDuration": _typed(conditions.retention, "xsd:duration")},
        {"@type": end},
    ]


def _bounds(conditions: Conditions) -> dict[str, Json]:
    once = conditions.mode is AccessMode.ONCE
    return {
        "@type": ["dpv:ProcessingCondition", "dpv:ProcessingDuration"],
        "dpv:hasFrequency": {
            "@type": "dpv:SingularFrequency" if once else "dpv:Frequency",
            "cockpit:count": conditions.count,
            "cockpit:per": conditions.per,
        },
        "dcat:startDate": _typed(conditions.since, "xsd:dateTime"),
        "dcat:endDate": _typed(conditions.until, "xsd:dateTime"),
        "cockpit:accessMode": conditions.mode.value,
        "cockpit:consentMode": conditions.consent_mode.value,
    }


def _obligation(duty: Obligation) -> dict[str, Json]:
    return {
        "@type": "dpv:Obligation",
        "dct:title": duty.action,
        "cockpit:trigger": duty.trigger,
        "dpv:hasDuration": _typed(f"P{duty.days}D", "xsd:duration"),
        "cockpit:evidence": duty.evidence,
    }


def _service(identifier: str) -> str:
    return f"urn:mesinfos-cockpit:service:{quote(identifier, safe='')}"


def _iri(name: str) -> dict[str, Json]:
    return {"@id": name}


def _iris(names: tuple[str, ...]) -> list[Json]:
    return [_iri(name) for name in names]


def _places(places: tuple[str, ...]) -> list[Json]:
    return [_iri(f"loc:{place}") for place in places]


def _typed(value: str, of: str) -> dict[str, Json]:
    return {"@value": value, "@type": of}
