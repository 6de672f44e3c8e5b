"""The ways to open a space: what a person may hold that leads to their vault key."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

WayId = NewType("WayId", str)
"""One way to open one space: 32 lowercase hexadecimal digits, random."""


class WayType(StrEnum):
    """The closed list. A name is stored, sealed into the slot and logged: it keeps its meaning for ever."""

    PASSPHRASE = "passphrase"  # noqa: S105 - a type's name, not a secret
    KIT = "kit"
    GUARDIANS = "guardians"
    PASSKEY = "passkey"
    ESCROW = "escrow"
    TEMPORARY_KIT = "temporary-kit"
    MANDATE = "mandate"


LASTING = frozenset({WayType.PASSPHRASE, WayType.KIT, WayType.GUARDIANS})
"""Ways that stay in the person's hands when a device is lost or the operator changes their mind: one must be kept."""
