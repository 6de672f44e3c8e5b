"""A recipient's statements: that it knows a version of a record, or that it erased the data. A JWS by its own key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from joserfc import errors as jose_errors
from joserfc import jws

from cockpit.consent.duties import ACKNOWLEDGE, ERASE
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.ids import ServiceId
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.service import Service
from cockpit.grants.clients import ALGORITHMS, SKEW_SECONDS, key_set

ACKNOWLEDGEMENT_TYPE, ERASURE_TYPE = "consent-acknowledgement+json", "erasure-statement+json"
_ACTIONS = {ACKNOWLEDGEMENT_TYPE: ACKNOWLEDGE, ERASURE_TYPE: ERASE}
_MAX_CHARACTERS = 4096


class BadStatement(ServiceMustAct):
    """The statement is not signed by the service's registered key, or no duty of the service is about its record."""

    code = "bad_statement"


@dataclass(frozen=True, slots=True)
class Statement:
    """That ``service`` did ``action`` about the version whose hash this is. ``at`` is its own UTC instant."""

    action: str
    service: ServiceId
    record_sha256: str
    at: str


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the service signs."""

    service: ServiceId
    record_sha256: str
    at: str


def checked_statement(text: str, service: Service, now: datetime) -> Statement:
    """The statement in a compact JWS. Raises ``BadStatement``, saying what to send instead."""
    if len(text) > _MAX_CHARACTERS:
        raise BadStatement("the statement is too long")
    try:
        read = jws.deserialize_compact(text, key_set(service.jwks["keys"]), algorithms=list(ALGORITHMS))
        said = msgspec.json.decode(read.payload, type=_Said)
        at = parse_instant(said.at)
        action = _ACTIONS.get(read.headers().get("typ", ""))
    except (jose_errors.JoseError, msgspec.MsgspecError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadStatement("sign service, record_sha256 and at with a key of your registration") from error
    if action is None:
        raise BadStatement(f"the typ of the JWS must be {ACKNOWLEDGEMENT_TYPE} or {ERASURE_TYPE}")
    if said.service != service.id:
        raise BadStatement("the statement is of another service")
    if at > now + timedelta(seconds=SKEW_SECONDS):
        raise BadStatement("the statement is dated in the future")
    return Statement(action, said.service, said.record_sha256, instant(at))
