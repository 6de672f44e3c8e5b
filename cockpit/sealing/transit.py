"""A master key that never leaves an OpenBao or HashiCorp Vault server: its transit engine wraps and unwraps for us."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hvac
import hvac.exceptions
import requests

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.files import read_key_file
from cockpit.sealing.master import checked_options, version_of

SECONDS = 5
"""How long one call may take."""

_NEEDED = frozenset({"url", "token_file"})
_OPTIONAL = frozenset({"key", "mount", "ca_file", "namespace"})
_OTHERS = 0o007  # an agent that renews tokens writes them for its group: only the world is refused


@dataclass(frozen=True, slots=True)
class Transit:
    """Where the key is. ``ca_file``: the certificates to trust instead of the system's; TLS is always verified."""

    url: str
    token_file: Path
    key: str = "mesinfos-cockpit"
    mount: str = "transit"
    ca_file: Path | None = None
    namespace: str | None = None


class TransitMaster:
    """The named key of a transit engine, of type ``aes256-gcm96``. Safe to share between threads."""

    scheme = "vault"  # what both servers write before each ciphertext
    remote = True

    def __init__(self, where: Transit) -> None:
        self._where = where
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"TransitMaster({self._where.key})"

    def begin(self) -> None:
        """Check that the key is there and of the right type: the server's own token may not make keys."""
        self.newest()

    def newest(self) -> str:
        """The name of the newest version. Raises ``OperatorMustAct`` also for a key of another type."""
        found = self._call(lambda transit, at: transit.read_key(self._where.key, **at))["data"]
        if found["type"] != "aes256-gcm96" or found["derived"] or found["exportable"]:
            raise OperatorMustAct(
                "the transit key must be of type aes256-gcm96, neither derived nor exportable", code="master"
            )
        return f"vault:v{found['latest_version']}"

    def wrap(self, secret: bytes, context: str) -> bytes:
        """Encrypt on the server, with ``context`` as associated data."""
        answer = self._call(
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
        answer = self._call(
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
        self._call(lambda transit, at: transit.rotate_key(self._where.key, **at))
        return self.newest()

    def retire(self) -> None:
        """Forbid the older versions, then destroy them (trim): needs a token that may."""
        newest = int(self.newest().rpartition("v")[2])
        # One after the other: hvac refuses the two equal in one call, which the server wants before it trims.
        self._call(
            lambda transit, at: transit.update_key_configuration(self._where.key, min_encryption_version=newest, **at)
        )
        self._call(
            lambda transit, at: transit.update_key_configuration(self._where.key, min_decryption_version=newest, **at)
        )
        self._call(lambda transit, at: transit.trim_key(self._where.key, min_version=newest, **at))

    def _call(self, ask: Callable[[Any, dict[str, str]], Any]) -> Any:
        """Ask once; once more when the token was refused and its file holds another by now."""
        token = self._token()
        try:
            return self._ask(token, ask)
        except hvac.exceptions.Forbidden as error:
            renewed = self._token()
            if renewed == token:
                raise _denied() from error
        try:
            return self._ask(renewed, ask)
        except hvac.exceptions.Forbidden as error:
            raise _denied() from error

    def _ask(self, token: str, ask: Callable[[Any, dict[str, str]], Any]) -> Any:
        client = self._client()
        client.token = token
        try:
            return ask(client.secrets.transit, {"mount_point": self._where.mount})
        except (hvac.exceptions.VaultDown, hvac.exceptions.VaultNotInitialized) as error:
            raise OperatorMustAct(
                "the transit server is sealed; unseal it, then try again", code="master_sealed"
            ) from error
        except hvac.exceptions.InvalidPath as error:
            raise _no_key() from error
        except hvac.exceptions.InvalidRequest as error:
            raise _refusal(error) from error
        except hvac.exceptions.Forbidden:
            raise
        except requests.exceptions.SSLError as error:
            raise OperatorMustAct(
                "the transit server's certificate is not trusted; name its authority in COCKPIT_MASTER_CA_FILE",
                code="master_tls",
            ) from error
        except (requests.exceptions.RequestException, hvac.exceptions.VaultError) as error:
            raise OperatorMustAct(
                "the transit server does not answer; nothing was changed, try again", code="master_away"
            ) from error

    def _client(self) -> Any:
        """One client, and one kept connection, for each thread: a session of requests is not to be shared."""
        client = getattr(self._local, "client", None)
        if client is None:
            client = hvac.Client(
                self._where.url,
                token="",
                verify=str(self._where.ca_file) if self._where.ca_file else True,
                timeout=SECONDS,
                namespace=self._where.namespace,
                allow_redirects=False,
            )
            # The settings say everything: no proxy, no .netrc and no other authority from the environment.
            client.adapter.session.trust_env = False
            self._local.client = client
        return client

    def _token(self) -> str:
        token = read_key_file(self._where.token_file, _OTHERS).strip()
        if not token.isascii() or not token.decode().isprintable() or not token:
            raise OperatorMustAct("the file of COCKPIT_MASTER_TOKEN_FILE holds no token", code="master_denied")
        return token.decode()


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


def _refusal(error: hvac.exceptions.InvalidRequest) -> OperatorMustAct | Tampered:
    said = str(error).lower()
    if "key not found" in said:
        return _no_key()
    if "too old" in said or "too new" in said:
        return OperatorMustAct(
            "the transit key does not hold this version: it was retired, or the key is another one",
            code="master_version",
        )
    if "message authentication failed" in said or "invalid ciphertext" in said:
        return Tampered("a wrapped value does not open with this key in this place")
    return OperatorMustAct("the transit server refused the request as it is", code="master")


def _denied() -> OperatorMustAct:
    return OperatorMustAct(
        "the transit server denies this token: it expired, or its policy does not allow this", code="master_denied"
    )


def _no_key() -> OperatorMustAct:
    return OperatorMustAct(
        "the transit engine or its key is missing; check COCKPIT_MASTER_MOUNT and COCKPIT_MASTER_KEY",
        code="master_missing",
    )


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
