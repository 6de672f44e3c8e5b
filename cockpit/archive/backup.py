"""The repository of backups, in a folder or on S3: sealed chunks, sealed documents, and snapshots that list them.

A snapshot is written last, so that an interrupted backup leaves nothing but chunks that the next one uses. Whoever
holds the repository reads nothing. ``docs/reference/backup-format.md`` describes every byte.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from cockpit.domain.errors import NotFound, OperatorMustAct, Tampered
from cockpit.domain.moment import instant
from cockpit.sealing.box import derive, keyed_hash
from cockpit.sealing.envelope import FIRST_PREVIOUS, EnvelopeKind, Place, open_under_key, seal_under_key
from cockpit.store.objects import ObjectStore, open_objects

DUTY = "backup"
"""The operator's duty whose key seals backups."""

KEYRING_NAME = "keyring.sealed"
PIECE_BYTES = 5 * 1024 * 1024

Kept = TypeVar("Kept", "Snapshot", "SavedKeyring")


class Snapshot(msgspec.Struct, frozen=True, array_like=True, omit_defaults=False):
    """One backup. ``chunks`` holds each table's chunks in the order of its rows, ids of 16 bytes one after another;
    ``counts`` how many rows each has; ``absent`` the documents that were erased while the backup ran."""

    version: int
    at: str
    revision: str
    origin: str
    log_size: int
    checkpoint: bytes
    counts: dict[str, int]
    chunks: dict[str, bytes]
    absent: list[str]

    def ids(self, table: str | None = None) -> Iterator[bytes]:
        """The ids of every chunk, or of those of one table."""
        for name in (table,) if table else self.chunks:
            joined = self.chunks.get(name, b"")
            yield from (joined[start : start + 16] for start in range(0, len(joined), 16))


class SavedKeyring(msgspec.Struct, frozen=True, array_like=True):
    """The keyring as it was at ``at``: columns and rows of its one table, still wrapped by the master."""

    version: int
    at: str
    chunks: list[bytes]


@dataclass(frozen=True, slots=True)
class Repository:
    """Where backups are kept. ``key`` is the operator's duty ``backup`` (32 bytes)."""

    key: bytes = field(repr=False)
    chunks: ObjectStore
    objects: ObjectStore
    snapshots: ObjectStore

    def known_chunks(self) -> set[bytes]:
        """The ids of all chunks that are there: 16 bytes each."""
        return {bytes.fromhex(found.key[-32:]) for found in self.chunks.list() if "#" not in found.key}

    def identify(self, content: bytes) -> bytes:
        """A chunk's id: keyed, so that it says nothing of the content to others."""
        return keyed_hash(derive(self.key, "backup chunk ids"), content)

    def put_chunk(self, identity: bytes, content: bytes) -> int:
        """Keep a chunk; gives its sealed size in bytes. Raises ``OperatorMustAct``."""
        sealed = seal_under_key(self.key, content, _place(f"chunk/{identity.hex()}"))
        self.chunks.put(_chunk_key(identity), (sealed,))
        return len(sealed)

    def chunk(self, identity: bytes) -> bytes:
        """A chunk's content. Raises ``Tampered`` when it is missing, changed, another one, or of other keys."""
        content = self._opened(self.chunks, _chunk_key(identity), f"chunk/{identity.hex()}", "a chunk of this backup")
        if self.identify(content) != identity:
            raise Tampered("a chunk of this backup is not the one it says")
        return content

    def has(self, key: str, size: int) -> bool:
        """Whether a sealed document is there, of this size."""
        try:
            return self.objects.size(key) == size
        except Tampered:
            return False

    def copy_in(self, source: ObjectStore, key: str, size: int) -> None:
        """Copy a sealed document of ``size`` bytes from ``source``. Raises ``Tampered`` when it is not there whole."""
        _copy(source, self.objects, key, size)

    def copy_out(self, target: ObjectStore, key: str, size: int) -> None:
        """Put a sealed document back into ``target``. Raises ``Tampered`` when it is not there whole."""
        _copy(self.objects, target, key, size)

    def keep(self, snapshot: Snapshot, at: datetime) -> str:
        """Write the snapshot; gives its name. Everything it lists must be there already."""
        name = f"{instant(at).replace(':', '')}-{os.urandom(4).hex()}"
        sealed = seal_under_key(self.key, msgspec.msgpack.encode(snapshot), _place(f"snapshot/{name}"))
        self.snapshots.put(name, (sealed,))
        return name

    def names(self) -> list[str]:
        """The snapshots' names, oldest first."""
        return sorted(found.key for found in self.snapshots.list() if "#" not in found.key)

    def snapshot(self, name: str | None = None) -> tuple[str, Snapshot]:
        """A snapshot, the newest one when none is named. Raises ``NotFound``, ``Tampered``, ``OperatorMustAct``."""
        names = self.names()
        if not names or (name is not None and name not in names):
            raise NotFound("there is no such snapshot here" if names else "there is no backup here")
        chosen = name or names[-1]
        content = self._opened(self.snapshots, chosen, f"snapshot/{chosen}", "this snapshot")
        found = _decoded(content, Snapshot)
        return chosen, found

    def remove_snapshot(self, name: str) -> None:
        """Remove a snapshot; its chunks are removed by ``sweep``."""
        self.snapshots.delete((name,))

    def sweep(self, known: Callable[[str], bool], needed: set[bytes], until: datetime) -> tuple[int, int]:
        """Remove the chunks not ``needed`` and the documents not ``known`` that were written before ``until``.

        Gives how many of each. Younger ones may belong to a backup that is still running.
        """
        chunks = objects = 0
        for found in self.chunks.list():
            if found.at < until and ("#" in found.key or bytes.fromhex(found.key[-32:]) not in needed):
                self.chunks.discard(found)
                chunks += 1
        for found in self.objects.list():
            if found.at < until and ("#" in found.key or not known(found.key)):
                self.objects.discard(found)
                objects += 1
        return chunks, objects

    def _opened(self, store: ObjectStore, key: str, stream: str, what: str) -> bytes:
        try:
            sealed = store.whole(key)
        except Tampered as error:
            raise Tampered(f"{what} is missing") from error
        try:
            return open_under_key(self.key, sealed, _place(stream))
        except Tampered as error:
            raise Tampered(f"{what} does not open: it was changed, or made with the keys of somebody else") from error


