"""Version 1 stays version 1: envelopes sealed once, kept for ever, must go on opening bit for bit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.domain.errors import Tampered
from cockpit.sealing.envelope import EnvelopeKind, Place, Suite, open_under_key, open_with

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "envelopes-v1.json").read_text("utf-8"))


@dataclass(frozen=True)
class Golden:
    suite: Suite
    key: bytes
    place: Place
    body: bytes
    envelope: bytes

    def opened(self, envelope: bytes | None = None) -> bytes:
        opening = open_with if self.suite is Suite.X25519 else open_under_key
        return opening(self.key, self.envelope if envelope is None else envelope, self.place)


def golden(vector: dict[str, object]) -> Golden:
    place = Place(
        str(vector["person"]),
        str(vector["stream"]),
        EnvelopeKind(vector["kind"]),
        int(str(vector["epoch"])),
        int(str(vector["seq"])),
        bytes.fromhex(str(vector["previous"])),
        int(str(vector["count"])),
    )
    key, body, envelope = (bytes.fromhex(str(vector[name])) for name in ("key", "body", "envelope"))
    return Golden(Suite(vector["suite"]), key, place, body, envelope)


ALL = [golden(vector) for vector in VECTORS]
NAMES = [f"{one.place.kind.name}-{one.suite.name}-{len(one.body)}" for one in ALL]


@pytest.mark.parametrize("vector", ALL, ids=NAMES)
def test_a_golden_envelope_opens(vector: Golden) -> None:
    assert vector.opened() == vector.body


def test_there_is_one_of_each_kind_and_suite() -> None:
    assert {(one.place.kind, one.suite) for one in ALL} == {(kind, suite) for kind in EnvelopeKind for suite in Suite}


@pytest.mark.parametrize("vector", [one for one in ALL if len(one.body) == 12], ids=lambda one: one.place.kind.name)
def test_no_bit_of_any_field_of_any_kind_may_change(vector: Golden) -> None:
    for position in range(len(vector.envelope)):
        for bit in range(8):
            changed = bytearray(vector.envelope)
            changed[position] ^= 1 << bit
            with pytest.raises(Tampered):
                vector.opened(bytes(changed))


@pytest.mark.parametrize("vector", [one for one in ALL if len(one.body) == 12], ids=lambda one: one.place.kind.name)
def test_no_length_but_its_own_opens(vector: Golden) -> None:
    for length in range(len(vector.envelope)):
        with pytest.raises(Tampered):
            vector.opened(vector.envelope[:length])
    with pytest.raises(Tampered):
        vector.opened(vector.envelope + b"\x00")


def test_an_envelope_of_one_suite_does_not_pass_for_the_other() -> None:
    for vector in ALL:
        other = open_under_key if vector.suite is Suite.X25519 else open_with
        with pytest.raises(Tampered):
            other(vector.key, vector.envelope, vector.place)
