"""Signed notes and verifier keys (C2SP signed-note)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.signing import SigningKey, VerifyKey

ED25519 = b"\x01"
"""The signature type of a log's own key."""
COSIGNATURE = b"\x04"
"""The signature type of a witness: a timestamped Ed25519 cosignature (C2SP tlog-cosignature)."""
ML_DSA_44 = b"\x06"
"""Reserved: the type of a post-quantum cosignature. We know its number, so that we can say what we cannot check."""
_SEPARATOR = "\n\n"
_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_MAX_BYTES = 1_000_000
_MAX_SIGNATURES = 100
_KEY_BYTES = 33


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the signer's name, its key hash (4 bytes), the signature."""

    name: str
    key_hash: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Verifier:
    """Who may have signed: a name, a key, and the signature type (one byte) that the key is used for."""

    name: str
    key: VerifyKey
    type: bytes = ED25519

    def vkey(self) -> str:
        """The verifier key as text: the inverse of ``parse_vkey``."""
        return vkey(self.name, self.key, self.type)

    def made(self, signature: Signature) -> bool:
        """Whether the signature says it is by this key; it is not verified."""
        return signature.name == self.name and signature.key_hash == key_hash(self.name, self.key, self.type)


def key_hash(name: str, key: VerifyKey, type: bytes = ED25519) -> bytes:
    """The 4 bytes that tell keys apart: SHA-256(name, newline, type, key)."""
    return hashlib.sha256(name.encode() + b"\n" + type + key.raw).digest()[:4]


def vkey(name: str, key: VerifyKey, type: bytes = ED25519) -> str:
    """A verifier key as text: ``name+hash+base64``."""
    return f"{name}+{key_hash(name, key, type).hex()}+{base64.b64encode(type + key.raw).decode()}"


def parse_vkey(text: str) -> Verifier:
    """The verifier key that a text says. Raises ``OperatorMustAct``: such texts come from files of the operator."""
    name, _, rest = text.partition("+")
    try:
        raw = base64.b64decode(rest.partition("+")[2], validate=True)
        if raw[:1] == ML_DSA_44:
            raise OperatorMustAct(f"the key of {name} is of ML-DSA-44, which this version cannot check", code="vkey")
        verifier = Verifier(name, VerifyKey(raw[1:]), raw[:1])
        # The hash is recomputed, and the base64 has one form only.
        whole = is_name(name) and len(raw) == _KEY_BYTES and verifier.vkey() == text
    except ValueError:
        whole = False
    if not whole or verifier.type not in (ED25519, COSIGNATURE):
        raise OperatorMustAct("a verifier key is malformed; copy it again, whole, from whoever gave it", code="vkey")
    return verifier


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """The note of ``text`` with one signature.

    Raises ``ValueError`` for a text without a newline at its end, a control character, or a name that is no name.
    """
    if not text.endswith("\n") or _CONTROL.search(text) or not is_name(name):
        raise ValueError("neither this text nor this name can stand in a note")
    signature = Signature(name, key_hash(name, key.verify_key()), key.sign(b"", text.encode()))
    return f"{text}\n{print_signature(signature)}\n".encode()


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
    """The text and signatures of a note, not verified: exactly what printing them again would give.

    Raises ``Tampered`` for anything malformed, and for what no log signs (a megabyte, a hundred signatures).
    """
    if len(note) > _MAX_BYTES:
        raise Tampered("not a signed note")
    try:
        whole = note.decode("utf-8")
        split = whole.rindex(_SEPARATOR)
    except ValueError as error:
        raise Tampered("not a signed note") from error
    text, lines = whole[: split + 1], whole[split + 2 :]
    if not lines.endswith("\n") or lines.count("\n") > _MAX_SIGNATURES or _CONTROL.search(whole):
        raise Tampered("not a signed note")
    return text, tuple(_signature(line) for line in lines[:-1].split("\n"))


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        value = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Tampered("a signature line is malformed") from error
    signature = Signature(name, value[:4], value[4:])
    # One form only: stray bits in the last character would give a second note for the same signature.
    if not is_name(name) or not signature.value or print_signature(signature) != line:
        raise Tampered("a signature line is malformed")
    return signature


def print_signature(signature: Signature) -> str:
    """The line of a signature, without its newline."""
    return f"{_DASH}{signature.name} {base64.b64encode(signature.key_hash + signature.value).decode()}"


def is_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no space and no plus."""
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)
