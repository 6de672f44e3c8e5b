"""The line to an OpenBao or HashiCorp Vault server: its address, its token, and what its refusals mean."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac
import hvac.exceptions
import requests

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.files import read_key_file

SECONDS = 5
"""How long one call may take."""

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


class TransitLine:
    """Calls to one server's transit engine. Safe to share between threads."""

    def __init__(self, where: Transit) -> None:
        self._where = where
        self._local = threading.local()

    def call(self, ask: Callable[[Any, dict[str, str]], Any]) -> Any:
        """Ask once; once more when the token was refused and its file holds another by now.

        ``ask`` gets hvac's transit engine and where it is mounted. Raises ``OperatorMustAct`` or ``Tampered``.
        """
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
