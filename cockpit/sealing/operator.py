"""The operator's keys: one directory of files that only the server's account may read, never in the database."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing.box import KEY_BYTES, derive, new_key, open_under, seal_under
from cockpit.sealing.signing import SigningKey


@dataclass(frozen=True, slots=True)
class OperatorKeys:
    """The master key (wraps peppers and source keys) and the signing keys of the log and of the receipts."""

    master: bytes = field(repr=False)
    log: SigningKey = field(repr=False)
    receipts: SigningKey = field(repr=False)

    def duty(self, label: str) -> bytes:
        """The 32-byte key of one duty, for example ``login``; duties never share a key."""
        return derive(self.master, f"operator {label}")

    def wrap(self, secret: bytes, label: str, person: str) -> bytes:
        """Wrap a person's operational secret under the master key, bound to its label and person."""
        return seal_under(self.duty("wrap"), secret, f"{label} {person}")

    def unwrap(self, wrapped: bytes, label: str, person: str) -> bytes:
        """Undo ``wrap``. Raises ``Tampered``."""
        return open_under(self.duty("wrap"), wrapped, f"{label} {person}")


def load_or_create(folder: Path) -> OperatorKeys:
    """The keys in ``folder``, made on the first run with mode 0600.

    Raises ``OperatorMustAct`` when the files are unreadable, the wrong size, or readable by other accounts, and when
    some are there and others missing: making new ones then would lock every space for ever.
    """
    files = {name: folder / name for name in ("operator.key", "log.pem", "receipts.pem")}
    present = [name for name, path in files.items() if path.exists()]
    if not present:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(files["operator.key"], new_key())
        _write(files["log.pem"], SigningKey.generate().to_pem())
        _write(files["receipts.pem"], SigningKey.generate().to_pem())
    elif len(present) != len(files):
        missing = ", ".join(sorted(set(files) - set(present)))
        raise OperatorMustAct(f"key files are missing: {missing}; restore them from their backup", code="keys")
    master = _read(files["operator.key"])
    if len(master) != KEY_BYTES:
        raise OperatorMustAct("operator.key must hold exactly 32 bytes; restore it from its backup", code="keys")
    return OperatorKeys(
        master, SigningKey.from_pem(_read(files["log.pem"])), SigningKey.from_pem(_read(files["receipts.pem"]))
    )


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> bytes:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise OperatorMustAct(f"{path.name} can be read by other accounts; run: chmod 600 {path.name}", code="keys")
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperatorMustAct(f"{path.name} cannot be read", code="keys") from error
