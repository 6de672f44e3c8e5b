"""A mandate: somebody named acts for the person, in a capacity, until a day, with a passphrase of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.domain.consent_record import Actor, ActorRole
from cockpit.domain.record import Json
from cockpit.domain.way import WayId


class Capacity(StrEnum):
    """In which capacity somebody acts for the person. A name is sealed and logged: it keeps its meaning for ever."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    HELPER = "helper"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Who acts, known from the way that opened the space and never from what they say.

    ``id`` is that way's; ``until`` is the instant from which it opens nothing. ``name`` is the actor's, empty while
    the space is locked.
    """

    id: WayId
    capacity: Capacity
    until: str
    name: str = field(repr=False)

    @property
    def actor(self) -> Actor:
        """Who acts, as a consent record says it: no name."""
        return Actor(ActorRole(self.capacity.value), mandate=self.id)

    @property
    def told(self) -> dict[str, Json]:
        """Who acts, as the person reads it in their own history and on their receipts."""
        named: dict[str, Json] = {"name": self.name} if self.name else {}
        return {"capacity": self.capacity.value, "mandate": self.id, **named}
