"""The indexes of spaces that are unlocked: in memory, by session, few, and forgotten as soon as the space locks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from cockpit.domain.ids import PersonId


class Sized(Protocol):
    """What may be held."""

    @property
    def size(self) -> int:
        """Bytes of memory it takes."""


Held = TypeVar("Held", bound=Sized)


@dataclass(slots=True)
class _Entry(Generic[Held]):
    person: PersonId
    held: Held
    used: datetime


@dataclass(slots=True)
class OpenIndexes(Generic[Held]):
    """At most ``most`` indexes of at most ``most_bytes`` together, each for as long as its session is used.

    ``clock`` gives the present; ``idle`` is how long an index outlives its last use. What is forgotten is only
    memory: it is opened again from the sealed snapshot.
    """

    clock: Callable[[], datetime]
    idle: timedelta
    most: int = 64
    most_bytes: int = 1 << 30
    _entries: OrderedDict[str, _Entry[Held]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get(self, session: str, person: PersonId) -> Held | None:
        """The index of this session, when it is this person's."""
        with self._lock:
            self._sweep()
            entry = self._entries.get(session)
            if entry is None or entry.person != person:
                return None
            entry.used = self.clock()
            self._entries.move_to_end(session)
            return entry.held

    def keep(self, session: str, person: PersonId, held: Held) -> None:
        """Hold an index; those unused for longest make room. One that is larger than all the room is not held."""
        with self._lock:
            self._entries.pop(session, None)
            self._sweep()
            if held.size > self.most_bytes:
                return
            self._entries[session] = _Entry(person, held, self.clock())
            while len(self._entries) > self.most or self._bytes() > self.most_bytes:
                self._entries.popitem(last=False)

    def drop(self, session: str) -> None:
        """Forget the index of a session: it locked, or ended."""
        with self._lock:
            self._entries.pop(session, None)

    def drop_person(self, person: PersonId, but: str = "") -> None:
        """Forget every index of a person, except that of the session ``but``."""
        with self._lock:
            for session in [key for key, entry in self._entries.items() if entry.person == person and key != but]:
                del self._entries[session]

    def sweep(self) -> None:
        """Forget what was not used for ``idle``; done at each use too, this is for a timer."""
        with self._lock:
            self._sweep()

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def _sweep(self) -> None:
        now = self.clock()
        for session in [key for key, entry in self._entries.items() if now - entry.used > self.idle]:
            del self._entries[session]

    def _bytes(self) -> int:
        return sum(entry.held.size for entry in self._entries.values())
