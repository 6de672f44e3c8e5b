"""Compiled policies: which permit, which forbid, which could not be evaluated; and that any error denies.

Cedar skips a policy that errors, so that a forbid with a mistake in it would forbid nothing. We do not: a verdict with
an error never allows. Policies are named by their ``@id``, never by their place.

All policies of one action become one Python function: a call a policy would cost more than most policies do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from cockpit.consent.cedar.expressions import Json, Question, Writer
from cockpit.consent.cedar.values import Entities, EvaluationError, OutsideSubset, value_of


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What policies said of one question: those satisfied, by effect, and those that could not be evaluated."""

    permits: tuple[str, ...]
    forbids: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def allows(self) -> bool:
        """Our rule: something permits, nothing forbids, and nothing went wrong."""
        return bool(self.permits) and not self.forbids and not self.errors

    @property
    def cedar_allows(self) -> bool:
        """Cedar's own rule, in which errors are skipped."""
        return bool(self.permits) and not self.forbids

    @property
    def determining(self) -> tuple[str, ...]:
        """The policies that decided: those that forbid, or else those that permit; none when nothing applies."""
        return self.forbids or self.permits


Evaluate: TypeAlias = Callable[[Question], Verdict]


@dataclass(frozen=True, slots=True)
class CedarPolicy:
    """One policy: its name, its effect, and what is written on it."""

    id: str
    permits: bool
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CompiledPolicies:
    """Policies that are evaluated together; ``evaluate`` gives every policy's answer to one question."""

    policies: tuple[CedarPolicy, ...]
    evaluate: Evaluate


@dataclass(frozen=True, slots=True)
class _Written:
    policy: CedarPolicy
    action: Json
    condition: str


def compile_policies(exported: Json, entities: Entities, *, by_annotation: bool = True) -> CompiledPolicies:
    """The policies of Cedar's JSON form. Raises ``OutsideSubset`` naming the policy, and what of it we do not know.

    ``by_annotation`` reads names from ``@id``, which must be there and unique; without it (public vectors have none)
    they are the export's own.
    """
    if exported.get("templates") or exported.get("templateLinks"):
        raise OutsideSubset("templates")
    writer = Writer(entities)
    written = [_write(writer, name, policy, by_annotation) for name, policy in exported["staticPolicies"].items()]
    policies = tuple(one.policy for one in written)
    if len({policy.id for policy in policies}) < len(policies):
        raise OutsideSubset("two policies with one @id")
    return CompiledPolicies(policies, _function(writer, written))


def _write(writer: Writer, name: str, policy: Json, by_annotation: bool) -> _Written:
    annotations = {key: value or "" for key, value in policy.get("annotations", {}).items()}
    identifier = annotations.get("id", "") if by_annotation else name
    if not identifier:
        raise OutsideSubset(f"{name}: a policy without @id")
    try:
        parts = [_scope(variable, policy[variable]) for variable in ("principal", "resource")]
        parts += [_condition(condition) for condition in policy.get("conditions", ())]
        texts = [writer.truth(part) for part in parts if part]
    except (OutsideSubset, EvaluationError) as error:
        raise OutsideSubset(f"{identifier}: {error}") from error
    found = CedarPolicy(identifier, policy["effect"] == "permit", annotations)
    return _Written(found, policy["action"], " and ".join(texts) or "True")


def _scope(variable: str, scope: Json) -> Json | None:
    """The expression that a policy's head amounts to; None when it lets everything through."""
    left = {"Var": variable}
    match scope:
        case {"op": "All"}:
            return None
        case {"op": "==" | "in" as name, "entity": entity}:
            return {name: {"left": left, "right": {"Value": {"__entity": entity}}}}
        case {"op": "in", "entities": entities}:
            return {"in": {"left": left, "right": {"Set": [{"Value": {"__entity": one}} for one in entities]}}}
        case {"op": "is", "entity_type": name, "in": {"entity": entity}}:
            return {"is": {"left": left, "entity_type": name, "in": {"Value": {"__entity": entity}}}}
        case {"op": "is", "entity_type": name, **rest} if not rest:
            return {"is": {"left": left, "entity_type": name}}
    raise OutsideSubset(f"the scope {scope.get('op')} of {variable}")


def _condition(condition: Json) -> Json:
    body: Json = condition["body"]
    return {"!": {"arg": body}} if condition["kind"] == "unless" else body


def _function(writer: Writer, written: list[_Written]) -> Evaluate:
    """One function for all: a block a policy, under the test of its action, which policies share."""
    heads: dict[str, list[_Written]] = {}
    for one in written:
        heads.setdefault(_head(writer, one), []).append(one)
    lines = ["def evaluate(question):", " principal, action, resource, context = question"]
    lines += [f" {line}" for line in writer.prologue()]
    lines.append(" permits = (); forbids = (); errors = ()")
    for head, several in heads.items():
        lines.append(f" if {head}:")
        for one in several:
            effect, name = "permits" if one.policy.permits else "forbids", writer.constant((one.policy.id,))
            lines += ["  try:", f"   if {one.condition}: {effect} += {name}"]
            lines += ["  except ERRORS:", f"   errors += {name}"]
    lines.append(" return Verdict(permits, forbids, errors)")
    space = writer.names | {"Verdict": Verdict}
    try:
        code = compile("\n".join(lines), "<policies>", "exec")
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise OutsideSubset("an expression nested too deeply") from error
    # The text holds only words of this package and numbered names; see Writer.
    exec(code, space)  # noqa: S102
    found: Evaluate = space["evaluate"]
    return found


def _head(writer: Writer, written: _Written) -> str:
    """The test of a policy's action. It cannot err: an action is an entity."""
    try:
        expression = _scope("action", written.action)
    except OutsideSubset as error:
        raise OutsideSubset(f"{written.policy.id}: {error}") from error
    if expression is None:
        return "True"
    (name, body) = next(iter(expression.items()))
    right = value_of(body["right"]["Value"]) if "Value" in body["right"] else None
    if name == "==":
        return f"action == {writer.shared(right)}"
    return writer.truth(expression)
