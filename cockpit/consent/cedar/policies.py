"""Compiled policies: which permit, which forbid, which could not be evaluated; and that any error denies.

Cedar skips a policy that errors, so that a forbid with a mistake in it would forbid nothing. We do not: a verdict with
an error never allows. Policies are named by their ``@id``, never by their place.

All policies of one action become one Python function: a call a policy would cost more than most policies do. Those
that look at nothing but what stays the same from one read to the next are answered once, and their answer is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    parts: frozenset[str]


def compile_policies(
    exported: Json, entities: Entities, *, by_annotation: bool = True, settled: frozenset[str] = frozenset()
) -> CompiledPolicies:
    """The policies of Cedar's JSON form. Raises ``OutsideSubset`` naming the policy, and what of it we do not know.

    ``by_annotation`` reads names from ``@id``, which must be there and unique; without it (public vectors have none)
    they are the export's own. ``settled`` names parts of the context that whoever asks never changes once made, and
    gives again as the same object: what policies say of these parts and of entities alone is worked out once.
    """
    if exported.get("templates") or exported.get("templateLinks"):
        raise OutsideSubset("templates")
    writer = Writer(entities)
    written = [_write(writer, name, policy, by_annotation) for name, policy in exported["staticPolicies"].items()]
    policies = tuple(one.policy for one in written)
    if len({policy.id for policy in policies}) < len(policies):
        raise OutsideSubset("two policies with one @id")
    return CompiledPolicies(policies, _function(writer, written, settled))


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
    return _Written(found, policy["action"], " and ".join(texts) or "True", frozenset(_looks_at(policy)))


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


def _looks_at(body: object) -> Iterator[str]:
    """The parts of the context that a policy names; the empty name for the context as a whole."""
    match body:
        case {".": {"left": {"Var": "context"}, "attr": str(part)}}:
            yield part
        case {"Var": "context"}:
            yield ""
        case dict():
            for inner in body.values():
                yield from _looks_at(inner)
        case list():
            for inner in body:
                yield from _looks_at(inner)


def _function(writer: Writer, written: list[_Written], settled: frozenset[str]) -> Evaluate:
    """One function for all, or one for what is settled and one for the rest, which asks the first when it must."""
    once = [one for one in written if settled and one.parts <= settled]
    each_time = [one for one in written if one not in once]
    if not once:
        return _made(writer, "evaluate", [*_blocks(writer, written), "return Verdict(permits, forbids, errors)"])
    keep = _Settled(tuple(one.policy.id for one in written))
    locals_ = [writer.part(name) for name in sorted(settled)]
    key = f"({', '.join(f'id({name})' for name in ('principal', 'action', 'resource', *locals_))})"
    whole = " and ".join(f"type({name}) is dict" for name in locals_)
    alive = f"(principal, action, resource, {', '.join(locals_)})"
    writer.names |= {"keep": keep, "kept": keep.verdicts, "id": id}
    settle = [
        *_blocks(writer, once),
        "verdict = Verdict(permits, forbids, errors)",
        f"if {whole}: keep.put({key}, verdict, {alive})",
        "return verdict",
    ]
    writer.names["settle"] = _made(writer, "settle", settle)
    lines = [
        *_blocks(writer, each_time),
        f"found = kept.get({key})",
        "verdict = settle(question) if found is None else found[0]",
        "if permits or forbids or errors: return keep.joined(verdict, permits, forbids, errors)",
        "return verdict",
    ]
    return _made(writer, "evaluate", lines)


class _Settled:
    """Verdicts on what stays the same, by the identities of what they are about.

    What a verdict is about is kept beside it: as long as it is here, nothing else can have its identity.
    """

    def __init__(self, order: tuple[str, ...]) -> None:
        self.verdicts: dict[tuple[int, ...], tuple[Verdict, object]] = {}
        self._place = {policy: place for place, policy in enumerate(order)}

    def put(self, key: tuple[int, ...], verdict: Verdict, about: object) -> None:
        """Keep one; when there are many, forget all first."""
        if len(self.verdicts) >= _MOST_SETTLED:
            self.verdicts.clear()
        self.verdicts[key] = verdict, about

    def joined(
        self, verdict: Verdict, permits: tuple[str, ...], forbids: tuple[str, ...], errors: tuple[str, ...]
    ) -> Verdict:
        """The whole verdict, its policies in their own order."""
        return Verdict(
            self._ordered(verdict.permits, permits),
            self._ordered(verdict.forbids, forbids),
            self._ordered(verdict.errors, errors),
        )

    def _ordered(self, settled: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(settled + others, key=self._place.__getitem__)) if settled and others else settled or others


_MOST_SETTLED = 8192


def _blocks(writer: Writer, written: list[_Written]) -> list[str]:
    """A block a policy, under the test of its action, which policies share."""
    heads: dict[str, list[_Written]] = {}
    for one in written:
        heads.setdefault(_head(writer, one), []).append(one)
    lines = ["permits = (); forbids = (); errors = ()"]
    for head, several in heads.items():
        lines.append(f"if {head}:")
        for one in several:
            effect, name = "permits" if one.policy.permits else "forbids", writer.constant((one.policy.id,))
            lines += [" try:", f"  if {one.condition}: {effect} += {name}"]
            lines += [" except ERRORS:", f"  errors += {name}"]
    return lines


def _made(writer: Writer, name: str, body: list[str]) -> Evaluate:
    """The function of these lines over a question."""
    lines = [f"def {name}(question):", " principal, action, resource, context = question"]
    lines += [f" {line}" for line in (*writer.prologue(), *body)]
    space = writer.names | {"Verdict": Verdict}
    try:
        code = compile("\n".join(lines), "<policies>", "exec")
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise OutsideSubset("an expression nested too deeply") from error
    # The text holds only words of this package and numbered names; see Writer.
    exec(code, space)  # noqa: S102
    found: Evaluate = space[name]
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
