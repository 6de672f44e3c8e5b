"""RFC 9396 ``authorization_details`` of type ``personal_data_access``: what a service sends, read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from cockpit.consent.request import Ask
from cockpit.domain.consent import AccessMode, Clause
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.ids import Kind
from cockpit.domain.moment import parse_instant
from cockpit.domain.use import Grain

TYPE = "personal_data_access"
MAX_BYTES = 16 * 1024
MAX_NAMES = 64

_MONTHS = re.compile(r"P([1-9][0-9]{0,2})M")


class InvalidDetails(ServiceMustAct):
    """The details are malformed; the message says what to change (RFC 9396 section 5)."""

    code = "invalid_authorization_details"


class _Period(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    from_: str
    to: str


class _Access(msgspec.Struct, forbid_unknown_fields=True):
    until: str
    mode: AccessMode = AccessMode.RECURRING
    max_per_day: int = 1


class _Detail(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    purpose: str
    datatypes: list[str]
    period: _Period
    access: _Access
    retention: str
    actions: list[str] = []
    locations: list[str] = []
    fields: dict[str, list[str]] = {}
    grains: dict[str, Grain] = {}
    optional: list[str] = []
    necessity: str = "required"
    consent_ref: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One detail, read: the use it names and what it asks."""

    reference: str
    ask: Ask


def parse_details(text: str, api: str) -> Asked:
    """The one object of a request's ``authorization_details``; ``api`` is the only location there is.

    Raises ``InvalidDetails`` for anything that is not exactly of the type, or more than one object.
    """
    detail = _only_detail(text)
    if detail.actions not in ([], ["read"]):
        raise InvalidDetails('actions may only be ["read"]')
    if detail.locations not in ([], [api]):
        raise InvalidDetails(f'locations may only be ["{api}"]')
    if detail.necessity != "required":
        raise InvalidDetails("necessity may only be required for the whole; name optional data in optional")
    kinds = {*detail.datatypes}
    if len(detail.datatypes) != len(kinds) or len(kinds) > MAX_NAMES:
        raise InvalidDetails("datatypes must name each kind once")
    for name, mentioned in (("fields", detail.fields), ("grains", detail.grains), ("optional", detail.optional)):
        if not set(mentioned) <= kinds:
            raise InvalidDetails(f"{name} may only name kinds that are in datatypes")
    if any(len(names) != len(set(names)) or len(names) > MAX_NAMES or not names for names in detail.fields.values()):
        raise InvalidDetails("fields must name each field once, and at least one for each kind")
    ask = Ask(
        fields={Kind(kind): tuple(detail.fields.get(kind, ())) for kind in detail.datatypes},
        grains={Kind(kind): grain for kind, grain in detail.grains.items()},
        optional=frozenset(Kind(kind) for kind in detail.optional),
        data_from=_day(detail.period.from_, "period.from"),
        data_until=_day(detail.period.to, "period.to"),
        mode=detail.access.mode,
        max_per_day=detail.access.max_per_day,
        until=_instant(detail.access.until),
        retention_months=_months(detail.retention),
    )
    return Asked(detail.purpose, ask)


def granted_details(clause: Clause, consent: str, api: str) -> list[dict[str, Any]]:
    """What was granted, perhaps narrower than asked, as the token response returns it (RFC 9396 section 7).

    ``api`` is the data API's address, the only location there is.
    """
    return [
        {
            "type": TYPE,
            "locations": [api],
            "actions": ["read"],
            "purpose": f"{clause.use}-v{clause.use_version}",
            "datatypes": [part.kind for part in clause.inputs],
            "fields": {part.kind: list(part.fields) for part in clause.inputs},
            "grains": {part.kind: part.grain.value for part in clause.inputs},
            "period": {"from": clause.data_from, "to": clause.data_until},
            "access": {"mode": clause.mode.value, "max_per_day": clause.max_per_day, "until": clause.expires},
            "retention": clause.retention,
            "recipients": list(clause.recipients),
            "consent_id": consent,
            "expires_at": clause.expires,
        }
    ]


def _only_detail(text: str) -> _Detail:
    try:
        if len(text.encode()) > MAX_BYTES:
            raise InvalidDetails("authorization_details is larger than 16 KiB")
        details = msgspec.json.decode(text, type=list[_Detail])
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        # The library's sentence names the place and the type expected, and goes to nobody but its sender.
        raise InvalidDetails(f"authorization_details: {error}") from error
    if len(details) != 1:
        raise InvalidDetails("authorization_details must hold exactly one object: one purpose, one decision")
    if details[0].type != TYPE:
        raise InvalidDetails(f"the only type here is {TYPE}")
    return details[0]


def _day(text: str, name: str) -> str:
    try:
        # ``fromisoformat`` also reads 20260101 and weeks: only what it would write itself is taken.
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise InvalidDetails(f"{name} must be a day, YYYY-MM-DD")


def _instant(text: str) -> str:
    try:
        at: datetime = parse_instant(text)
    except ValueError as error:
        raise InvalidDetails("access.until must be a UTC instant, YYYY-MM-DDTHH:MM:SSZ") from error
    if at.strftime("%Y-%m-%dT%H:%M:%SZ") != text:
        raise InvalidDetails("access.until must be a UTC instant, YYYY-MM-DDTHH:MM:SSZ")
    return text


def _months(text: str) -> int:
    match = _MONTHS.fullmatch(text)
    if match is None:
        raise InvalidDetails("retention must be a whole number of months, for example P6M")
    return int(match.group(1))
