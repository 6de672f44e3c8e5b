"""The files of a backup, wherever they lie: each sealed under the operator's duty, bound to its own name."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.envelope import FIRST_PREVIOUS, EnvelopeKind, Place, open_under_key, seal_under_key
from cockpit.store.objects import ObjectStore, open_objects

DUTY = "backup"
"""The operator's duty whose key seals backups."""

VERSION = 1


class Versioned(Protocol):
    """A body that says which version of the form it is of."""

    @property
    def version(self) -> int:
        """The version."""


Body = TypeVar("Body", bound=Versioned)


def open_store(address: str) -> ObjectStore:
    """A folder, made when it is not there, or ``s3://bucket/prefix``. Raises ``OperatorMustAct``."""
    if "://" in address:
        return open_objects(address, Path())
    try:
        return open_objects(None, Path(address).absolute())
    except OSError as error:
        raise OperatorMustAct(f"the folder {address} cannot be used", code="backup") from error


def require_existing(address: str) -> None:
    """Raises ``OperatorMustAct`` for a folder that is not there: restoring must not make one."""
    if "://" not in address and not Path(address).is_dir():
        raise OperatorMustAct(f"there is no folder {address}", code="backup")


def seal(key: bytes, stream: str, content: bytes) -> bytes:
    """A file's bytes, that open under this name alone."""
    return seal_under_key(key, content, _place(stream))


def unseal(key: bytes, stream: str, store: ObjectStore, name: str, what: str) -> bytes:
    """The content of the file ``name``. Raises ``Tampered``, in words about ``what``, when it is missing or changed."""
    try:
        sealed = store.whole(name)
    except Tampered as error:
        raise Tampered(f"{what} is missing") from error
    try:
        return open_under_key(key, sealed, _place(stream))
    except Tampered as error:
        raise Tampered(f"{what} does not open: it was changed, or made with the keys of somebody else") from error


def decoded(content: bytes, form: type[Body]) -> Body:
    """A body of MessagePack. Raises ``Tampered``, or ``OperatorMustAct`` for one of a newer version."""
    try:
        found = msgspec.msgpack.decode(content, type=form)
    except msgspec.MsgspecError as error:
        raise Tampered("this backup is not of a form that this version knows") from error
    if found.version != VERSION:
        raise OperatorMustAct("this backup was made by a newer version of the cockpit", code="backup_version")
    return found


def _place(stream: str) -> Place:
    return Place("", f"backup/{stream}", EnvelopeKind.BACKUP, 0, 0, FIRST_PREVIOUS, 0)
