"""The object store: sealed documents on this machine's disk or on S3, durable before anything is acknowledged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.files import make_folder

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

PART_BYTES = 5 * 1024 * 1024
"""The smallest part S3 takes in a multipart upload."""

PARTS_AT_ONCE = 2
"""With ``PART_BYTES``, what an upload holds in memory, whatever the document's size."""

_CLIENT: ClientConfig = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=30)}
_PATIENCE: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as the store lists it: its key, its size in bytes, when it was written."""

    key: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A folder or a bucket that keeps bytes under keys. ``folder`` is None on S3."""

    store: LocalStore | S3Store = field(repr=False)
    folder: Path | None

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Keep an object, whole or not at all; on return it survives a power cut.

        Raises ``OperatorMustAct`` when the store does not take it, and whatever ``pieces`` raises.
        """
        with _explained():
            obstore.put(self.store, key, pieces, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)
            if self.folder is not None:
                _settle(self.folder, key)

    def get(self, key: str, start: int, stop: int) -> bytes:
        """The bytes from ``start`` up to, not including, ``stop``. Raises ``Tampered`` for no such object."""
        with _explained():
            return bytes(obstore.get_range(self.store, key, start=start, end=stop))

    def whole(self, key: str) -> bytes:
        """All of a small object's bytes. Raises ``Tampered`` for no such object."""
        return self.get(key, 0, self.size(key))

    def size(self, key: str) -> int:
        """The object's size in bytes. Raises ``Tampered`` for no such object."""
        with _explained():
            return int(obstore.head(self.store, key)["size"])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is gone already is no error. Raises ``OperatorMustAct``."""
        for key in keys:
            with _explained(missing_ok=True):
                obstore.delete(self.store, key)

    def list(self, prefix: str | None = None) -> Iterator[StoredObject]:
        """Every object, a page at a time, and the pieces of uploads that a crash left on this machine's disk.

        ``prefix``: only those whose key is below this folder.
        """
        with _explained():
            for page in obstore.list(self.store, prefix=prefix):
                for meta in page:
                    yield StoredObject(meta["path"], meta["size"], meta["last_modified"])
        if self.folder is not None:
            yield from _left_behind(self.folder, prefix or "")

    def discard(self, found: StoredObject) -> None:
        """Remove what ``list`` gave. Raises ``OperatorMustAct``."""
        if self.folder is not None and "#" in found.key:
            with _explained(missing_ok=True):
                (self.folder / found.key).unlink()
        else:
            self.delete((found.key,))


def open_objects(address: str | None, folder: Path) -> ObjectStore:
    """The store at ``s3://bucket/prefix``, or ``folder`` on this machine's disk when ``address`` is None.

    S3's endpoint, region and credentials come from the standard ``AWS_*`` variables. Raises ``OperatorMustAct``.
    """
    if address is None:
        make_folder(folder)
        return ObjectStore(LocalStore(folder), folder)
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
        raise OperatorMustAct("the address of an object store must look like s3://bucket/prefix", code="objects")
    # Objects mean nothing to a listener, but credentials travel with them: http is for this machine only.
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or "")
    local = endpoint.scheme == "http" and endpoint.hostname in {"localhost", "127.0.0.1", "::1"}
    options: ClientConfig = {**_CLIENT, "allow_http": local}
    with _explained():
        return ObjectStore(
            S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                client_options=options,
                retry_config=_PATIENCE,
            ),
            None,
        )


@contextmanager
def _explained(*, missing_ok: bool = False) -> Iterator[None]:
    """The object store's own errors in our families; theirs quote addresses and keys, so they go no further."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        if not missing_ok:
            raise Tampered("a document is missing from the object store") from None
    except (BaseError, OSError):
        raise OperatorMustAct("the object store did not answer, or refused; nothing was kept", code="objects") from None


def _settle(folder: Path, key: str) -> None:
    """Bring an object to the disk itself: obstore writes aside and renames, and leaves the rest to the system."""
    path = folder / key
    for each in (path, *path.parents):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if each == folder:
            return


def _left_behind(folder: Path, prefix: str) -> Iterator[StoredObject]:
    """Uploads that never ended: obstore names them after their object, with ``#`` and a number."""
    for path in (folder / prefix).rglob("*#*"):
        try:
            status = path.stat()
        except FileNotFoundError:
            # It ended while we looked: it bears its own name now.
            continue
        at = datetime.fromtimestamp(status.st_mtime, UTC)
        yield StoredObject(path.relative_to(folder).as_posix(), status.st_size, at)
