"""Canonical bytes against the public vectors of RFC 8785, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rfc8785
from hypothesis import example, given
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


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(ANYTHING)
@example('\x00\x08\t\n\x0c\r\x1f\x7f\u2028\u2029/\\"é\ue000\U0001f600')
@example({"\ue000": 1, "\U0001f600": 2, "é": 3, "z": 4, "": 5})
def test_the_quick_way_gives_the_bytes_of_the_reference(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [2**53, -(2**53), {"a": [2**60]}, {1: 2}, "\ud800", [b"x"]])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError, rfc8785.CanonicalizationError)):
        canonical(value)
