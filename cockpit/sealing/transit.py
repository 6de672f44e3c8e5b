"""A master key that never leaves an OpenBao or HashiCorp Vault server: its transit engine wraps and unwraps for us."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.master import checked_options, version_of
from cockpit.sealing.transit_line import Transit, TransitLine

_NEEDED = frozenset({"url", "token_file"})
_OPTIONAL = frozenset({"key", "mount", "ca_file", "namespace"})


class TransitMaster:
    """The named key of a transit engine, of type ``aes256-gcm96``. Safe to share between threads."""

    scheme = "vault"  # what both servers write before each ciphertext
    remote = True

    def __init__(self, where: Transit) -> None:
        self._where = where
        self._line = TransitLine(where)

    def __repr__(self) -> str:
        return f"TransitMaster({self._where.key})"

    def begin(self) -> None:
        """Check that the key is there and of the right type: the server's own token may not make keys."""
        self.newest()

    def newest(self) -> str:
        """The name of the newest version. Raises ``OperatorMustAct`` also for a key of another type."""
        found = self._line.call(lambda transit, at: transit.read_key(self._where.key, **at))["data"]
        if found["type"] != "aes256-gcm96" or found["derived"] or found["exportable"]:
            raise OperatorMustAct(
                "the transit key must be of type aes256-gcm96, neither derived nor exportable", code="master"
            )
        return f"vault:v{found['latest_version']}"

    def wrap(self, secret: bytes, context: str) -> bytes:
        """Encrypt on the server, with ``context`` as associated data."""
        answer = self._line.call(
            lambda transit, at: transit.encrypt_data(
                self._where.key, plaintext=_base64(secret), associated_data=_base64(context.encode()), **at
            )
        )
        wrapped = str(answer["data"]["ciphertext"]).encode()
        version_of(wrapped)
        return wrapped

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Decrypt on the server. Raises ``Tampered``."""
        version_of(wrapped)
        if not wrapped.isascii():
            raise Tampered("a wrapped value is not one of a transit engine")
        answer = self._line.call(
            lambda transit, at: transit.decrypt_data(
                self._where.key,
                ciphertext=wrapped.decode("ascii"),
                associated_data=_base64(context.encode()),
                **at,
            )
        )
        return base64.b64decode(answer["data"]["plaintext"], validate=True)

    def needs_rewrap(self, wrapped: bytes) -> bool:
        """Whether ``wrapped`` is under another version than the newest."""
        return version_of(wrapped) != self.newest()

    def rotate(self) -> str:
        """Begin a new version on the server: needs a token that may."""
        self._line.call(lambda transit, at: transit.rotate_key(self._where.key, **at))
        return self.newest()

    def retire(self) -> None:
        """Forbid the older versions, then destroy them (trim): needs a token that may."""
        newest = int(self.newest().rpartition("v")[2])
        # One after the other: hvac refuses the two equal in one call, which the server wants before it trims.
        self._line.call(
            lambda transit, at: transit.update_key_configuration(self._where.key, min_encryption_version=newest, **at)
        )
        self._line.call(
            lambda transit, at: transit.update_key_configuration(self._where.key, min_decryption_version=newest, **at)
        )
        self._line.call(lambda transit, at: transit.trim_key(self._where.key, min_version=newest, **at))


def open_transit_master(folder: Path, options: Mapping[str, str]) -> TransitMaster:
    """The master that the settings COCKPIT_MASTER_URL, _TOKEN_FILE, _KEY, _MOUNT, _CA_FILE and _NAMESPACE describe.

    Raises ``OperatorMustAct`` for a setting that is missing or unknown, and for an address without TLS.
    """
    del folder
    checked_options(options, _NEEDED, _OPTIONAL)
    if urlsplit(options["url"]).scheme != "https":
        raise OperatorMustAct("COCKPIT_MASTER_URL must be https://: keys travel over it", code="master_tls")
    ca_file = Path(options["ca_file"]) if "ca_file" in options else None
    if ca_file and not ca_file.is_file():
        raise OperatorMustAct("COCKPIT_MASTER_CA_FILE names no file", code="master_tls")
    names = {name: options[name] for name in ("key", "mount", "namespace") if name in options}
    return TransitMaster(Transit(options["url"], Path(options["token_file"]), ca_file=ca_file, **names))


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
