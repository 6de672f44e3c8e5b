"""The facts that acts leave in the log: a closed list whose names are never reused."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.domain.record import Json


class EventType(StrEnum):
    """The closed list. A name, once logged, keeps its meaning for ever."""

    SPACE_OPENED = "space.opened"
    SPACE_ERASED = "space.erased"
    SOURCE_REFRESHED = "source.refreshed"
    SERVICE_REGISTERED = "recipient.registered"
    SERVICE_CHANGED = "recipient.changed"
    SERVICE_SUSPENDED = "recipient.suspended"
    CONSENT_REQUESTED = "consent.requested"
    CONSENT_OVERASKED = "consent.overasked"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_DEFERRED = "consent.deferred"
    CONSENT_NARROWED = "consent.narrowed"
    CONSENT_RENEWED = "consent.renewed"
    CONSENT_REVIEWED = "consent.reviewed"
    CONSENT_PAUSED = "consent.paused"
    CONSENT_RESUMED = "consent.resumed"
    CONSENT_SUSPENDED = "consent.suspended"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_REVOKED = "consent.revoked"
    CONSENT_INVALIDATED = "consent.invalidated"
    OBLIGATION_DUE = "obligation.due"
    OBLIGATION_DONE = "obligation.done"
    OBLIGATION_MISSED = "obligation.missed"
    RULES_CHANGED = "rules.changed"
    TOKEN_ISSUED = "token.issued"  # noqa: S105 - an event's name, not a secret
    ACCESS_ALLOWED = "access.allowed"
    ACCESS_REFUSED = "access.refused"
    ACCESS_BATCH = "access.batch"
    ALARM = "alarm.raised"
    EXPORT_MADE = "export.made"
    KEY_ROTATED = "key.rotated"
    KEY_RETIRED = "key.retired"
    WAY_ADDED = "way.added"
    WAY_CHANGED = "way.changed"
    WAY_REMOVED = "way.removed"
    SPACE_RECOVERED = "space.recovered"
    ESCROW_USED = "escrow.used"
    MANDATE_GIVEN = "mandate.given"
    MANDATE_ENDED = "mandate.ended"
    MANDATE_USED = "mandate.used"
    VAULT_KEY_ROTATED = "vault_key.rotated"
    RECORD_ERASED = "record.erased"
    COLLECTION_KEYS_ROTATED = "collection_keys.rotated"
    SHARD_CLOSED = "shard.closed"
    SHARD_EXPIRED = "shard.expired"
    AUDITOR_MANDATED = "auditor.mandated"
    AUDITOR_ENDED = "auditor.ended"
    AUDITOR_READ = "auditor.read"
    AUDITOR_ASKED = "auditor.asked"
    AUDITOR_OPENED = "auditor.opened"
    AUDITOR_EXPORTED = "auditor.exported"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. ``audit`` holds nothing personal and is what an auditor may open; ``subject`` is the person's own.

    Values of records are never in either part: counts, names of kinds, services and uses are.
    """

    type: EventType
    audit: dict[str, Json] = field(default_factory=dict)
    subject: dict[str, Json] = field(default_factory=dict)
