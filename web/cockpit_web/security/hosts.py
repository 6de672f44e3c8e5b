"""The host names this deployment answers to, so that no other site's name can be pointed at it."""

from __future__ import annotations

from urllib.parse import urlsplit

LOCAL = ("localhost", "127.0.0.1")


def accepted_hosts(issuer: str) -> list[str]:
    """The issuer's own host; for a deployment at home, every name of this machine's loopback."""
    host = urlsplit(issuer).hostname or ""
    return sorted({host, *LOCAL}) if host in LOCAL else [host]
