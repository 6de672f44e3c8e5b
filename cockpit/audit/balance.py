"""How many consents were in force, from their entries alone: who gave which is not said, so these are bounds.

An entry of a consent names its service and use, and no consent: what is counted is how many there were of each pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from cockpit.audit.checked import Fact
from cockpit.audit.facts import ENDS, purpose_of

Pair = tuple[str, str]
"""A service and a use."""


@dataclass(slots=True)
class Tally:
    """The consents of one pair so far. ``asleep`` is the least number that must be paused or suspended."""

    given: int = 0
    ended: int = 0
    paused: int = 0
    suspended: int = 0

    @property
    def open(self) -> int:
        """Given and not ended."""
        return self.given - self.ended

    @property
    def most_live(self) -> int:
        """The most that may be read under."""
        return self.open - min(self.paused + self.suspended, self.open)

    def count(self, event: str) -> None:
        """Take one event in; where two readings are possible, the one that leaves more consents live."""
        if event == "consent.given":
            self.given += 1
        elif event in ENDS:
            self.ended += 1
            self._wake()
        elif event == "consent.paused":
            self.paused += 1
        elif event == "consent.resumed":
            self.paused = max(0, self.paused - 1)
        elif event == "consent.suspended":
            # It may have been a paused one: then it sleeps once, not twice.
            self.paused = max(0, self.paused - 1)
            self.suspended += 1
        elif event == "consent.renewed":
            self.suspended = max(0, self.suspended - 1)

    def _wake(self) -> None:
        if self.suspended:
            self.suspended -= 1
        else:
            self.paused = max(0, self.paused - 1)


@dataclass(slots=True)
class Balances:
    """Every pair's tally as the facts go by, in the order of ``facts``."""

    tallies: defaultdict[Pair, Tally] = field(default_factory=lambda: defaultdict(Tally))
    minute: str = ""
    highest: dict[Pair, int] = field(default_factory=dict)

    def take(self, fact: Fact) -> None:
        """Count one event of a consent."""
        self._turn(fact.at)
        pair = purpose_of(fact)
        before = self.tallies[pair].most_live
        self.tallies[pair].count(fact.type)
        self.highest[pair] = max(self.highest.get(pair, before), self.tallies[pair].most_live)

    def most_live(self, fact: Fact, ordered: bool) -> int:
        """The most consents under which this access may have been. ``ordered``: its log also holds the consents.

        In another log only the minute is known: then the most there were at any moment of that minute.
        """
        self._turn(fact.at)
        pair = purpose_of(fact)
        now = self.tallies[pair].most_live if pair in self.tallies else 0
        return now if ordered else max(now, self.highest.get(pair, 0))

    def _turn(self, minute: str) -> None:
        if minute != self.minute:
            self.minute, self.highest = minute, {}


def tallied(found: Iterable[Fact]) -> dict[Pair, Tally]:
    """Every pair's tally after these events."""
    balances = Balances()
    for fact in found:
        balances.take(fact)
    return dict(balances.tallies)
