"""Checkpoints: the signed size and root of a log (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from cockpit.domain.errors import Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey
from cockpit.tlog.merkle import HASH_BYTES
from cockpit.tlog.note import open_note, sign_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log ``origin`` had ``size`` leaves and this root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The body that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The checkpoint as a signed note; the signer's name is the origin."""
    return sign_note(checkpoint.text(), checkpoint.origin, key)


def parse_checkpoint(note: bytes, key: VerifyKey, origin: str) -> Checkpoint:
    """The checkpoint of a note signed by the log's key. Raises ``Tampered``."""
    return read_checkpoint(open_note(note, origin, key), origin)


def read_checkpoint(text: str, origin: str) -> Checkpoint:
    """The checkpoint that a note's text says. Extension lines are ignored. Raises ``Tampered``."""
    lines = text.split("\n")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (IndexError, ValueError) as error:
        raise Tampered("not a checkpoint") from error
    if lines[0] != origin or not _SIZE.fullmatch(lines[1]) or len(root) != HASH_BYTES:
        raise Tampered("not a checkpoint of this log")
    checkpoint = Checkpoint(origin, int(lines[1]), root)
    # One form only: stray bits at the end of the base64, or an empty extension line, are refused with the rest.
    if not text.startswith(checkpoint.text()) or "" in lines[:-1]:
        raise Tampered("not a checkpoint")
    return checkpoint
