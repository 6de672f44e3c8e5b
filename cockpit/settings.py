"""One frozen Settings for a deployment, read once; secrets in a type whose repr is stars."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

from cockpit.domain.errors import OperatorMustAct

DEFAULT_QUOTA_BYTES = 5 * 1024 * 1024 * 1024
DEFAULT_ACCESS_MONTHS = 12
ACCESS_MONTHS = range(6, 13)


@dataclass(frozen=True, slots=True)
class Secret:
    """Bytes that never show themselves: ``repr`` and ``str`` are stars."""

    value: bytes = field(repr=False)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Settings:
    """How one deployment runs.

    ``data``: the directory of the database and the keys. ``issuer``: the public address, ``https://`` (or
    ``http://localhost`` at home), without a trailing slash; it is the OAuth issuer and the log's origin.
    ``idle_minutes``: a space locks itself after so long without a request; ``session_hours``: then the person is
    signed out. ``argon2_memory_kib``: memory of one passphrase check. ``database``: the address of a PostgreSQL
    database, which may hold a password; empty for SQLite in ``data``. ``keyring``: the SQLAlchemy address of the
    keyring, when it is not a file beside the database. ``master``: which master key wraps it (``file``, ``transit``,
    or one that a package brings); ``former_master``: the one it takes over from. ``quota_bytes``: what one person's
    documents may take. ``objects``: where documents are kept, ``s3://bucket/prefix``, or ``objects/`` in ``data`` when
    None. ``access_months``: how long the log of who read what is kept after its month, 6 to 12. ``quorum``: the file
    that names the witnesses of the log (C2SP tlog-policy), or None for no witness.
    """

    data: Path
    issuer: str = "http://localhost:8000"
    idle_minutes: int = 15
    session_hours: int = 12
    argon2_memory_kib: int = 64 * 1024
    upload_bytes: int = 32 * 1024 * 1024
    quota_bytes: int = DEFAULT_QUOTA_BYTES
    access_months: int = DEFAULT_ACCESS_MONTHS
    quorum: Path | None = None
    objects: str | None = None
    trusted_certificates: tuple[bytes, ...] = ()
    demonstration: bool = False
    database: str = field(default="", repr=False)
    keyring: str | None = field(default=None, repr=False)
    master: str = "file"
    master_options: Mapping[str, str] = field(default_factory=dict, hash=False)
    former_master: str | None = None
    former_master_options: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def database_file(self) -> Path:
        """The SQLite database, where no other is named."""
        return self.data / "cockpit.sqlite"

    @property
    def database_url(self) -> str:
        """The database's SQLAlchemy address."""
        return self.database or f"sqlite:///{self.database_file}"

    @property
    def keys_folder(self) -> Path:
        """The operator's key files."""
        return self.data / "keys"

    @property
    def keyring_file(self) -> Path | None:
        """The keyring's SQLite file, or None when the keyring is elsewhere."""
        return None if self.keyring else self.data / "keyring.sqlite"

    @property
    def keyring_url(self) -> str:
        """The keyring's SQLAlchemy address."""
        return self.keyring or f"sqlite:///{self.keyring_file}"

    @property
    def origin(self) -> str:
        """The log's origin line (C2SP tlog-checkpoint): the issuer without its scheme, then ``/log``."""
        return self.issuer.partition("://")[2] + "/log"

    @property
    def secure(self) -> bool:
        """Whether the deployment is served over TLS, so that cookies may say so."""
        return self.issuer.startswith("https://")


