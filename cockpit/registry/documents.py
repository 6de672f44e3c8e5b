"""Reading a document strictly: every fault of its shape with its key, not the first one only."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a document: where, what, and what to write instead."""

    document: str
    key: str
    says: str
    instead: str

    def __str__(self) -> str:
        where = f"{self.document}: {self.key}" if self.key else self.document
        return f"{where}: {self.says}; instead, {self.instead}"


Finding = tuple[str, str, str]
"""A fault before its document is known: the key, what is wrong, what to write instead."""


def parse(name: str, text: str, shape: type[T]) -> tuple[T | None, dict[str, Any], list[Fault]]:
    """The document as ``shape`` (None when malformed), as it was written, and every fault of its shape."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, {}, [Fault(name, "", f"not TOML: {error}", "write TOML 1.0")]
    faults = [Fault(name, *finding) for finding in _misshapen(raw, shape, "")]
    return (None if faults else msgspec.convert(raw, shape)), raw, faults


def _misshapen(value: object, shape: Any, key: str) -> Iterator[Finding]:
    if dataclasses.is_dataclass(shape):
        yield from _misshapen_table(value, shape, key)
    elif get_origin(shape) is tuple and isinstance(value, list):
        for place, part in enumerate(value):
            yield from _misshapen(part, get_args(shape)[0], f"{key}[{place}]")
    elif get_origin(shape) is dict and isinstance(value, dict):
        for name, part in value.items():
            yield from _misshapen(part, get_args(shape)[1], f"{key}.{name}")
    else:
        try:
            msgspec.convert(value, shape)
        except msgspec.ValidationError as error:
            yield key, str(error), f"write {_described(shape)}"


def _misshapen_table(value: object, shape: Any, key: str) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield key, "not a table", "write a table of keys and values"
        return
    shapes = _shapes(shape)
    for name in sorted(set(value) - set(shapes)):
        yield _under(key, name), "unknown key", f"use one of {', '.join(sorted(shapes))}"
    for name in shapes:
        if name in value:
            yield from _misshapen(value[name], shapes[name], _under(key, name))
        elif name not in _MAY_BE_SILENT:
            yield _under(key, name), "missing", "say it: silence is ambiguous"


_shapes = cache(get_type_hints)
_MAY_BE_SILENT = frozenset({"joint_when"})
"""Keys whose absence can only mean one thing."""


def _under(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _described(shape: Any) -> str:
    if isinstance(shape, type) and issubclass(shape, str) and hasattr(shape, "__members__"):
        return "one of " + ", ".join(str(member.value) for member in shape)  # type: ignore[attr-defined]
    return {int: "a whole number", bool: "true or false", str: "a text"}.get(shape, "a list")
