"""A slot opens with its secret, the operator's pepper, and its own row unchanged; with nothing less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cockpit.domain.errors import Tampered, WrongSecret
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.box import new_key
from cockpit.sealing.slots import (
    HIGHEST_COST,
    KdfCost,
    Slot,
    escrow_slot,
    guardians_slot,
    kit_slot,
    open_passphrase_slot,
    open_slot,
    passkey_slot,
    passphrase_slot,
    stretch,
    temporary_kit_slot,
)

COST = KdfCost(memory_kib=64)
PERSON = "a" * 32
SECRET, PEPPER, VAULT_KEY = b"s" * 32, b"p" * 32, b"v" * 32
EXPIRES = "2026-11-26T09:30:00Z"

MADE: dict[str, Callable[[], Slot]] = {
    "kit": lambda: kit_slot(VAULT_KEY, SECRET, PEPPER, PERSON),
    "temporary kit": lambda: temporary_kit_slot(VAULT_KEY, SECRET, PEPPER, PERSON, EXPIRES),
    "guardians": lambda: guardians_slot(VAULT_KEY, SECRET, PEPPER, PERSON),
    "passkey": lambda: passkey_slot(VAULT_KEY, SECRET, b"i" * 32, PEPPER, PERSON),
}


def test_a_passphrase_opens_its_slot() -> None:
    slot = passphrase_slot(VAULT_KEY, "quatre mots", PEPPER, COST, PERSON)
    assert open_passphrase_slot(slot, "quatre mots", PEPPER, PERSON) == VAULT_KEY


@pytest.mark.parametrize(
    ("passphrase", "pepper", "person"),
    [("autre chose", PEPPER, PERSON), ("quatre mots", b"q" * 32, PERSON), ("quatre mots", PEPPER, "b" * 32)],
)
def test_a_slot_refuses_another_passphrase_pepper_or_person(passphrase: str, pepper: bytes, person: str) -> None:
    slot = passphrase_slot(VAULT_KEY, "quatre mots", PEPPER, COST, PERSON)
    with pytest.raises(WrongSecret):
        open_passphrase_slot(slot, passphrase, pepper, person)


@pytest.mark.parametrize("made", MADE)
def test_a_secret_opens_its_slot_and_no_other_secret_pepper_or_person_does(made: str) -> None:
    slot = MADE[made]()
    assert open_slot(slot, SECRET, PEPPER, PERSON) == VAULT_KEY
    for secret, pepper, person in ((new_key(), PEPPER, PERSON), (SECRET, new_key(), PERSON), (SECRET, PEPPER, "b")):
        with pytest.raises(WrongSecret):
            open_slot(slot, secret, pepper, person)


@pytest.mark.parametrize("secret", [b"", b"s" * 31, b"s" * 33])
def test_a_secret_of_another_length_is_refused(secret: bytes) -> None:
    with pytest.raises(WrongSecret):
        open_slot(MADE["kit"](), secret, PEPPER, PERSON)


@pytest.mark.parametrize("made", MADE)
def test_an_edited_row_opens_nothing(made: str) -> None:
    slot = MADE[made]()
    flipped = bytes([slot.wrapped[20] ^ 1])
    edits = [
        replace(slot, id=WayId("0" * 32)),
        replace(slot, salt=slot.salt + b"x"),
        replace(slot, cost=COST),
        replace(slot, expires="2099-01-01T00:00:00Z"),
        replace(slot, wrapped=slot.wrapped[:20] + flipped + slot.wrapped[21:]),
        replace(slot, wrapped=slot.wrapped[:-1]),
        replace(slot, wrapped=b""),
        *(replace(slot, type=other) for other in WayType if other is not slot.type),
    ]
    for edited in edits:
        with pytest.raises(WrongSecret):
            open_slot(edited, SECRET, PEPPER, PERSON)


def test_two_slots_of_one_person_cannot_be_swapped() -> None:
    one, other = MADE["kit"](), MADE["kit"]()
    with pytest.raises(WrongSecret):
        open_slot(replace(one, wrapped=other.wrapped), SECRET, PEPPER, PERSON)


def test_a_cheaper_cost_does_not_open_even_with_a_key_stretched_that_way() -> None:
    """The attack: rewrite the row for a cheap cost, and wrap nothing anew, hoping that the cost is only a hint."""
    slot = passphrase_slot(VAULT_KEY, "quatre mots", PEPPER, KdfCost(memory_kib=128), PERSON)
    for cheaper in (KdfCost(64), KdfCost(128, iterations=1), KdfCost(128, lanes=2)):
        with pytest.raises(WrongSecret):
            open_passphrase_slot(replace(slot, cost=cheaper), "quatre mots", PEPPER, PERSON)
        # Even the right stretched secret opens only beside the cost it was sealed with.
        with pytest.raises(WrongSecret):
            open_slot(replace(slot, cost=cheaper), stretch("quatre mots", slot.salt, slot.cost), PEPPER, PERSON)


@pytest.mark.parametrize(
    "cost",
    [
        KdfCost(HIGHEST_COST.memory_kib + 1),
        KdfCost(64, iterations=1_000_000),
        KdfCost(64, lanes=9),
        KdfCost(0, 0, 0),
        KdfCost(-1),
        KdfCost(4),
    ],
)
def test_a_cost_that_was_never_ours_is_not_even_tried(cost: KdfCost) -> None:
    with pytest.raises(Tampered):
        stretch("quatre mots", bytes(16), cost)


def test_an_escrow_opens_with_the_row_and_the_pepper_only() -> None:
    slot = escrow_slot(VAULT_KEY, PEPPER, PERSON)
    assert open_slot(slot, slot.salt, PEPPER, PERSON) == VAULT_KEY
    with pytest.raises(WrongSecret):
        open_slot(slot, slot.salt, new_key(), PERSON)


def test_a_slot_shows_nothing() -> None:
    slot = MADE["kit"]()
    assert repr(slot.wrapped) not in repr(slot)
