"""The person's keys: the vault key and the collection keys beneath.

See ``docs/explanation/sealing.md`` for the hierarchy. A ``Keyring`` exists only while a space is unlocked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cockpit.domain.errors import Tampered
from cockpit.sealing.box import new_key, open_under, seal_under
from cockpit.sealing.envelope import new_key_pair


@dataclass(frozen=True, slots=True)
class CollectionKeys:
    """The stored keys of one epoch of a collection: the public one in clear, the others sealed."""

    epoch: int
    public: bytes
    sealed_key: bytes
    sealed_private: bytes


def new_collection(vault_key: bytes, person: str, collection: str, epoch: int = 1) -> CollectionKeys:
    """Fresh keys for one epoch of a collection: its key under the vault key, its private key under its key."""
    key = new_key()
    private, public = new_key_pair()
    return CollectionKeys(
        epoch=epoch,
        public=public,
        sealed_key=seal_under(vault_key, key, _key_context(person, collection, epoch)),
        sealed_private=seal_under(key, private, f"collection private {person} {collection} {epoch}"),
    )


def collection_key(vault_key: bytes, keys: CollectionKeys, person: str, collection: str) -> bytes:
    """The collection key, from the vault key. Raises ``Tampered``."""
    return open_under(vault_key, keys.sealed_key, _key_context(person, collection, keys.epoch))


def resealed(old: bytes, new: bytes, keys: CollectionKeys, person: str, collection: str) -> CollectionKeys:
    """The same keys under another vault key. Raises ``Tampered``."""
    key = collection_key(old, keys, person, collection)
    return replace(keys, sealed_key=seal_under(new, key, _key_context(person, collection, keys.epoch)))


def collection_private(key: bytes, keys: CollectionKeys, person: str, collection: str) -> bytes:
    """The private key of one epoch, from its collection key (a grant holds that one). Raises ``Tampered``."""
    return open_under(key, keys.sealed_private, f"collection private {person} {collection} {keys.epoch}")


@dataclass(frozen=True, slots=True)
class Keyring:
    """What an unlocked space holds in memory for the length of a request; its repr says nothing."""

    person: str
    vault_key: bytes = field(repr=False)

    def collection_key(self, collection: str, keys: CollectionKeys) -> bytes:
        """The key of ``collection``: every collection and epoch, since the person holds the vault key."""
        return collection_key(self.vault_key, keys, self.person, collection)


@dataclass(frozen=True, slots=True)
class GrantedKeyring:
    """The collections, each in some epochs, that a live token opened, and no other; its repr says nothing."""

    person: str
    keys: Mapping[tuple[str, int], bytes] = field(repr=False)

    def collection_key(self, collection: str, keys: CollectionKeys) -> bytes:
        """The key of a granted collection. Raises ``Tampered`` for one, or an epoch, that was not granted."""
        found = self.keys.get((collection, keys.epoch))
        if found is None:
            raise Tampered("this grant does not open this collection")
        return found


AnyKeyring: TypeAlias = Keyring | GrantedKeyring
"""What opens a space: all of it for its person, some collections for a live token."""


def _key_context(person: str, collection: str, epoch: int) -> str:
    return f"collection key {person} {collection} {epoch}"
