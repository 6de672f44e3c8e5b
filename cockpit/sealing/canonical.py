"""Canonical bytes of JSON values (RFC 8785), so that what is hashed or signed has one form only."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import rfc8785

_encode = msgspec.json.Encoder(order="sorted").encode
_SCALARS = frozenset({str, bool, type(None)})
_WHOLE = 1 << 53


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value. Raises ``TypeError`` for a float: exact values only."""
    if _plain(value):
        try:
            encoded = _encode(value)
        except UnicodeEncodeError:
            return rfc8785.dumps(value)
        # RFC 8785 section 3.2.3 sorts names by UTF-16, which differs from UTF-8 beyond the basic plane alone.
        if encoded.isascii() or not _beyond_bmp(encoded):
            return encoded
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


def _beyond_bmp(encoded: bytes) -> bool:
    """Whether UTF-8 has characters beyond the basic plane: they begin with one of these bytes (RFC 3629 section 3)."""
    # Written out: five searches for a byte are much faster than a pattern, or a loop over them.
    return b"\xf0" in encoded or b"\xf1" in encoded or b"\xf2" in encoded or b"\xf3" in encoded or b"\xf4" in encoded


def _plain(value: Any) -> bool:
    """Whether both encoders agree on a value; the slower one says what is wrong with the others.

    Raises ``TypeError`` for a float.
    """
    kind = type(value)
    if kind in _SCALARS:
        return True
    # Every part is looked at, even once the answer is known: a float may come after.
    if kind is dict:
        return all([type(name) is str and (type(inner) in _SCALARS or _plain(inner)) for name, inner in value.items()])  # noqa: C419
    if kind is list or kind is tuple:
        return all([type(inner) in _SCALARS or _plain(inner) for inner in value])  # noqa: C419
    if kind is int:
        return bool(-_WHOLE < value < _WHOLE)
    if isinstance(value, float):
        raise TypeError("canonical values hold no floats: write an amount as a decimal string")
    if isinstance(value, dict | list | tuple):
        # A subclass: its parts are looked at for floats, and the slower encoder does the rest.
        for inner in value.values() if isinstance(value, dict) else value:
            _plain(inner)
    return False
