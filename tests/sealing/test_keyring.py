"""A collection key opens its collection, and nothing else does."""

from __future__ import annotations

import pytest

from cockpit.domain.errors import Tampered
from cockpit.sealing.box import new_key, open_under, seal_under
from cockpit.sealing.keyring import GrantedKeyring, Keyring, collection_private, new_collection, resealed

PERSON = "a" * 32


def test_a_collection_key_opens_its_collection_alone() -> None:
    vault_key = new_key()
    bank, tax = new_collection(vault_key, PERSON, "bank"), new_collection(vault_key, PERSON, "tax")
    ring = Keyring(PERSON, vault_key)
    assert collection_private(ring.collection_key("bank", bank), bank, PERSON, "bank")
    with pytest.raises(Tampered):
        collection_private(ring.collection_key("bank", bank), tax, PERSON, "tax")


def test_a_collection_moved_to_another_vault_key_opens_with_that_one_alone() -> None:
    old, new = new_key(), new_key()
    before = new_collection(old, PERSON, "bank")
    after = resealed(old, new, before, PERSON, "bank")
    assert Keyring(PERSON, new).collection_key("bank", after) == Keyring(PERSON, old).collection_key("bank", before)
    with pytest.raises(Tampered):
        Keyring(PERSON, old).collection_key("bank", after)


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
