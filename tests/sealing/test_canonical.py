"""Canonical bytes against the public vectors of RFC 8785, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.sealing.canonical import canonical, parse_canonical
from cockpit.verifier import verify

VECTORS = Path(__file__).parent.parent / "vectors" / "rfc8785"
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("name", ["arrays", "french", "unicode", "weird"])
def test_public_vector(name: str) -> None:
    value = json.loads((VECTORS / "input" / f"{name}.json").read_text("utf-8"))
    expected = bytes.fromhex((VECTORS / "outhex" / f"{name}.txt").read_text())
    assert canonical(value) == expected
    assert verify.canonical(value) == expected


@given(values)
def test_what_is_written_is_read_back_and_the_verifier_writes_the_same(value: object) -> None:
    assert parse_canonical(canonical(value)) == value
    assert verify.canonical(value) == canonical(value)


@pytest.mark.parametrize("value", [1.5, [0.1], {"a": {"b": 2.0}}])
def test_floats_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize(
    "data", [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b"[1.0]", b"", b"\xff", b'"\\u0041"']
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not canonical"):
        parse_canonical(data)
