"""A recipient's acknowledgement of a consent, a refusal or a withdrawal: a JWS by its registered key."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from joserfc import errors as jose_errors
from joserfc import jws

from cockpit.consent.record.acknowledgement import Acknowledgement
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.ids import ServiceId
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.service import Service
from cockpit.grants.clients import ALGORITHMS, SKEW_SECONDS, key_set

ACKNOWLEDGEMENT_TYPE = "consent-acknowledgement+json"
_MAX_CHARACTERS = 4096


class BadAcknowledgement(ServiceMustAct):
    """The acknowledgement is not signed by the service's registered key, or is not about this record."""

    code = "bad_acknowledgement"


class _Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the service signs."""

    service: ServiceId
    record_sha256: str
    at: str


def checked_acknowledgement(text: str, service: Service, record_sha256: str, now: datetime) -> Acknowledgement:
    """The acknowledgement in a compact JWS. Raises ``BadAcknowledgement``, saying what to send instead."""
    if len(text) > _MAX_CHARACTERS:
        raise BadAcknowledgement("the acknowledgement is too long")
    try:
        read = jws.deserialize_compact(text, key_set(service.jwks["keys"]), algorithms=list(ALGORITHMS))
        said = msgspec.json.decode(read.payload, type=_Statement)
        at = parse_instant(said.at)
    except (jose_errors.JoseError, msgspec.MsgspecError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadAcknowledgement("sign service, record_sha256 and at with a key of your registration") from error
    if read.headers().get("typ") != ACKNOWLEDGEMENT_TYPE:
        raise BadAcknowledgement(f"the typ of the JWS must be {ACKNOWLEDGEMENT_TYPE}")
    if said.service != service.id or said.record_sha256 != record_sha256:
        raise BadAcknowledgement("the acknowledgement is about another record, or of another service")
    if at > now + timedelta(seconds=SKEW_SECONDS):
        raise BadAcknowledgement("the acknowledgement is dated in the future")
    return Acknowledgement(said.service, said.record_sha256, instant(at))
