"""Checkpoints: the signed size and root of a log (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cockpit.domain.errors import Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey
from cockpit.tlog.note import open_note, sign_note


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
    """The checkpoint that a note's text says. Extension lines are kept by the note and ignored here."""
    lines = text.split("\n")
    try:
        found, size, root = lines[0], lines[1], base64.b64decode(lines[2], validate=True)
    except (IndexError, binascii.Error) as error:
        raise Tampered("not a checkpoint") from error
    if base64.b64encode(root).decode() != lines[2]:
        raise Tampered("not a checkpoint")
    if found != origin or not size.isascii() or not size.isdigit() or str(int(size)) != size or len(root) != 32:
        raise Tampered("not a checkpoint of this log")
    return Checkpoint(found, int(size), root)
