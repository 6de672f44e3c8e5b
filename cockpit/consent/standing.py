"""A person's own rules, set once, that win over every request and every consent. A closed list of types, all pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from cockpit.consent.cedar.values import Entities, Uid
from cockpit.consent.facts import Candidate, ReadRequest
from cockpit.domain.moment import PARIS, parse_instant
from cockpit.domain.place import within
from cockpit.domain.use import Automation, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverShare:
    """Never a kind, or a category of the DPV with all below it: to anyone, to these services, or for these purposes."""

    id: str
    category: str
    services: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepIn:
    """Only services that keep data in these places (ISO 3166-1 codes, or ``EU``)."""

    id: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverPassOn:
    """Only services that pass nothing on."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverAutomated:
    """No service that lets a machine decide."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Nothing is read from ``begin`` until ``end``, ``HH:MM`` in Europe/Paris; over midnight when it begins later."""

    id: str
    begin: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellAbove:
    """Tell the person of each read beyond this number a day, of one consent. It stops nothing."""

    id: str
    reads: int


StandingRule: TypeAlias = NeverShare | KeepIn | NeverPassOn | NeverAutomated | QuietHours | TellAbove


def broken(rules: Iterable[StandingRule], ready: Candidate, request: ReadRequest, entities: Entities) -> list[str]:
    """The ids of the rules that a read would break. Raises ``ValueError`` for an instant that is none."""
    return [rule.id for rule in rules if _breaks(rule, ready, request, entities)]


def against(
    rules: Iterable[StandingRule], asked: Iterable[tuple[Candidate, ReadRequest]], entities: Entities
) -> list[str]:
    """The ids of the rules that some of these reads would break, whatever the hour: those of hours only wait."""
    lasting = [rule for rule in rules if not isinstance(rule, QuietHours)]
    return sorted({rule for ready, read in asked for rule in broken(lasting, ready, read, entities)})


def alerts(rules: Iterable[StandingRule], request: ReadRequest) -> tuple[str, ...]:
    """The ids of the rules by which the person wants to be told of this read, when it is released."""
    return tuple(rule.id for rule in rules if isinstance(rule, TellAbove) and request.reads_spent >= rule.reads)


def _breaks(rule: StandingRule, ready: Candidate, request: ReadRequest, entities: Entities) -> bool:
    declared = ready.recipient.declared
    match rule:
        case NeverShare():
            return _never(rule, ready, request, entities)
        case KeepIn(places=places):
            return declared is None or not within(declared.places, places)
        case NeverPassOn():
            return declared is None or bool(declared.onward)
        case NeverAutomated():
            return declared is None or declared.automation is Automation.DECIDES
        case QuietHours(begin=begin, end=end):
            hour = parse_instant(request.now).astimezone(PARIS).strftime("%H:%M")
            return begin <= hour < end if begin <= end else hour >= begin or hour < end
        case TellAbove():
            return False


def _never(rule: NeverShare, ready: Candidate, request: ReadRequest, entities: Entities) -> bool:
    kind = Uid("Kind", request.kind)
    if request.kind != rule.category and not entities.within(kind, Uid("Category", rule.category)):
        return False
    if not rule.services and not rule.purposes:
        return True
    # What a service says it reads for is its own word: the purposes of the clause count too.
    named = ready.consent.clause.purposes + ((request.purpose,) if request.purpose else ())
    ends = frozenset(Uid("Purpose", purpose) for purpose in rule.purposes)
    return request.service in rule.services or any(entities.within(Uid("Purpose", one), ends) for one in named)


def words_of(rule: StandingRule) -> Words:
    """The rule in both languages, in the person's voice. Categories and purposes are named as they are written."""
    match rule:
        case NeverShare(category=category, services=services, purposes=purposes):
            ends = ", ".join(services + purposes)
            return Words(
                f"Jamais {category}" + (f" à, ni pour : {ends}" if ends else ", à personne"),
                f"Never {category}" + (f" to, nor for: {ends}" if ends else ", to anyone"),
            )
        case KeepIn(places=places):
            names = ", ".join(places)
            return Words(f"Mes données restent ici : {names}", f"My data stays here: {names}")
        case NeverPassOn():
            return Words("Jamais à un service qui transmet mes données", "Never to a service that passes my data on")
        case NeverAutomated():
            return Words("Jamais à un service où une machine décide", "Never to a service where a machine decides")
        case QuietHours(begin=begin, end=end):
            return Words(f"Aucune lecture de {begin} à {end}", f"No reading from {begin} to {end}")
        case TellAbove(reads=reads):
            return Words(f"Me prévenir au-delà de {reads} lectures par jour", f"Tell me above {reads} readings a day")
