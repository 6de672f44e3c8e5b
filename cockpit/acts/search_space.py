"""Search a space: its index opened and brought up to date, asked, and what was found read from the records."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.ids import Kind
from cockpit.domain.record import StoredRecord
from cockpit.registry import Registry
from cockpit.sealing.keyring import Keyring
from cockpit.search.query import Found, Hit, KindTitles, Query, short_of
from cockpit.search.words import terms
from cockpit.store import search
from cockpit.store.refreshing import refresh_index
from cockpit.store.search import Snapshot
from cockpit.store.space import Reader

WORTH_KEEPING = 256 * 1024
"""Bytes under which an index is opened anew each time: that takes a few milliseconds."""
_SHORTEST_TITLE_WORD = 3


@dataclass(frozen=True, slots=True)
class Answers:
    """What a search gave: the index's word for it, and the records themselves in the same order."""

    found: Found
    records: tuple[StoredRecord, ...]


def search_space(cockpit: Cockpit, visit: Visit, query: Query) -> Answers:
    """The records of an open space that answer ``query``. Raises ``SpaceLocked``; ``Tampered`` for damaged records."""
    keyring = unlocked(visit)
    snapshot = _opened(cockpit, visit, keyring)
    found = snapshot.index.search(query, title_words(cockpit.registry))
    with cockpit.spaces.read(keyring) as reader:
        return Answers(found, _records(reader, found.hits))


def open_index(cockpit: Cockpit, visit: Visit) -> None:
    """Open the index that a search of this visit would, so that the first need not wait: 0.2 s for a million records.

    Nothing is made for who has no index yet. Raises ``SpaceLocked``; ``Tampered`` for damaged records.
    """
    keyring = unlocked(visit)
    with cockpit.database.read(visit.person) as connection:
        made = search.exists(connection, visit.person)
    if made:
        _opened(cockpit, visit, keyring)


def title_words(registry: Registry) -> KindTitles:
    """The words of the kinds' titles, in both languages, with the kinds they name."""
    named: dict[str, set[Kind]] = {}
    for kind, sheet in registry.kinds.items():
        for word in terms(f"{sheet.title.fr} {sheet.title.en}"):
            if len(word) >= _SHORTEST_TITLE_WORD:
                named.setdefault(word, set()).add(kind)
    return {word: frozenset(kinds) for word, kinds in named.items()}


def _opened(cockpit: Cockpit, visit: Visit, keyring: Keyring) -> Snapshot:
    held = cockpit.indexes.get(visit.session, visit.person)
    snapshot = refresh_index(cockpit.spaces, keyring, cockpit.registry.kinds, held)
    if snapshot is not held and snapshot.size >= WORTH_KEEPING:
        cockpit.indexes.keep(visit.session, visit.person, snapshot)
    return snapshot


def _records(reader: Reader, hits: tuple[Hit, ...]) -> tuple[StoredRecord, ...]:
    """What was found, as stored now; what went away meanwhile is left out."""
    here: dict[tuple[Kind, int], StoredRecord] = {}
    for kind in {hit.kind for hit in hits}:
        days = frozenset(hit.day for hit in hits if hit.kind == kind)
        here |= {(kind, short_of(stored.uid)): stored for stored in reader.on_days(kind, days)}
    return tuple(here[(hit.kind, hit.short)] for hit in hits if (hit.kind, hit.short) in here)
