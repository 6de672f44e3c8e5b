"""The facts that the house holds, in the order of time, and the register it was shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from cockpit.audit.checked import Fact
from cockpit.audit.wire import Register

ENDS = frozenset({"consent.withdrawn", "consent.expired", "consent.revoked", "consent.invalidated"})
"""After these nothing may be read."""


def facts(kept: sqlite3.Connection, *types: str, since: str = "", until: str = "9") -> Iterator[Fact]:
    """The facts of these types (all without any), between two minutes, both included.

    In the order of minutes; within one, consents before accesses, then by their places.
    """
    where = f"type IN ({','.join('?' * len(types))}) AND" if types else ""
    rows = kept.execute(
        f"SELECT log, position, nth, at, type, policy, part FROM fact WHERE {where} at >= ? AND at <= ?"  # noqa: S608
        " ORDER BY at, log <> 'consent', log, position, nth",
        (*types, since, until),
    )
    for log, position, nth, at, event, policy, part in rows:
        yield Fact(log, position, nth, at, event, policy, json.loads(part) if part else None)


def register(kept: sqlite3.Connection) -> Register | None:
    """The newest register the house was shown, or None."""
    found = kept.execute("SELECT content FROM register ORDER BY seen_at DESC, sha256 LIMIT 1").fetchone()
    return msgspec.json.decode(found[0], type=Register) if found else None


def purpose_of(fact: Fact) -> tuple[str, str]:
    """The service and the use that a fact names; nothing where it names none."""
    return fact.said("service"), fact.said("use")


def kinds_of(fact: Fact) -> list[str]:
    """The kinds of data that a fact names."""
    part: dict[str, Any] = fact.part or {}
    several = part.get("kinds")
    if isinstance(several, list):
        return [str(kind) for kind in several]
    return [fact.said("kind")] if fact.said("kind") else []


def unopened(found: Iterable[Fact]) -> int:
    """How many of these the mandate does not open: an answer without them is not whole."""
    return sum(1 for fact in found if fact.part is None)
