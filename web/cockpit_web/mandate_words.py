"""Those who act for a person, in words: each capacity at the head of a line and inside a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from cockpit.domain.mandate import Capacity, Mandate
from cockpit.domain.moment import PARIS, parse_instant
from cockpit_web.languages import marked


@dataclass(frozen=True, slots=True)
class CapacityWords:
    """How a capacity is called: ``title`` in a list, ``inside`` a sentence; ``hint`` says for whom it is."""

    title: str
    inside: str
    hint: str


CAPACITY_WORDS = {
    Capacity.HELPER: CapacityWords(
        marked("Proche qui m'aide"),
        marked("proche qui aide"),
        marked("Un an au plus. Ne peut pas autoriser la santé, ni ce qu'une machine décide."),
    ),
    Capacity.GUARDIAN: CapacityWords(
        marked("Tuteur ou curateur"),
        marked("tuteur ou curateur"),
        marked("Cinq ans au plus. Nommé par un juge."),
    ),
    Capacity.PARENT: CapacityWords(
        marked("Parent"),
        marked("parent"),
        marked("Jusqu'au jour choisi, par exemple les 18 ans de l'enfant."),
    ),
}


@dataclass(frozen=True, slots=True)
class ActingFor:
    """Somebody who acts for a person, as pages say it. ``last_day`` (``YYYY-MM-DD``) is still theirs."""

    id: str
    name: str
    words: CapacityWords
    last_day: str


def acting_for(mandate: Mandate) -> ActingFor:
    """The mandate in words."""
    last = parse_instant(mandate.until).astimezone(PARIS) - timedelta(seconds=1)
    return ActingFor(mandate.id, mandate.name, CAPACITY_WORDS[mandate.capacity], last.date().isoformat())