@dataclass(frozen=True, slots=True)
class KeyringPlace:
    """Where the keyring's one backup is kept, apart from everything it opens."""

    key: bytes = field(repr=False)
    store: ObjectStore

    def put(self, chunks: Iterable[bytes], at: datetime) -> None:
        """Put this keyring in the place of the one before, which is gone. Raises ``OperatorMustAct``."""
        content = msgspec.msgpack.encode(SavedKeyring(1, instant(at), list(chunks)))
        self.store.put(KEYRING_NAME, (seal_under_key(self.key, content, _place("keyring")),))

    def get(self) -> SavedKeyring:
        """The keyring. Raises ``NotFound`` when none is here, ``Tampered``, ``OperatorMustAct``."""
        if not any(found.key == KEYRING_NAME for found in self.store.list()):
            raise NotFound("there is no backup of a keyring here")
        try:
            content = open_under_key(self.key, self.store.whole(KEYRING_NAME), _place("keyring"))
        except Tampered as error:
            raise Tampered(
                "this keyring does not open: it was changed, or made with the keys of somebody else"
            ) from error
        return _decoded(content, SavedKeyring)


def open_repository(address: str, key: bytes) -> Repository:
    """The repository in a folder, made when missing, or at ``s3://bucket/prefix``. Raises ``OperatorMustAct``."""
    return Repository(
        key, *(_opened_at(f"{address.rstrip('/')}/{part}") for part in ("chunks", "objects", "snapshots"))
    )


def open_keyring_place(address: str, key: bytes) -> KeyringPlace:
    """The place of the keyring's backup, a folder or ``s3://bucket/prefix``. Raises ``OperatorMustAct``."""
    return KeyringPlace(key, _opened_at(address))


def refuse_together(address: str, apart: str | None) -> None:
    """Raises ``OperatorMustAct`` when the keyring would lie with what it opens: erasing could not be final then."""
    if apart is None:
        return
    inner, outer = (
        one.rstrip("/") if "://" in one else str(Path(one).absolute().resolve()) for one in (apart, address)
    )
    if inner == outer or inner.startswith(f"{outer}/"):
        raise OperatorMustAct("the keyring's backup must lie in another place than the rest", code="backup_keyring")


def require_existing(address: str) -> None:
    """Raises ``OperatorMustAct`` for a folder that is not there: restoring must not make one."""
    if "://" not in address and not Path(address).is_dir():
        raise OperatorMustAct(f"there is no folder {address}", code="backup")


def _opened_at(address: str) -> ObjectStore:
    if "://" in address:
        return open_objects(address, Path())
    try:
        return open_objects(None, Path(address).absolute())
    except OSError as error:
        raise OperatorMustAct(f"the folder {address} cannot be used", code="backup") from error


def _decoded(content: bytes, kind: type[Kept]) -> Kept:
    try:
        found = msgspec.msgpack.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise Tampered("this backup is not of a form that this version knows") from error
    if found.version != 1:
        raise OperatorMustAct("this backup was made by a newer version of the cockpit", code="backup_version")
    return found


def _copy(source: ObjectStore, target: ObjectStore, key: str, size: int) -> None:
    if source.size(key) != size:
        raise Tampered("a document is not of the size it was sealed with")
    # By way of a temporary file once it is large: one object store is never read inside another's writing.
    with tempfile.SpooledTemporaryFile(max_size=PIECE_BYTES) as aside:
        for start in range(0, size, PIECE_BYTES):
            aside.write(source.get(key, start, min(start + PIECE_BYTES, size)))
        aside.seek(0)
        target.put(key, iter(lambda: aside.read(PIECE_BYTES), b""))


def _chunk_key(identity: bytes) -> str:
    name = identity.hex()
    return f"{name[:2]}/{name}"


def _place(stream: str) -> Place:
    return Place("", f"backup/{stream}", EnvelopeKind.BACKUP, 0, 0, FIRST_PREVIOUS, 0)
