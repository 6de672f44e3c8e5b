"""The operator's keys: the master, the secret its duties come from, and the signing keys. Never in the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing.box import KEY_BYTES, derive, new_key
from cockpit.sealing.file_master import SCHEME, open_file_master
from cockpit.sealing.files import BEGINNING, beginning, make_folder, read_key_file, remove_key_file, write_key_file
from cockpit.sealing.master import MasterKey, Opening, find_opening
from cockpit.sealing.remembered import Remembered
from cockpit.sealing.signing import SigningKey

SECRET_FILE = "operator.secret"  # noqa: S105 - a file's name
"""The file of the operator's secret, wrapped by the master."""
SIGNING = ("log", "receipts")
"""The signing keys: ``NAME.pem`` beside a master in a file, ``NAME.wrapped`` under any other."""


@dataclass(frozen=True, slots=True)
class OperatorKeys:
    """What the server holds from its start: the master (a port), the operator's secret, the signing keys."""

    master: MasterKey = field(repr=False)
    secret: bytes = field(repr=False)
    log: SigningKey = field(repr=False)
    receipts: SigningKey = field(repr=False)
    remembered: Remembered = field(repr=False)

    def duty(self, label: str) -> bytes:
        """The 32-byte key of one duty, for example ``login``; duties never share a key, and no rotation changes it."""
        return derive(self.secret, f"operator {label}")

    def wrap(self, secret: bytes, label: str, person: str) -> bytes:
        """Wrap a person's operational secret under the master key, bound to its label and person."""
        return self.master.wrap(secret, _context(label, person))

    def unwrap(self, wrapped: bytes, label: str, person: str) -> bytes:
        """Undo ``wrap``, asking the master each time: for peppers. Raises ``Tampered``."""
        return self.master.unwrap(wrapped, _context(label, person))

    def recall(self, wrapped: bytes, label: str, person: str) -> bytes:
        """Undo ``wrap``; a remote master's answer is remembered for a minute: for tag and source keys."""
        return self.remembered.unwrap(wrapped, _context(label, person))

    def rewrap(self, wrapped: bytes, label: str, person: str) -> bytes:
        """The same secret under the newest version of the master. Raises ``Tampered``."""
        return self.wrap(self.unwrap(wrapped, label, person), label, person)


def open_master(name: str, folder: Path, options: Mapping[str, str]) -> MasterKey:
    """The master called ``name``: ``file``, ``transit``, or one that a package brings. Raises ``OperatorMustAct``."""
    return find_opening(name, {"file": open_file_master, "transit": _open_transit})(folder, options)


def load_or_create(folder: Path, master: MasterKey, *, new: bool) -> OperatorKeys:
    """The keys in ``folder``; made when there are none and the deployment is ``new``, or was stopped at making them.

    Raises ``OperatorMustAct`` when a file is missing, damaged or readable by other accounts: making another would
    lock every space for ever.
    """
    if new and (not _inhabited(folder) or (folder / BEGINNING).exists()):
        make_folder(folder)
        with beginning(folder) as resumed:
            # Another process may have made them all since we looked.
            if resumed or not _inhabited(folder):
                _create(folder, master, resumed=resumed)
    secret = master.unwrap(read_key_file(folder / SECRET_FILE), SECRET_FILE)
    if len(secret) != KEY_BYTES:
        raise OperatorMustAct(f"{SECRET_FILE} does not hold a secret of 32 bytes", code="keys")
    log, receipts = (_signing_key(folder, master, name) for name in SIGNING)
    return OperatorKeys(master, secret, log, receipts, Remembered(master))


def wrapped_files(folder: Path) -> dict[str, bytes]:
    """The files that the master wrapped, by name."""
    return {path.name: read_key_file(path) for path in _wrapped_paths(folder)}


def rewrap_files(folder: Path, master: MasterKey) -> int:
    """Put each wrapped file under the newest version, one by one; returns how many changed. Safe to repeat.

    Signing keys that lay in clear beside a master in a file are wrapped once the master is another.
    """
    changed = 0
    for path in _wrapped_paths(folder):
        wrapped = read_key_file(path)
        if master.needs_rewrap(wrapped):
            write_key_file(path, master.wrap(master.unwrap(wrapped, path.name), path.name))
            changed += 1
    for name in SIGNING if master.scheme != SCHEME else ():
        clear, wrapped_path = folder / f"{name}.pem", folder / f"{name}.wrapped"
        if clear.exists():
            write_key_file(wrapped_path, master.wrap(read_key_file(clear), wrapped_path.name))
            remove_key_file(clear)
            changed += 1
    return changed


def _inhabited(folder: Path) -> bool:
    return any(path.suffix in {".key", ".secret", ".pem", ".wrapped"} for path in folder.glob("*"))


def _create(folder: Path, master: MasterKey, *, resumed: bool) -> None:
    """Make the keys that are not there yet; none that is there is touched."""
    _begin_master(master, resumed=resumed)
    # Everything is asked of the master before anything is written: a server that goes away leaves no half set.
    contents = {SECRET_FILE: master.wrap(new_key(), SECRET_FILE)}
    for name in SIGNING:
        pem, wrapped = SigningKey.generate().to_pem(), f"{name}.wrapped"
        contents |= {f"{name}.pem": pem} if master.scheme == SCHEME else {wrapped: master.wrap(pem, wrapped)}
    for file_name, content in contents.items():
        if not (folder / file_name).exists():
            write_key_file(folder / file_name, content)


def _begin_master(master: MasterKey, *, resumed: bool) -> None:
    if resumed:
        try:
            master.newest()
            return
        except OperatorMustAct:
            pass  # It was not begun yet; if it is there and damaged, its beginning refuses.
    master.begin()


def _signing_key(folder: Path, master: MasterKey, name: str) -> SigningKey:
    wrapped = folder / f"{name}.wrapped"
    if wrapped.exists():
        return SigningKey.from_pem(master.unwrap(read_key_file(wrapped), wrapped.name))
    return SigningKey.from_pem(read_key_file(folder / f"{name}.pem"))


def _wrapped_paths(folder: Path) -> Iterator[Path]:
    for name in (SECRET_FILE, *(f"{signing}.wrapped" for signing in SIGNING)):
        if (folder / name).exists():
            yield folder / name


def _context(label: str, person: str) -> str:
    return f"{label} {person}"


def _open_transit(folder: Path, options: Mapping[str, str]) -> MasterKey:
    # Loaded when it is asked for: a household's server has no use for an HTTP client.
    from cockpit.sealing.transit import open_transit_master  # noqa: PLC0415

    return open_transit_master(folder, options)


__all__ = ["OperatorKeys", "Opening", "load_or_create", "open_master", "rewrap_files", "wrapped_files"]