def settings_from_environment(data: Path | None = None, issuer: str | None = None) -> Settings:
    """Settings from ``COCKPIT_DATA`` and ``COCKPIT_ISSUER``, or the arguments, or the defaults of a household.

    ``COCKPIT_DATABASE`` is the address of a PostgreSQL database, ``postgresql://``, in the place of SQLite.
    ``COCKPIT_TRUSTED_CERTIFICATES`` names a directory of PEM files that the 2D-Doc reader trusts beside its list.
    ``COCKPIT_KEYRING`` is the address of the keyring. ``COCKPIT_MASTER`` and ``COCKPIT_FORMER_MASTER`` name master
    keys; the settings that begin with ``COCKPIT_MASTER_`` and ``COCKPIT_FORMER_MASTER_`` are their options.
    ``COCKPIT_OBJECTS`` names the object store of documents; ``COCKPIT_QUOTA_BYTES``, what one person's may take.
    ``COCKPIT_ACCESS_MONTHS`` is for how many months the log of accesses is kept. ``COCKPIT_QUORUM`` is the file that
    names the log's witnesses.
    Raises ``OperatorMustAct`` for an issuer that is not ``https`` and not on this machine, for another database, and
    for an odd quota.
    """
    where = data or Path(os.environ.get("COCKPIT_DATA") or user_data_path("mesinfos-cockpit", appauthor=False))
    address = (issuer or os.environ.get("COCKPIT_ISSUER") or "http://localhost:8000").rstrip("/")
    return Settings(
        data=where,
        issuer=checked_issuer(address),
        trusted_certificates=_trusted_certificates(),
        database=checked_database(os.environ.get("COCKPIT_DATABASE", "")),
        keyring=_keyring(os.environ.get("COCKPIT_KEYRING", "")),
        master=os.environ.get("COCKPIT_MASTER") or "file",
        master_options=_options("COCKPIT_MASTER_"),
        former_master=os.environ.get("COCKPIT_FORMER_MASTER") or None,
        former_master_options=_options("COCKPIT_FORMER_MASTER_"),
        objects=os.environ.get("COCKPIT_OBJECTS") or None,
        quota_bytes=_quota(os.environ.get("COCKPIT_QUOTA_BYTES")),
        access_months=_months(os.environ.get("COCKPIT_ACCESS_MONTHS")),
        quorum=Path(os.environ["COCKPIT_QUORUM"]) if os.environ.get("COCKPIT_QUORUM") else None,
    )


def checked_issuer(address: str) -> str:
    """The address, when it may be an OAuth issuer (RFC 8414 section 2). Raises ``OperatorMustAct``."""
    parts = urlsplit(address)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment or parts.path:
        raise OperatorMustAct(f"the public address {address!r} must look like https://cockpit.example", code="issuer")
    if parts.scheme == "http" and not local:
        raise OperatorMustAct("the public address must be https:// unless it is on this machine", code="issuer")
    return address


def checked_database(address: str, name: str = "COCKPIT_DATABASE") -> str:
    """The address with the driver we ship named in it, or nothing for nothing. Raises ``OperatorMustAct``."""
    scheme, mark, rest = address.partition("://")
    if not address:
        return ""
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg"} or not mark or not rest:
        # The address is not repeated: it may hold a password.
        raise OperatorMustAct(f"{name} must look like postgresql://name@host/database", code="database")
    return f"postgresql+psycopg://{rest}"


def _keyring(address: str) -> str | None:
    if address.startswith("sqlite:///"):
        return address
    return checked_database(address, "COCKPIT_KEYRING") or None


def _options(prefix: str) -> dict[str, str]:
    """A master's options. A secret may not be one: the environment of a process is no place for it."""
    given = ((name, value) for name, value in os.environ.items() if name.startswith(prefix) and value)
    found = {name.removeprefix(prefix).lower(): value for name, value in given}
    if "token" in found:
        raise OperatorMustAct(f"put the token in a file, and name the file in {prefix}TOKEN_FILE", code="master")
    return found


def _quota(written: str | None) -> int:
    if not written:
        return DEFAULT_QUOTA_BYTES
    if not (written.isascii() and written.isdigit()):
        raise OperatorMustAct("COCKPIT_QUOTA_BYTES must be a whole number of bytes", code="quota_setting")
    return int(written)


def _months(written: str | None) -> int:
    if not written:
        return DEFAULT_ACCESS_MONTHS
    if written not in map(str, ACCESS_MONTHS):
        raise OperatorMustAct("COCKPIT_ACCESS_MONTHS must be a whole number from 6 to 12", code="months_setting")
    return int(written)


def _trusted_certificates() -> tuple[bytes, ...]:
    folder = os.environ.get("COCKPIT_TRUSTED_CERTIFICATES")
    if not folder:
        return ()
    if not Path(folder).is_dir():
        raise OperatorMustAct("COCKPIT_TRUSTED_CERTIFICATES must name a directory of .pem files", code="certificates")
    return tuple(path.read_bytes() for path in sorted(Path(folder).glob("*.pem")))
