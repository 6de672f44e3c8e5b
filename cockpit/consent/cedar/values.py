"""Cedar's values as Python's: what is equal, what holds what, and who stands above whom.

A Cedar Bool is a ``bool``, a Long an ``int``, a String a ``str``, a Set a ``frozenset``, a Record a ``dict`` and an
entity a ``Uid``. Python takes ``True`` for ``1`` and Cedar does not: ``equal`` and ``holds`` see to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias


class Uid(NamedTuple):
    """An entity: its type and its identifier."""

    type: str
    id: str


Record: TypeAlias = dict[str, Any]
"""A Cedar record. Never changed once made."""

Value: TypeAlias = Any
"""``bool | int | str | frozenset | dict | Uid``."""


class Kept(NamedTuple):
    """A record in a set, where Python wants what can be hashed."""

    items: frozenset[tuple[str, Any]]


class EvaluationError(Exception):
    """An expression has no value: an attribute is missing, or something is of another type than its operator takes."""


class OutsideSubset(ValueError):
    """Something of Cedar that we do not evaluate, named: an extension type, arithmetic, a tag, a template."""


PLAIN = frozenset({str, Uid})
"""Types whose values Python compares as Cedar does."""


def value_of(json: object) -> Value:
    """The value that Cedar's JSON writes. Raises ``OutsideSubset`` for extension values and for null."""
    if isinstance(json, bool | int | str):
        return json
    if isinstance(json, list):
        try:
            return set_of(value_of(one) for one in json)
        except EvaluationError as error:
            raise OutsideSubset(str(error)) from error
    if isinstance(json, dict):
        if "__extn" in json:
            raise OutsideSubset("an extension value")
        if "__entity" in json:
            return uid_of(json["__entity"])
        return {name: value_of(one) for name, one in json.items()}
    raise OutsideSubset(f"a value of JSON type {type(json).__name__}")


def uid_of(json: Mapping[str, str]) -> Uid:
    """The entity that ``{"type", "id"}`` names."""
    return Uid(json["type"], json["id"])


def set_of(values: Iterable[Value]) -> frozenset[Value]:
    """A set. Raises ``EvaluationError`` where Python would take a truth and a number for the same element."""
    known = [_kept(value) for value in values]
    made = frozenset(known)
    if len(made) < len(known) and len(made) < len({_strict(one) for one in known}):
        raise EvaluationError("a set of both truths and numbers")
    return made


def _kept(value: Value) -> Value:
    return Kept(frozenset((name, _kept(one)) for name, one in value.items())) if value.__class__ is dict else value


def _strict(value: Value) -> object:
    """The value with the type at every depth, for comparisons that Python would make too kindly."""
    if value.__class__ is frozenset:
        return (frozenset, frozenset(_strict(one) for one in value))
    if value.__class__ is Kept:
        return (Kept, frozenset((name, _strict(one)) for name, one in value.items))
    if value.__class__ is dict:
        return (dict, frozenset((name, _strict(one)) for name, one in value.items()))
    return (value.__class__, value)


def equal(one: Value, other: Value) -> bool:
    """Cedar's ``==``: values of two types differ, and that is no error."""
    if one.__class__ is not other.__class__:
        return False
    if one.__class__ is frozenset or one.__class__ is dict or one.__class__ is Kept:
        return bool(one == other) and _strict(one) == _strict(other)
    return bool(one == other)


def holds(several: Value, one: Value) -> bool:
    """Cedar's ``contains``."""
    if several.__class__ is not frozenset:
        raise EvaluationError("contains: not a set")
    if one.__class__ in PLAIN:
        return one in several
    kept = _kept(one)
    return kept in several and any(equal(kept, element) for element in several)


def holds_all(several: Value, others: Value) -> bool:
    """Cedar's ``containsAll``."""
    if type(several) is not frozenset or type(others) is not frozenset:
        raise EvaluationError("containsAll: not a set")
    if not others <= several:
        return False
    return all(not (type(one) is not str and type(one) is not Uid and not holds(several, one)) for one in others)


def holds_any(several: Value, others: Value) -> bool:
    """Cedar's ``containsAny``."""
    if several.__class__ is not frozenset or others.__class__ is not frozenset:
        raise EvaluationError("containsAny: not a set")
    return any(holds(several, one) for one in others)


_NONE: frozenset[Uid] = frozenset()


@dataclass(frozen=True, slots=True)
class Entities:
    """The entities that policies may look at: who stands above each, at any height, and their attributes."""

    above: dict[Uid, frozenset[Uid]] = field(default_factory=dict)
    attributes: dict[Uid, Record] = field(default_factory=dict)

    def within(self, one: Value, other: Value) -> bool:
        """Cedar's ``in``, for an entity or a set of them on the right."""
        if one.__class__ is not Uid:
            raise EvaluationError("in: not an entity")
        if other.__class__ is Uid:
            return one == other or other in self.above.get(one, _NONE)
        if other.__class__ is frozenset and all(each.__class__ is Uid for each in other):
            return one in other or not other.isdisjoint(self.above.get(one, _NONE))
        raise EvaluationError("in: neither an entity nor a set of them")

    def attribute(self, of: Value, name: str) -> Value:
        """Cedar's ``.``: an attribute of a record or of an entity."""
        if of.__class__ is dict:
            found: Mapping[str, Value] = of
        elif of.__class__ is Uid:
            found = self.attributes.get(of) or {}
        else:
            raise EvaluationError(f"{name}: neither a record nor an entity")
        if name not in found:
            raise EvaluationError(f"{name}: no such attribute")
        return found[name]

    def has(self, of: Value, name: str) -> bool:
        """Cedar's ``has``; an entity that is not known has nothing."""
        if of.__class__ is dict:
            return name in of
        if of.__class__ is Uid:
            return name in (self.attributes.get(of) or {})
        raise EvaluationError(f"has {name}: neither a record nor an entity")


def entities_of(json: Iterable[Mapping[str, Any]]) -> Entities:
    """The entities that Cedar's JSON lists, with the closure of their parents. Raises ``OutsideSubset``."""
    parents: dict[Uid, list[Uid]] = {}
    attributes: dict[Uid, Record] = {}
    for one in json:
        if one.get("tags"):
            raise OutsideSubset("an entity with tags")
        uid = uid_of(_plain_uid(one["uid"]))
        parents[uid] = [uid_of(_plain_uid(parent)) for parent in one.get("parents", ())]
        attributes[uid] = value_of(one.get("attrs", {}))
    return Entities({uid: _closure(uid, parents) for uid in parents}, attributes)


def _plain_uid(json: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = json.get("__entity", json)
    return found


def _closure(uid: Uid, parents: Mapping[Uid, list[Uid]]) -> frozenset[Uid]:
    reached: set[Uid] = set()
    waiting = list(parents[uid])
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += parents.get(one, [])
    return frozenset(reached)
