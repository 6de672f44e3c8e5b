"""The policy sets that decisions were made under, each kept whole under its hash: a decision can be made again."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from cockpit.store import tables

_TABLE = tables.policy_set


def find(connection: Connection, sha256: str) -> bytes | None:
    """The document of a set, whose SHA-256 is its name; None when it never decided here."""
    found = connection.execute(select(_TABLE.c.document).where(_TABLE.c.sha256 == sha256)).scalar_one_or_none()
    return None if found is None else bytes(found)


def put(connection: Connection, sha256: str, document: bytes) -> None:
    """Keep a set for good; nothing changes when it is there."""
    if find(connection, sha256) is None:
        connection.execute(insert(_TABLE).values(sha256=sha256, document=document))
