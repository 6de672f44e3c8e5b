"""Identifiers, each its own type, so that one is never taken for another."""

from __future__ import annotations

from typing import NewType

PersonId = NewType("PersonId", str)
"""A citizen's space: 32 lowercase hexadecimal digits, random, meaning nothing outside this deployment."""

ServiceId = NewType("ServiceId", str)
"""A recipient: the OAuth ``client_id``, always starting with ``c_``."""

UseId = NewType("UseId", str)
"""A use of the registry, for example ``energy-advice``."""

ConsentId = NewType("ConsentId", str)
"""One person's decision on one use: 32 lowercase hexadecimal digits."""

ConnectorId = NewType("ConnectorId", str)
"""A connector's manifest id, for example ``fr.enedis.csv``."""

RecordUid = NewType("RecordUid", str)
"""A record's identity inside one space: 32 hexadecimal digits, keyed, so that it says nothing outside it."""

BlobId = NewType("BlobId", str)
"""An original file inside one space: 32 hexadecimal digits, keyed like a record's."""

Kind = NewType("Kind", str)
"""A record's type, for example ``bank.transaction``; the part before the dot names its collection."""

Collection = NewType("Collection", str)
"""All records of one kind family in one space; the unit that has its own key."""


def collection_of(kind: Kind) -> Collection:
    """The collection a kind belongs to: ``energy.series`` lives in ``energy``."""
    return Collection(kind.partition(".")[0])
