"""A slot opens with its secret and the operator's pepper, and with nothing less."""

from __future__ import annotations

import pytest

from cockpit.domain.errors import Tampered, WrongSecret
from cockpit.sealing.box import new_key, open_under, seal_under
from cockpit.sealing.keyring import (
    GrantedKeyring,
    KdfCost,
    Keyring,
    collection_private,
    kit_slot,
    new_collection,
    open_kit_slot,
    open_passphrase_slot,
    passphrase_slot,
)

COST = KdfCost(memory_kib=64)
PERSON = "a" * 32


def test_a_passphrase_opens_its_slot() -> None:
    vault_key, pepper = new_key(), new_key()
    slot = passphrase_slot(vault_key, "quatre mots", pepper, COST, PERSON)
    assert open_passphrase_slot(slot, "quatre mots", pepper, PERSON) == vault_key


@pytest.mark.parametrize(
    ("passphrase", "same_pepper", "person"),
    [("autre chose", True, PERSON), ("quatre mots", False, PERSON), ("quatre mots", True, "b" * 32)],
)
def test_a_slot_refuses_another_passphrase_pepper_or_person(passphrase: str, same_pepper: bool, person: str) -> None:
    pepper = new_key()
    slot = passphrase_slot(new_key(), "quatre mots", pepper, COST, PERSON)
    with pytest.raises(WrongSecret):
        open_passphrase_slot(slot, passphrase, pepper if same_pepper else new_key(), person)


def test_a_kit_opens_its_slot_and_no_other() -> None:
    vault_key, secret, pepper = new_key(), new_key(), new_key()
    slot = kit_slot(vault_key, secret, pepper, PERSON)
    assert open_kit_slot(slot, secret, pepper, PERSON) == vault_key
    with pytest.raises(WrongSecret):
        open_kit_slot(slot, new_key(), pepper, PERSON)


def test_a_collection_key_opens_its_collection_alone() -> None:
    vault_key = new_key()
    bank, tax = new_collection(vault_key, PERSON, "bank"), new_collection(vault_key, PERSON, "tax")
    ring = Keyring(PERSON, vault_key)
    assert collection_private(ring.collection_key("bank", bank), bank, PERSON, "bank")
    with pytest.raises(Tampered):
        collection_private(ring.collection_key("bank", bank), tax, PERSON, "tax")


def test_a_grant_opens_only_what_was_granted() -> None:
    granted = GrantedKeyring(PERSON, {"bank": new_key()})
    with pytest.raises(Tampered):
        granted.collection_key("tax", new_collection(new_key(), PERSON, "tax"))


def test_a_value_sealed_for_one_place_opens_in_no_other() -> None:
    key = new_key()
    sealed = seal_under(key, b"secret", "here")
    assert open_under(key, sealed, "here") == b"secret"
    with pytest.raises(Tampered):
        open_under(key, sealed, "there")


def test_keyrings_show_nothing() -> None:
    secret = new_key()
    assert secret.hex() not in repr(Keyring(PERSON, secret))
    assert repr(secret) not in repr(Keyring(PERSON, secret))
