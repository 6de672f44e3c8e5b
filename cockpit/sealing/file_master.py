"""A master key in a file of its own: what a household has. Whoever reads the file can unwrap."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing.box import KEY_BYTES, new_key, open_under, seal_under
from cockpit.sealing.files import read_key_file, write_key_file
from cockpit.sealing.master import checked_options, version_of

FILE_NAME = "operator.key"
SCHEME = "file"


class _Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, msgspec.Meta(ge=1, le=999_999_999)]
    key: bytes


class _Versions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: JSON, the newest version first, keys in base64."""

    versions: Annotated[list[_Version], msgspec.Meta(min_length=1)]


class FileMaster:
    """The master key in ``path``, mode 0600. The file is read at each use, so that a rotation reaches every process."""

    scheme = SCHEME
    remote = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"FileMaster({self._path.name})"

    def begin(self) -> None:
        """Write the first version. Raises ``OperatorMustAct`` when a file is there already."""
        if self._path.exists():
            raise OperatorMustAct(f"{self._path.name} is there already; it is not replaced", code="keys")
        self._write([_Version(1, new_key())])

    def newest(self) -> str:
        """The name of the newest version."""
        return _name(self._versions()[0])

    def wrap(self, secret: bytes, context: str) -> bytes:
        """AES-256-GCM under the newest version: ``file:vN:`` | nonce (12) | ciphertext and tag."""
        newest = self._versions()[0]
        return f"{_name(newest)}:".encode() + seal_under(newest.key, secret, f"{_name(newest)} {context}")

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Undo ``wrap``. Raises ``Tampered``; ``OperatorMustAct`` for a version that this file does not hold."""
        name = version_of(wrapped)
        for version in self._versions():
            if _name(version) == name:
                return open_under(version.key, wrapped[len(name) + 1 :], f"{name} {context}")
        raise OperatorMustAct(
            f"{self._path.name} does not hold {name}: it was retired, or this file is older than the keyring",
            code="master_version",
        )

    def needs_rewrap(self, wrapped: bytes) -> bool:
        """Whether ``wrapped`` is under another version than the newest."""
        return version_of(wrapped) != self.newest()

    def rotate(self) -> str:
        """Put a new version first."""
        versions = self._versions()
        newest = _Version(versions[0].version + 1, new_key())
        self._write([newest, *versions])
        return _name(newest)

    def retire(self) -> None:
        """Keep the newest version only. Copies of the old file, on a backup or a worn disk, are the operator's."""
        self._write(self._versions()[:1])

    def _versions(self) -> list[_Version]:
        try:
            found = msgspec.json.decode(read_key_file(self._path), type=_Versions).versions
        except msgspec.DecodeError as error:
            raise self._damaged() from error
        numbers = [version.version for version in found]
        if numbers != sorted(set(numbers), reverse=True) or any(len(version.key) != KEY_BYTES for version in found):
            raise self._damaged()
        return found

    def _write(self, versions: list[_Version]) -> None:
        write_key_file(self._path, msgspec.json.encode(_Versions(versions)) + b"\n")

    def _damaged(self) -> OperatorMustAct:
        return OperatorMustAct(f"{self._path.name} is damaged; restore it from its backup", code="keys")


def open_file_master(folder: Path, options: Mapping[str, str]) -> FileMaster:
    """The master in ``keys/operator.key``, or in the file that COCKPIT_MASTER_FILE names."""
    checked_options(options, frozenset(), frozenset({"file"}))
    return FileMaster(Path(options["file"]) if "file" in options else folder / FILE_NAME)


def _name(version: _Version) -> str:
    return f"{SCHEME}:v{version.version}"
