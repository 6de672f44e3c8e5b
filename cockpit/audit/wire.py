"""What the audit API and the auditor's house say to each other, as JSON; bytes are base64."""

from __future__ import annotations

from typing import Any

import msgspec

AUDIENCE = "/api/v1/audit"
"""The end of the address an auditor's assertion is for: the issuer's, then this."""

MOST_ENTRIES = 500
"""The largest page."""


class Opening(msgspec.Struct, frozen=True):
    """The salt (64 hexadecimal digits) and the part that a commitment is to."""

    salt: str
    part: dict[str, Any]


class BatchRecord(msgspec.Struct, frozen=True):
    """One record of a batch, its canonical bytes, and its audit opening or None when the mandate does not open it."""

    record: bytes
    opening: Opening | None = None


class Entry(msgspec.Struct, frozen=True):
    """A leaf's canonical bytes and its audit opening, or None. A batch has records in the place of an opening."""

    index: int
    leaf: bytes
    opening: Opening | None = None
    records: tuple[BatchRecord, ...] = ()


class Page(msgspec.Struct, frozen=True):
    """Entries of one log, one after another from ``first`` on."""

    log: str
    first: int
    entries: tuple[Entry, ...]


class LogHead(msgspec.Struct, frozen=True):
    """A log and its newest signed checkpoint (a C2SP note)."""

    log: str
    origin: str
    checkpoint: str


class MandateSheet(msgspec.Struct, frozen=True):
    """The mandate as the cockpit has it."""

    id: str
    name: str
    scopes: tuple[str, ...]
    until: str
    thumbprint: str


class State(msgspec.Struct, frozen=True):
    """Where the cockpit stands. ``log_key`` and ``receipts_key`` are raw Ed25519 public keys."""

    issuer: str
    at: str
    mandate: MandateSheet
    logs: tuple[LogHead, ...]
    log_key: bytes
    receipts_key: bytes


class Register(msgspec.Struct, frozen=True):
    """The published uses and kinds, and who is registered. ``special`` names the kinds of GDPR art. 9.

    ``policy`` is the policy hash that the cockpit put into its entries when it showed this.
    """

    policy: str
    uses: dict[str, dict[str, Any]]
    kinds: dict[str, dict[str, Any]]
    special: tuple[str, ...]
    recipients: tuple[dict[str, Any], ...]


class Proof(msgspec.Struct, frozen=True):
    """Hashes of an RFC 9162 proof."""

    hashes: tuple[bytes, ...]


class CaseAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request to open one case: the consent, and why (10 to 500 characters, shown to the person)."""

    consent: str
    reason: str


class Case(msgspec.Struct, frozen=True):
    """A case as auditors see it before it is open. ``agreed_by`` is empty until then."""

    id: str
    asked_by: str
    reason: str
    asked_at: str
    agreed_by: str
    opened_at: str
    expires: str


class Place(msgspec.Struct, frozen=True, order=True):
    """Where an entry stands: its log, its index, and its place in a batch (0 outside one)."""

    log: str
    index: int
    nth: int = 0


class CaseFile(msgspec.Struct, frozen=True):
    """What is opened of one case: what the operator knows while the space is locked. No person and no value."""

    case: Case
    consent: str
    service: str
    service_name: str
    use: str
    clause_sha256: str
    status: str
    expires: str
    pauses: tuple[tuple[str, str], ...]
    entries: tuple[Place, ...]


class Exported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The SHA-256 (64 hexadecimal digits) of the manifest of a bundle that the house signed."""

    manifest_sha256: str
