"""A person's own rules on their way: as JSON, and sealed to each grant, so that only a live token opens them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.consent.standing import (
    KeepIn,
    NeverAutomated,
    NeverPassOn,
    NeverShare,
    QuietHours,
    StandingRule,
    TellAbove,
)
from cockpit.domain.errors import Tampered
from cockpit.domain.ids import ConsentId, PersonId
from cockpit.domain.record import Json
from cockpit.grants.keys import opened_body, sealed_body
from cockpit.store.space import RULES, Reader

_WHAT = "rules"
_TYPES: dict[str, type[StandingRule]] = {
    "never-share": NeverShare,
    "keep-in": KeepIn,
    "never-pass-on": NeverPassOn,
    "never-automated": NeverAutomated,
    "quiet-hours": QuietHours,
    "tell-above": TellAbove,
}
"""A name keeps its meaning for ever: rules are kept for years."""
_NAMES = {made: name for name, made in _TYPES.items()}


def type_of(rule: StandingRule) -> str:
    """The name of a rule's type, as it is written and shown."""
    return _NAMES[type(rule)]


def rules_of(reader: Reader) -> tuple[StandingRule, ...]:
    """The rules in force, from the person's own space. Raises ``Tampered``."""
    lines = list(reader.lines(RULES))
    return rules_from_json(lines[-1]["rules"]) if lines else ()


def rules_to_json(rules: Sequence[StandingRule]) -> list[Json]:
    """The rules as JSON values, each with its ``type``."""
    return [{"type": type_of(rule), **msgspec.to_builtins(rule)} for rule in rules]


def rules_from_json(values: Sequence[dict[str, Any]]) -> tuple[StandingRule, ...]:
    """What ``rules_to_json`` wrote. Raises ``Tampered`` for a type or a member that is unknown."""
    try:
        return tuple(
            msgspec.convert({name: value[name] for name in value if name != "type"}, _TYPES[value["type"]])
            for value in values
        )
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise Tampered("a person's own rules cannot be read") from error


def seal_rules(public: bytes, rules: Sequence[StandingRule], person: PersonId, consent: ConsentId) -> bytes:
    """The rules sealed to a grant's public key; nothing when there is none."""
    body = msgspec.json.encode(rules_to_json(rules))
    return sealed_body(public, body, person, consent, _WHAT) if rules else b""


def open_rules(private: bytes, sealed: bytes, person: PersonId, consent: ConsentId) -> tuple[StandingRule, ...]:
    """Undo ``seal_rules``. Raises ``Tampered``."""
    if not sealed:
        return ()
    return rules_from_json(msgspec.json.decode(opened_body(private, sealed, person, consent, _WHAT)))
