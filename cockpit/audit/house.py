"""The house's own folder: its key, and a small SQLite file of what it was given. Nothing of the cockpit's is here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from joserfc.jwk import OKPKey

from cockpit.audit.faults import HouseError
from cockpit.sealing.files import make_folder, read_key_file, write_key_file
from cockpit.sealing.signing import SigningKey

KEY_FILE = "house.pem"
"""The private key, mode 0600: it signs requests to the cockpit, and the bundles of the house."""
STORE_FILE = "house.sqlite"

_TABLES = """
CREATE TABLE IF NOT EXISTS fixed (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
    log TEXT NOT NULL, position INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (log, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (
    log TEXT NOT NULL, position INTEGER NOT NULL, nth INTEGER NOT NULL, at TEXT NOT NULL, type TEXT NOT NULL,
    policy TEXT NOT NULL, part TEXT, PRIMARY KEY (log, position, nth)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fact_of_type ON fact (type, at);
CREATE TABLE IF NOT EXISTS seen (
    log TEXT NOT NULL, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,
    seen_at TEXT NOT NULL, PRIMARY KEY (log, size)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS register (sha256 TEXT PRIMARY KEY, seen_at TEXT NOT NULL, content BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evidence (
    number INTEGER PRIMARY KEY, found_at TEXT NOT NULL, code TEXT NOT NULL, sentence TEXT NOT NULL,
    content TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class House:
    """A house that has joined a cockpit, or will."""

    folder: Path

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Its SQLite file. Raises ``HouseError`` when the folder is no house."""
        if not (self.folder / KEY_FILE).exists():
            raise HouseError(f"{self.folder} is no auditor's house; begin one with: cockpit audit key")
        with closing(sqlite3.connect(self.folder / STORE_FILE, isolation_level=None)) as kept:
            kept.executescript(_TABLES)
            yield kept

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: everything is kept at its end, or nothing is."""
        with self.reading() as kept:
            kept.execute("BEGIN IMMEDIATE")
            try:
                yield kept
            except BaseException:
                kept.execute("ROLLBACK")
                raise
            kept.execute("COMMIT")

    def key_pem(self) -> bytes:
        """The private key. Raises ``OperatorMustAct`` when it is missing or open to other accounts."""
        return read_key_file(self.folder / KEY_FILE)

    def signing_key(self) -> SigningKey:
        """The private key, for bundles."""
        return SigningKey.from_pem(self.key_pem())


def begin(folder: Path) -> bytes:
    """Make a house and its key, once; gives the public key in PEM, which the operator needs."""
    make_folder(folder)
    if not (folder / KEY_FILE).exists():
        write_key_file(folder / KEY_FILE, OKPKey.generate_key("Ed25519", private=True).as_pem(private=True))
    return OKPKey.import_key(House(folder).key_pem()).as_pem(private=False)


def join(house: House, address: str, mandate: str, log_key: bytes | None) -> None:
    """Remember which cockpit, under which mandate. ``log_key`` pins its log's key (32 bytes); else the first seen is.

    Raises ``HouseError`` for an address that is not ``https`` (or on this machine), and for a house of another one.
    """
    parts = urlsplit(address)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.rstrip("/") or parts.query:
        raise HouseError("the cockpit's address must look like https://cockpit.example")
    if parts.scheme == "http" and not local:
        raise HouseError("the cockpit's address must be https:// unless it is on this machine")
    with house.writing() as kept:
        if (former := fixed(kept, "cockpit")) and former != address.rstrip("/"):
            raise HouseError(f"this house audits {former}; begin another in another folder")
        fix(kept, "cockpit", address.rstrip("/"))
        fix(kept, "mandate", mandate)
        if log_key is not None:
            fix(kept, "log_key", log_key.hex())


def fixed(kept: sqlite3.Connection, name: str) -> str:
    """Something the house remembers of its cockpit, or nothing."""
    found = kept.execute("SELECT value FROM fixed WHERE name = ?", (name,)).fetchone()
    return str(found[0]) if found else ""


def fix(kept: sqlite3.Connection, name: str, value: str) -> None:
    """Remember something of the cockpit."""
    kept.execute("INSERT OR REPLACE INTO fixed VALUES (?, ?)", (name, value))
