"""The repository of backups, in a folder or on S3: sealed chunks, sealed documents, and snapshots that list them.

A snapshot is written last, so that an interrupted backup leaves nothing but chunks that the next one uses. Whoever
holds the repository reads nothing. ``docs/reference/backup-format.md`` describes every byte.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from cockpit.archive.backup_files import decoded, open_store, seal, unseal
from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.moment import instant
from cockpit.sealing.box import derive, keyed_hash
from cockpit.store.objects import ObjectStore

PIECE_BYTES = 5 * 1024 * 1024


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
        sealed = seal(self.key, f"chunk/{identity.hex()}", content)
        self.chunks.put(_chunk_key(identity), (sealed,))
        return len(sealed)

    def chunk(self, identity: bytes) -> bytes:
        """A chunk's content. Raises ``Tampered`` when it is missing, changed, another one, or of other keys."""
        content = unseal(
            self.key, f"chunk/{identity.hex()}", self.chunks, _chunk_key(identity), "a chunk of this backup"
        )
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
        sealed = seal(self.key, f"snapshot/{name}", msgspec.msgpack.encode(snapshot))
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
        content = unseal(self.key, f"snapshot/{chosen}", self.snapshots, chosen, "this snapshot")
        return chosen, decoded(content, Snapshot)

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


def open_repository(address: str, key: bytes) -> Repository:
    """The repository in a folder, made when missing, or at ``s3://bucket/prefix``. Raises ``OperatorMustAct``."""
    return Repository(
        key, *(open_store(f"{address.rstrip('/')}/{part}") for part in ("chunks", "objects", "snapshots"))
    )


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
