"""Cedar expressions, from their JSON form to Python: a closed subset, and anything else refused by name.

The subset: ``== != < <= > >= && || ! in is has . contains containsAll containsAny isEmpty``, ``if``, literals of
values, sets and records, and the four variables. There is no arithmetic, no ``like``, no extension function, no tag.

An expression becomes the text of a Python expression. Nothing of a policy enters that text: names and values stand in
``Writer.names``, under names that are made here. Where Cedar has an evaluation error, Python raises one of ``ERRORS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from cockpit.consent.cedar import values
from cockpit.consent.cedar.values import Entities, EvaluationError, OutsideSubset, Record, Uid, Value, set_of, value_of


class Question(NamedTuple):
    """What Cedar is asked: who wants to do what with which, and all that is known of it."""

    principal: Uid
    action: Uid
    resource: Uid
    context: Record


Json: TypeAlias = dict[str, Any]

ERRORS = (EvaluationError, KeyError)
"""What stands for Cedar's evaluation errors; ``KeyError`` is a record without the attribute."""

_ENTITIES = frozenset({"principal", "action", "resource"})
"""Variables whose value is always an entity."""

_TRUTHS = frozenset("== != < <= > >= && || ! in is has contains containsAll containsAny isEmpty".split())  # noqa: SIM905
"""Operators whose value, when there is one, is a truth."""


def _truth(value: Value) -> bool:
    if value is True or value is False:
        return bool(value)
    raise EvaluationError("not a truth")


def _fail() -> bool:
    raise EvaluationError("an operand of the wrong type")


class NoRecord:
    """Stands for a part of the context that is missing, or is no record: its attributes are looked up the long way."""

    def __init__(self, entities: Entities, context: Record, name: str) -> None:
        self._entities, self._context, self._name = entities, context, name

    def __getitem__(self, attribute: str) -> Value:
        return self._entities.attribute(self._context[self._name], attribute)


