"""Set one's own rules: once, for every request and every running consent, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.accounts.sessions import Visit, only_the_person, unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.consent.standing import StandingRule
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.grants.rules import rules_to_json, seal_rules, type_of
from cockpit.store import consents
from cockpit.store.space import RULES

MOST_RULES = 50
_UID = "rules"


class TooManyRules(CitizenMustAct):
    """More rules than a person can keep in mind, or than a read should be held against."""

    code = "too_many_rules"


def set_rules(cockpit: Cockpit, visit: Visit, rules: Sequence[StandingRule]) -> None:
    """Put these in the place of all that were: from the next read on, whatever was consented to.

    Raises ``OnlyThePerson``, ``SpaceLocked``, and ``TooManyRules`` beyond 50.
    """
    only_the_person(visit)
    unlocked(visit)
    if len(rules) > MOST_RULES:
        raise TooManyRules(f"keep to {MOST_RULES} rules", most=MOST_RULES)
    now, person = cockpit.clock(), visit.person
    with cockpit.database.write(person) as connection:
        for consent in consents.open_ones_of(connection, person):
            row = consents.get(connection, person, consent)
            if row.grant_public:
                consents.set_rules(connection, row, seal_rules(row.grant_public, rules, person, consent))
        types: list[Json] = [*sorted({type_of(rule) for rule in rules})]
        line = {"uid": _UID, "at": instant(now), "rules": rules_to_json(rules)}
        cockpit.spaces.writer(connection, person).note(RULES, line)
        event = Event(EventType.RULES_CHANGED, {"count": len(rules)}, {"count": len(rules), "types": types})
        cockpit.ledger.append(connection, event, now, person)
