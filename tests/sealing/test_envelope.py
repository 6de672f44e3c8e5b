"""An envelope opens in its own place with its own key, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.domain.errors import Tampered
from cockpit.sealing.envelope import (
    FIRST_PREVIOUS,
    EnvelopeKind,
    Place,
    Suite,
    new_key_pair,
    open_with,
    padded_size,
    seal_to,
)

PLACE = Place("a" * 32, "bank", EnvelopeKind.INBOX, 1, 7, FIRST_PREVIOUS, 3)
PRIVATE, PUBLIC = new_key_pair()


@given(st.binary(max_size=4096))
def test_what_is_sealed_opens_the_same(body: bytes) -> None:
    assert open_with(PRIVATE, seal_to(PUBLIC, body, PLACE), PLACE) == body


def test_every_single_bit_flip_is_refused() -> None:
    envelope = seal_to(PUBLIC, b"a salary", PLACE)
    for position in range(len(envelope)):
        for bit in range(8):
            changed = bytearray(envelope)
            changed[position] ^= 1 << bit
            with pytest.raises(Tampered):
                open_with(PRIVATE, bytes(changed), PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"person": "b" * 32},
        {"stream": "tax"},
        {"kind": EnvelopeKind.BLOB},
        {"epoch": 2},
        {"seq": 8},
        {"previous": b"x" * 16},
        {"count": 4},
    ],
)
def test_an_envelope_moved_elsewhere_is_refused(elsewhere: dict[str, object]) -> None:
    envelope = seal_to(PUBLIC, b"a salary", PLACE)
    with pytest.raises(Tampered):
        open_with(PRIVATE, envelope, replace(PLACE, **elsewhere))  # type: ignore[arg-type]


def test_an_envelope_relabelled_for_its_new_place_is_still_refused() -> None:
    envelope = seal_to(PUBLIC, b"a salary", PLACE)
    elsewhere = replace(PLACE, seq=8)
    relabelled = elsewhere.header(Suite.X25519) + envelope[len(PLACE.header(Suite.X25519)) :]
    with pytest.raises(Tampered):
        open_with(PRIVATE, relabelled, elsewhere)


def test_another_key_does_not_open() -> None:
    with pytest.raises(Tampered):
        open_with(new_key_pair()[0], seal_to(PUBLIC, b"a salary", PLACE), PLACE)


@pytest.mark.parametrize("length", [0, 1, 37, 60, 150])
def test_a_truncated_envelope_is_refused(length: int) -> None:
    with pytest.raises(Tampered):
        open_with(PRIVATE, seal_to(PUBLIC, b"a salary", PLACE)[:length], PLACE)


@given(st.integers(min_value=0, max_value=2**40))
def test_padding_adds_at_most_an_eighth_and_never_takes_away(length: int) -> None:
    padded = padded_size(length)
    assert length <= padded <= length + max(length // 8, 1)


@settings(max_examples=30)
@given(st.integers(min_value=1000, max_value=1005))
def test_close_sizes_look_the_same(length: int) -> None:
    assert padded_size(length) == padded_size(1000) or padded_size(length) - padded_size(1000) <= 32
