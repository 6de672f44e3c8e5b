"""One typed datum and where it comes from."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from cockpit.domain.ids import BlobId, ConnectorId, Kind, RecordUid

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
else:
    # A decoder that builds records straight from their bytes cannot follow a type that names itself.
    Json = Any
"""What a record may hold. There are no floats: amounts are decimal strings, so that canonical bytes are exact."""


class Basis(StrEnum):
    """How the datum came to be: said by somebody, measured, or deduced."""

    DECLARED = "declared"
    OBSERVED = "observed"
    INFERRED = "inferred"


class Method(StrEnum):
    """How the connector got it."""

    API = "api"
    SIGNED = "signed"
    PARSED = "parsed"
    OCR = "ocr"
    MANUAL = "manual"


class Verification(StrEnum):
    """What was proved of the datum's origin. Only VALID may ever be shown as proved."""

    VALID = "valid"
    """A signature verified against a certificate that the trust list vouches for, in force when it was made."""
    INVALID = "invalid"
    """A signature is there and does not verify: the data was altered, or signed by somebody else."""
    UNKNOWN_CERTIFICATE = "unknown-certificate"
    """A signature is there; the certificate that made it is not one we know, so nothing is proved."""
    EXPIRED = "expired"
    """The signature verifies, but its certificate was not in force when it was made."""
    UNSIGNED = "unsigned"
    """The format carries no signature; the person brought the file."""


class Versions(StrEnum):
    """What a further version of the same datum does to the earlier ones."""

    REPLACE = "replace"
    """The one stored last is the datum."""
    LATEST = "latest"
    """The one whose own day is the latest is the datum: an old statement does not bring back an old balance."""
    MERGE = "merge"
    """Each completes the others: two halves of a month make the month."""


# Structs, not dataclasses, and never looked at by the garbage collector, since they are trees and no cycle leads back
# to one: they are read from a segment by the thousand, in a third of the time.


class Provenance(msgspec.Struct, frozen=True, gc=False):
    """Where a record comes from and how. ``place`` is a line or a page of the original file."""

    connector: ConnectorId
    connector_version: str
    method: Method
    basis: Basis
    verification: Verification = Verification.UNSIGNED
    issuer: str | None = None
    place: str | None = None
    confidence: int = 100
    """Per cent: 100 for a value read as written, less for one recognised or guessed."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """What a connector yields: one datum, before the store gives it an identity.

    ``source_key`` identifies the datum at its source (a FITID, a meter and month, a seller and number): the same
    datum brought twice has the same key. ``day`` is the datum's own date (``YYYY-MM-DD``, Europe/Paris), and
    ``until`` its last day when it covers a period.
    """

    kind: Kind
    source_key: str
    day: str
    data: dict[str, Json]
    provenance: Provenance
    until: str | None = None


class StoredRecord(msgspec.Struct, frozen=True, gc=False):
    """A record inside a space: the newest version of one ``uid``."""

    uid: RecordUid
    record: Record
    stored_at: str
    """UTC instant, ``YYYY-MM-DDTHH:MM:SSZ``."""
    version: int = 1
    blob: BlobId | None = None
    """The original file it was read from, when there was one."""
    file_name: str | None = None
    history: tuple[str, ...] = ()
    """When each earlier version was stored, oldest first."""
