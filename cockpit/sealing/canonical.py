"""Canonical bytes of JSON values (RFC 8785), so that what is hashed or signed has one form only."""

from __future__ import annotations

import json
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value. Raises ``TypeError`` for a float: exact values only."""
    _refuse_floats(value)
    return rfc8785.dumps(value)


def parse_canonical(data: bytes) -> Any:
    """The value of canonical bytes. Raises ``ValueError`` for bytes that are not exactly canonical."""
    try:
        value = json.loads(data)
        if canonical(value) == data:
            return value
    except (TypeError, ValueError, RecursionError, rfc8785.CanonicalizationError) as error:
        raise ValueError("not canonical JSON") from error
    raise ValueError("not canonical JSON")


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("canonical values hold no floats: write an amount as a decimal string")
    if isinstance(value, dict):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)
