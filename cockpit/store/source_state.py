"""What the cockpit remembers of a source without being able to read the space: which records it already brought.

Sealed under the person's source key, which the operator's key wraps: the worker can add to a locked space without
repeating itself, and a copy of the database alone says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlalchemy import Connection, delete, insert, select

from cockpit.domain.ids import ConnectorId, PersonId
from cockpit.sealing.box import open_under, seal_under
from cockpit.store import tables


@dataclass(slots=True)
class SourceState:
    """Keyed digests of the versions seen of each record, by keyed uid."""

    seen: dict[str, list[bytes]]

    def reconcile(self, uid: str, digest: bytes, *, keep_all: bool) -> Literal["new", "changed"] | None:
        """Whether the record is new, changed or (None) already here; remembers it.

        With ``keep_all`` a version seen at any time adds nothing: for kinds whose versions are merged.
        """
        known = self.seen.get(uid)
        if known is None:
            self.seen[uid] = [digest]
            return "new"
        if digest in known:
            return None
        self.seen[uid] = [*known, digest] if keep_all else [digest]
        return "changed"


def load_state(connection: Connection, key: bytes, person: PersonId, connector: ConnectorId) -> SourceState:
    """The state of one source, empty on its first run. Raises ``Tampered``."""
    table = tables.source
    sealed = connection.execute(
        select(table.c.sealed_state).where(table.c.person_id == person, table.c.source_id == connector)
    ).scalar_one_or_none()
    if sealed is None:
        return SourceState({})
    plain = open_under(key, sealed, f"source state {person} {connector}")
    return SourceState(msgspec.msgpack.decode(plain, type=dict[str, list[bytes]]))


def save_state(
    connection: Connection, key: bytes, person: PersonId, connector: ConnectorId, state: SourceState
) -> None:
    """Seal and keep the state of one source."""
    table = tables.source
    sealed = seal_under(key, msgspec.msgpack.encode(state.seen), f"source state {person} {connector}")
    connection.execute(delete(table).where(table.c.person_id == person, table.c.source_id == connector))
    connection.execute(insert(table).values(person_id=person, source_id=connector, sealed_state=sealed))
