"""Every access replayed against what the other entries say: what was allowed and could not have been.

What can be replayed from audit parts alone: that at least one consent of this service to this use was in force, that
the service was registered, not stopped, and had declared the use, and that kinds and fields are the use's. What cannot:
which person's consent it was, its period, its own narrower fields and its number of reads. Those are the person's, and
a case's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from cockpit.audit.balance import Balances
from cockpit.audit.checked import Fact
from cockpit.audit.facts import facts, kinds_of, purpose_of, register
from cockpit.audit.wire import Register


@dataclass(frozen=True, slots=True)
class Finding:
    """An access that could not have been, and the code of why."""

    fact: Fact
    code: str


@dataclass(slots=True)
class Recipients:
    """Who was registered, stopped, and had declared what, as the facts go by."""

    declared: dict[str, set[str]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)

    def take(self, fact: Fact) -> None:
        """Take in what one entry says of a recipient."""
        service = fact.said("service")
        if fact.type == "recipient.suspended":
            self.stopped.add(service)
            return
        self.stopped.discard(service)
        uses = (fact.part or {}).get("uses" if fact.type == "recipient.registered" else "grew")
        declared = self.declared.setdefault(service, set())
        if isinstance(uses, list):
            declared.update(str(use) for use in uses)

    def fault(self, fact: Fact) -> str:
        """Why this service could not have read for this use, or nothing."""
        service, use = purpose_of(fact)
        if service not in self.declared:
            return "not-registered"
        if service in self.stopped:
            return "recipient-suspended"
        return "" if use in self.declared[service] else "not-declared"


def replayed(kept: sqlite3.Connection) -> Iterator[Finding]:
    """The accesses that could not have been, in the order of time. None is what an auditor hopes for."""
    balances, recipients, known = Balances(), Recipients(), register(kept)
    for fact in facts(kept):
        if fact.part is None:
            continue
        if fact.type.startswith("consent."):
            balances.take(fact)
        elif fact.type.startswith("recipient."):
            recipients.take(fact)
        elif fact.type == "access.allowed":
            for code in _faults(fact, balances, recipients, known):
                yield Finding(fact, code)


def _faults(fact: Fact, balances: Balances, recipients: Recipients, known: Register | None) -> Iterator[str]:
    if balances.most_live(fact, fact.log == "consent") < 1:
        yield "no-consent-in-force"
    # Without this scope nothing is known of recipients, and nothing can be said.
    if recipients.declared and (fault := recipients.fault(fact)):
        yield fault
    if known is not None:
        yield from _outside_the_use(fact, known)


def _outside_the_use(fact: Fact, known: Register) -> Iterator[str]:
    use = known.uses.get(purpose_of(fact)[1])
    if use is None:
        yield "use-not-published"
        return
    inputs = {part["kind"]: set(part["fields"]) for part in use["inputs"]}
    fields = (fact.part or {}).get("fields")
    named = {str(name) for name in fields} if isinstance(fields, list) else set()
    for kind in kinds_of(fact):
        if kind not in inputs:
            yield "kind-outside-use"
        elif not named <= inputs[kind]:
            yield "field-outside-use"
