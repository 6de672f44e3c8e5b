"""Signed notes and verifier keys (C2SP signed-note)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cockpit.domain.errors import Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey

ED25519 = b"\x01"
_SEPARATOR = "\n\n"
_DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the signer's name, its key hash (4 bytes), the signature."""

    name: str
    key_hash: bytes
    value: bytes


def key_hash(name: str, key: VerifyKey) -> bytes:
    """The 4 bytes that tell keys apart: SHA-256(name, newline, type, key)."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + key.raw).digest()[:4]


def vkey(name: str, key: VerifyKey) -> str:
    """A verifier key as text: ``name+hash+base64``."""
    return f"{name}+{key_hash(name, key).hex()}+{base64.b64encode(ED25519 + key.raw).decode()}"


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """The note of ``text`` (which ends with a newline) with one signature."""
    value = base64.b64encode(key_hash(name, key.verify_key()) + key.sign(b"", text.encode())).decode()
    return f"{text}\n{_DASH}{name} {value}\n".encode()


def open_note(note: bytes, name: str, key: VerifyKey) -> str:
    """The text of a note that ``name`` signed. Unknown signatures are ignored. Raises ``Tampered``."""
    text, signatures = parse_note(note)
    wanted = key_hash(name, key)
    for signature in signatures:
        if signature.name == name and signature.key_hash == wanted:
            key.verify(b"", text.encode(), signature.value)
            return text
    raise Tampered("the note is not signed by the key expected")


def parse_note(note: bytes) -> tuple[str, tuple[Signature, ...]]:
    """The text and signatures of a note, not verified. Raises ``Tampered`` for anything malformed."""
    try:
        whole = note.decode("utf-8")
        split = whole.rindex(_SEPARATOR)
    except ValueError as error:
        raise Tampered("not a signed note") from error
    text, lines = whole[: split + 1], whole[split + 2 :]
    if not lines.endswith("\n"):
        raise Tampered("not a signed note")
    return text, tuple(_signature(line) for line in lines[:-1].split("\n"))


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        value = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise Tampered("a signature line is malformed") from error
    # One form only: stray bits in the last character would give a second note for the same signature.
    canonical = base64.b64encode(value).decode() == encoded
    if not line.startswith(_DASH) or not name or not space or len(value) < 5 or not canonical:
        raise Tampered("a signature line is malformed")
    return Signature(name, value[:4], value[4:])
