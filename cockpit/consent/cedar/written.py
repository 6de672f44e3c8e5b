"""Questions and values as Cedar's JSON writes them, for whoever asks again later."""

from __future__ import annotations

from typing import Any

from cockpit.consent.cedar.expressions import Json, Question
from cockpit.consent.cedar.values import Uid, Value


def question_json(asked: Question) -> Json:
    """A question: three entities, and the context."""
    entities = {name: uid_json(getattr(asked, name)) for name in ("principal", "action", "resource")}
    return {**entities, "context": cedar_json(asked.context)}


def cedar_json(value: Value) -> Any:
    """A value; a set's elements in an order of their own."""
    if isinstance(value, Uid):
        return {"__entity": uid_json(value)}
    if isinstance(value, dict):
        return {name: cedar_json(one) for name, one in value.items()}
    if isinstance(value, frozenset):
        return sorted((cedar_json(one) for one in value), key=str)
    return value


def uid_json(uid: Uid) -> dict[str, str]:
    """An entity by its type and identifier."""
    return {"type": uid.type, "id": uid.id}
