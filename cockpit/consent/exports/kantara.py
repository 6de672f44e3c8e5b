"""A record as a Kantara Consent Receipt 1.1.0: what a live, full version can say of itself in that format."""

from __future__ import annotations

import uuid

from cockpit.domain.consent_record import ConsentRecord, Party, Terms
from cockpit.domain.moment import parse_instant
from cockpit.domain.record import Json

VERSION = "KI-CR-v1.1.0"


def kantara(record: ConsentRecord, public_key: str = "") -> dict[str, Json] | None:
    """The receipt as JSON values (section 4 of the specification); ``public_key`` is the key that signs the record.

    None for a refusal, a withdrawal and every other state in which no consent is in force, and for a short version:
    the format can say none of these.
    """
    terms = record.terms
    if terms is None or not record.state.live:
        return None
    special: list[Json] = [part.dpv for part in terms.categories if part.special]
    receipt: dict[str, Json] = {
        "version": VERSION,
        "jurisdiction": terms.law.jurisdiction,
        "consentTimestamp": int(parse_instant(record.at).timestamp()),
        "collectionMethod": f"{record.expression.type}, {record.expression.method}",
        # Each version is a receipt of its own; the record's id stays through all of them.
        "consentReceiptID": str(uuid.uuid5(uuid.UUID(record.id), str(record.version))),
        "language": terms.notice.language,
        "piiPrincipalId": record.subject,
        "piiControllers": [_controller(party) for party in terms.controllers],
        "policyUrl": terms.controllers[0].homepage,
        "services": [{"service": record.use, "purposes": [_purpose(terms, purpose) for purpose in terms.purposes]}],
        "sensitive": bool(special),
        "spiCat": special,
    }
    return receipt | {"publicKey": public_key} if public_key else receipt


def _controller(party: Party) -> dict[str, Json]:
    return {
        "piiController": party.name,
        "onBehalf": False,
        "contact": party.contact,
        "address": {"streetAddress": party.address, "addressCountry": party.country},
        "email": party.contact,
        "phone": party.phone,
        "piiControllerUrl": party.homepage,
    }


def _purpose(terms: Terms, purpose: str) -> dict[str, Json]:
    conditions = terms.conditions
    told: dict[str, Json] = {
        "purpose": purpose.rpartition("#")[2],
        "purposeCategory": [purpose],
        "consentType": "EXPLICIT",
        "piiCategory": list[Json](sorted({part.dpv for part in terms.categories})),
        "primaryPurpose": purpose == terms.purposes[0],
        "termination": f"{conditions.until}; {conditions.retention}, {conditions.end_action.value}",
        "thirdPartyDisclosure": bool(conditions.onward),
    }
    return told | {"thirdPartyName": ", ".join(conditions.onward)} if conditions.onward else told