@dataclass(slots=True)
class Writer:
    """Writes expressions over the same entities, and keeps the values that their texts name.

    ``parts`` are the local names of those parts of the context in which attributes are looked up: nearly every
    operand is such an attribute, so that what a part is need be asked only once.
    """

    entities: Entities
    names: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names |= {
            "dict": dict, "Uid": Uid, "frozenset": frozenset, "int": int, "PLAIN": values.PLAIN, "ERRORS": ERRORS,
            "truth": _truth, "fail": _fail, "equal": values.equal, "holds": values.holds, "set_of": set_of,
            "holds_all": values.holds_all, "holds_any": values.holds_any, "within": self.entities.within,
            "attribute": self.entities.attribute, "has": self.entities.has,
            "entities": self.entities, "NoRecord": NoRecord,
        }  # fmt: skip

    def text(self, expression: Json) -> str:
        """The Python text of an expression. Raises ``OutsideSubset`` naming what it does not know."""
        (name, body), *more = expression.items()
        rule = _RULES.get(name)
        if rule is None or more:
            raise OutsideSubset(f"the operator {name}")
        return rule(self, body)

    def truth(self, expression: Json) -> str:
        """The text of an expression that must be a truth."""
        text = self.text(expression)
        return text if next(iter(expression)) in _TRUTHS else f"truth({text})"

    def constant(self, value: Value) -> str:
        """A name for a value."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def shared(self, value: Value) -> str:
        """The name of a value that may have one already."""
        known = (name for name, other in self.names.items() if name[0] == "k" and values.equal(other, value))
        return next(known, "") or self.constant(value)

    def part(self, name: str) -> str:
        """The local name of a part of the context."""
        return self.parts.setdefault(name, f"c{len(self.parts)}")

    def prologue(self) -> list[str]:
        """The statements that give the parts of ``context`` their local names."""
        lines = []
        for name, local in self.parts.items():
            known = self.constant(name)
            lines.append(f"{local} = context.get({known})")
            lines.append(f"if type({local}) is not dict: {local} = NoRecord(entities, context, {known})")
        return lines

    def fresh(self) -> str:
        """A name for a local value, used once."""
        name = f"t{len(self.names)}"
        self.names[name] = None
        return name


def _value(writer: Writer, body: Any) -> str:
    return writer.constant(value_of(body))


def _variable(writer: Writer, body: Any) -> str:
    if body not in Question._fields:
        raise OutsideSubset(f"the variable {body}")
    return str(body)


def _attribute(writer: Writer, body: Any) -> str:
    match body["left"]:
        case {"Var": "context"}:
            return f"context[{writer.constant(body['attr'])}]"
        case {".": {"left": {"Var": "context"}, "attr": part}}:
            return f"{writer.part(part)}[{writer.constant(body['attr'])}]"
    of, name = writer.fresh(), writer.constant(body["attr"])
    return f"({of}[{name}] if type({of} := {writer.text(body['left'])}) is dict else attribute({of}, {name}))"


def _has(writer: Writer, body: Any) -> str:
    if not isinstance(body["attr"], str):
        raise OutsideSubset("has with a path")
    of, name = writer.fresh(), writer.constant(body["attr"])
    return f"({name} in {of} if type({of} := {writer.text(body['left'])}) is dict else has({of}, {name}))"


def _and(writer: Writer, body: Any) -> str:
    return f"({writer.truth(body['left'])} and {writer.truth(body['right'])})"


def _or(writer: Writer, body: Any) -> str:
    return f"({writer.truth(body['left'])} or {writer.truth(body['right'])})"


def _not(writer: Writer, body: Any) -> str:
    return f"(not {writer.truth(body['arg'])})"


def _if(writer: Writer, body: Any) -> str:
    return f"({writer.text(body['then'])} if {writer.truth(body['if'])} else {writer.text(body['else'])})"


def _comparison(sign: str) -> Callable[[Writer, Any], str]:
    def rule(writer: Writer, body: Any) -> str:
        one, other = writer.fresh(), writer.fresh()
        left, right = writer.text(body["left"]), writer.text(body["right"])
        whole = f"type({one} := {left}) is int and type({other} := {right}) is int"
        return f"({one} {sign} {other} if {whole} else fail())"

    return rule


def _equal(writer: Writer, body: Any) -> str:
    one, right = writer.fresh(), writer.text(body["right"])
    if type(writer.names.get(right)) in values.PLAIN:
        return f"({writer.text(body['left'])} == {right})"
    # Text and entities are equal to nothing but their like: Python's own comparison is Cedar's.
    return f"({one} == {right} if type({one} := {writer.text(body['left'])}) in PLAIN else equal({one}, {right}))"


def _unequal(writer: Writer, body: Any) -> str:
    return f"(not {_equal(writer, body)})"


def _contains(writer: Writer, body: Any) -> str:
    several, one = writer.fresh(), writer.fresh()
    right = writer.text(body["right"])
    if right in _ENTITIES:
        return f"({right} in {several} if type({several} := {writer.text(body['left'])}) is frozenset else fail())"
    quick = f"type({several} := {writer.text(body['left'])}) is frozenset and type({one} := {right}) in PLAIN"
    return f"({one} in {several} if {quick} else holds({several}, {right}))"


def _in(writer: Writer, body: Any) -> str:
    one, right = writer.fresh(), writer.text(body["right"])
    # Most ask of something that is itself in a set: who stands above whom need not be looked up then.
    several, left = writer.fresh(), writer.text(body["left"])
    quick = f"type({several} := {right}) is frozenset and type({one} := {left}) is Uid and {one} in {several}"
    return f"({quick} or within({left}, {several}))"


def _call(name: str) -> Callable[[Writer, Any], str]:
    return lambda writer, body: f"{name}({writer.text(body['left'])}, {writer.text(body['right'])})"


def _is(writer: Writer, body: Any) -> str:
    if body["left"].get("Var") in _ENTITIES and "in" not in body:
        return f"({body['left']['Var']}.type == {writer.constant(body['entity_type'])})"
    one = writer.fresh()
    whole = f"{one}.type == {writer.constant(body['entity_type'])}"
    if "in" in body:
        whole = f"({whole} and within({one}, {writer.text(body['in'])}))"
    return f"({whole} if type({one} := {writer.text(body['left'])}) is Uid else fail())"


def _is_empty(writer: Writer, body: Any) -> str:
    several = writer.fresh()
    return f"(not {several} if type({several} := {writer.text(body['arg'])}) is frozenset else fail())"


def _set(writer: Writer, body: Any) -> str:
    if all(set(one) == {"Value"} for one in body):
        return writer.constant(set_of(value_of(one["Value"]) for one in body))
    return f"set_of(({''.join(writer.text(one) + ', ' for one in body)}))"


def _record(writer: Writer, body: Any) -> str:
    parts = "".join(f"({writer.constant(name)}, {writer.text(one)}), " for name, one in body.items())
    return f"dict(({parts}))"


_RULES: dict[str, Callable[[Writer, Any], str]] = {
    "Value": _value,
    "Var": _variable,
    "Set": _set,
    "Record": _record,
    ".": _attribute,
    "has": _has,
    "&&": _and,
    "||": _or,
    "!": _not,
    "if-then-else": _if,
    "==": _equal,
    "!=": _unequal,
    "<": _comparison("<"),
    "<=": _comparison("<="),
    ">": _comparison(">"),
    ">=": _comparison(">="),
    "in": _in,
    "is": _is,
    "contains": _contains,
    "containsAll": _call("holds_all"),
    "containsAny": _call("holds_any"),
    "isEmpty": _is_empty,
}
