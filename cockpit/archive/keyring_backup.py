"""The keyring's backup: one sealed file, in a place of its own, of which only the newest is kept.

That is what makes erasing final: no older copy of a person's keys is left to come back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from cockpit.archive.backup_files import VERSION, decoded, open_store, seal, unseal
from cockpit.domain.errors import NotFound, OperatorMustAct
from cockpit.domain.moment import instant
from cockpit.sealing.envelope import MAX_BODY_BYTES
from cockpit.store.objects import ObjectStore

KEYRING_NAME = "keyring.sealed"
_STREAM = "keyring"


class SavedKeyring(msgspec.Struct, frozen=True, array_like=True):
    """The keyring as it was at ``at``: chunks of its tables, whose values are still wrapped by the master."""

    version: int
    at: str
    chunks: list[bytes]


@dataclass(frozen=True, slots=True)
class KeyringPlace:
    """Where the keyring's one backup is kept, apart from everything it opens."""

    key: bytes = field(repr=False)
    store: ObjectStore

    def put(self, chunks: Iterable[bytes], at: datetime) -> None:
        """Put this keyring in the place of the one before, which is gone. Raises ``OperatorMustAct``."""
        content = msgspec.msgpack.encode(SavedKeyring(VERSION, instant(at), list(chunks)))
        if len(content) > MAX_BODY_BYTES:
            raise OperatorMustAct("the keyring is too large to be one file; back up its database apart", code="backup")
        self.store.put(KEYRING_NAME, (seal(self.key, _STREAM, content),))

    def get(self) -> SavedKeyring:
        """The keyring. Raises ``NotFound`` when none is here, ``Tampered``, ``OperatorMustAct``."""
        if not any(found.key == KEYRING_NAME for found in self.store.list()):
            raise NotFound("there is no backup of a keyring here")
        return decoded(unseal(self.key, _STREAM, self.store, KEYRING_NAME, "this keyring"), SavedKeyring)


def open_keyring_place(address: str, key: bytes) -> KeyringPlace:
    """The place of the keyring's backup, a folder or ``s3://bucket/prefix``. Raises ``OperatorMustAct``."""
    return KeyringPlace(key, open_store(address))


def refuse_together(address: str, apart: str | None) -> None:
    """Raises ``OperatorMustAct`` when the keyring would lie with what it opens: erasing could not be final then."""
    if apart is None:
        return
    inner, outer = (one.rstrip("/") if "://" in one else str(Path(one).resolve()) for one in (apart, address))
    if inner == outer or inner.startswith(f"{outer}/"):
        raise OperatorMustAct("the keyring's backup must lie in another place than the rest", code="backup_keyring")
