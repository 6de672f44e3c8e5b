"""What the policy engine answers: a value that carries its reasons, and all that it was decided on."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from cockpit.domain.consent import ClauseInput
from cockpit.domain.ids import ConsentId
from cockpit.domain.use import Words


class Facet(StrEnum):
    """What a policy looks at; one policy forbids for each. In the order in which a refusal names its first reason."""

    STANDING_RULE = "standing-rule"
    LIVE = "live"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    SUBJECT = "subject"
    RECIPIENT = "recipient"
    SERVICE = "service"
    DECLARATION = "declaration"
    CATEGORY = "category"
    FIELDS = "fields"
    DECLARED_FIELDS = "declared-fields"
    PURPOSE = "purpose"
    OPERATION = "operation"
    GRAIN = "grain"
    PERIOD = "period"
    FREQUENCY = "frequency"
    RETENTION = "retention"
    PLACE = "place"
    ONWARD = "onward"
    AUTOMATED = "automated"
    SPECIAL = "special"


class Reason(StrEnum):
    """Why a read is refused. Stable codes: they are in the log and in every refusal a service receives."""

    NO_CONSENT = "no-consent"
    NOT_ACTIVE = "not-active"
    EXPIRED = "expired"
    OTHER_SERVICE = "other-service"
    NOT_DECLARED = "not-declared"
    KIND_NOT_COVERED = "kind-not-covered"
    FIELD_NOT_COVERED = "field-not-covered"
    OUTSIDE_PERIOD = "outside-period"
    TOO_FINE = "too-fine"
    QUOTA_SPENT = "quota-spent"
    STANDING_RULE = "standing-rule"
    OTHER_PERSON = "other-person"
    SERVICE_STOPPED = "service-stopped"
    OTHER_PURPOSE = "other-purpose"
    OTHER_OPERATION = "other-operation"
    KEPT_TOO_LONG = "kept-too-long"
    KEPT_ELSEWHERE = "kept-elsewhere"
    PASSED_ON = "passed-on"
    MORE_AUTOMATED = "more-automated"
    NOT_EXPLICIT = "not-explicit"
    UNDECIDABLE = "undecidable"


REASONS: dict[Facet, Reason] = {
    Facet.STANDING_RULE: Reason.STANDING_RULE,
    Facet.LIVE: Reason.NOT_ACTIVE,
    Facet.PAUSED: Reason.NOT_ACTIVE,
    Facet.SUSPENDED: Reason.NOT_ACTIVE,
    Facet.EXPIRED: Reason.EXPIRED,
    Facet.SUBJECT: Reason.OTHER_PERSON,
    Facet.RECIPIENT: Reason.OTHER_SERVICE,
    Facet.SERVICE: Reason.SERVICE_STOPPED,
    Facet.DECLARATION: Reason.NOT_DECLARED,
    Facet.CATEGORY: Reason.KIND_NOT_COVERED,
    Facet.FIELDS: Reason.FIELD_NOT_COVERED,
    Facet.DECLARED_FIELDS: Reason.NOT_DECLARED,
    Facet.PURPOSE: Reason.OTHER_PURPOSE,
    Facet.OPERATION: Reason.OTHER_OPERATION,
    Facet.GRAIN: Reason.TOO_FINE,
    Facet.PERIOD: Reason.OUTSIDE_PERIOD,
    Facet.FREQUENCY: Reason.QUOTA_SPENT,
    Facet.RETENTION: Reason.KEPT_TOO_LONG,
    Facet.PLACE: Reason.KEPT_ELSEWHERE,
    Facet.ONWARD: Reason.PASSED_ON,
    Facet.AUTOMATED: Reason.MORE_AUTOMATED,
    Facet.SPECIAL: Reason.NOT_EXPLICIT,
}
"""The code that a refusal for a facet carries."""


class Grounds(msgspec.Struct, frozen=True, gc=False):
    """What a decision rests on.

    ``policies`` are the names of those that determined it, ``reasons`` their words, ``facets`` what blocks (empty when
    the read is allowed). ``use`` is ``id@version``, ``consent`` ``id@epoch``; both are empty when there was no consent.
    ``policy_set`` is the SHA-256 of the policies, ``request`` the request's id, ``at`` its UTC instant. ``alerts`` are
    the person's own rules that want to be told of an allowed read.
    """

    policies: tuple[str, ...]
    facets: tuple[Facet, ...]
    reasons: tuple[Words, ...]
    use: str
    consent: str
    policy_set: str
    request: str
    at: str
    alerts: tuple[str, ...] = ()


class Allowed(msgspec.Struct, frozen=True, gc=False):
    """The read may go on, projected to ``allowed`` (never wider than what was asked) and this window of days."""

    consent: ConsentId
    allowed: ClauseInput
    data_from: str
    data_until: str
    obligations: tuple[str, ...]
    grounds: Grounds


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The read stops here. ``disagreement`` tells that our engine and Cedar's came to different answers."""

    reason: Reason
    grounds: Grounds
    consent: ConsentId | None = None
    disagreement: bool = False


Decision: TypeAlias = Allowed | Refused
