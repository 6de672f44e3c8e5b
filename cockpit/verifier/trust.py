"""Whom a verification trusts: files of verifier keys, quorum files and witnesses' cosignatures (C2SP).

Written from the specifications signed-note, tlog-policy and tlog-cosignature, apart from the code that signs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cockpit.verifier.audit_bundle import Refuted

LOG, WITNESS = 1, 4
"""The types of key of C2SP signed-note that are known here: Ed25519 of a log, Ed25519 of a witness."""
MAX_BYTES = 1 << 18
TIME_BYTES = 8
NONE = "none"


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key: its name, its type and its 32 bytes."""

    name: str
    type: int
    raw: bytes

    @property
    def hash(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.raw).digest()[:4]


@dataclass(frozen=True, slots=True)
class Quorum:
    """A quorum file: the witnesses by their names there, the groups in the file's order, and which must be reached."""

    required: str
    logs: tuple[Key, ...]
    witnesses: dict[str, Key]
    groups: dict[str, tuple[int, tuple[str, ...]]]

    def reached_by(self, names: set[str]) -> bool:
        """Whether these witnesses are enough."""
        reached = set(names)
        for group, (least, members) in self.groups.items():
            if len(reached.intersection(members)) >= least:
                reached.add(group)
        return self.required == NONE or self.required in reached


def read_key(text: str, type: int) -> Key:
    """The key that ``name+hash+base64`` says. Raises ``ValueError``."""
    name, short, encoded = text.split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if not name or len(raw) != 33 or raw[0] != type:
        raise ValueError("a verifier key is of another type than is wanted here")
    key = Key(name, type, raw[1:])
    if key.hash.hex() != short:
        raise ValueError("a verifier key does not match its name; copy it again, whole")
    return key


def read_keys(content: bytes) -> tuple[Key, ...]:
    """The logs' keys of a file, one a line; lines that begin with # say nothing. Raises ``ValueError``."""
    keys = tuple(read_key(words[0], LOG) for words in _lines(content))
    if not keys:
        raise ValueError("the file of verifier keys names none")
    return keys


def read_quorum(content: bytes) -> Quorum:
    """The quorum of a file (C2SP tlog-policy). Raises ``ValueError``: what is not understood trusts nobody."""
    required: list[str] = []
    logs: list[Key] = []
    witnesses: dict[str, Key] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    for words in _lines(content):
        named = {NONE, *witnesses, *groups}
        match words:
            case ["log", text] | ["log", text, _]:
                logs.append(read_key(text, LOG))
            case ["witness", name, text] | ["witness", name, text, _] if name not in named:
                witnesses[name] = read_key(text, WITNESS)
            case ["group", name, least, _, *_] if name not in named:
                groups[name] = _group(least, tuple(words[3:]), named - {NONE}, groups)
            case ["quorum", name] if name in named and not required:
                required.append(name)
            case _:
                raise ValueError(f"the quorum file has a line that is not understood: {words[0]}")
    if not required or len({key.raw for key in witnesses.values()}) != len(witnesses):
        raise ValueError("the quorum file has no quorum line, or one witness under two names")
    return Quorum(required[0], tuple(logs), witnesses, groups)


def _group(
    least: str, members: tuple[str, ...], named: set[str], groups: dict[str, tuple[int, tuple[str, ...]]]
) -> tuple[int, tuple[str, ...]]:
    grouped = {member for _, others in groups.values() for member in others}
    if len(set(members)) != len(members) or not named.issuperset(members) or grouped.intersection(members):
        raise ValueError("a group of the quorum file names a member twice, or one that is not above it")
    count = {"any": 1, "all": len(members)}.get(least) or (int(least) if re.fullmatch(r"[1-9][0-9]{0,8}", least) else 0)
    if not 1 <= count <= len(members):
        raise ValueError("a group of the quorum file wants: any, all, or how many of its members")
    return count, members


def _lines(content: bytes) -> Iterator[list[str]]:
    if len(content) > MAX_BYTES:
        raise ValueError("the file is larger than 256 KiB")
    for line in content.decode("utf-8").split("\n"):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            yield words


def check_cosigned(note: str, quorum: Quorum) -> int:
    """How many of the quorum's witnesses cosigned a note. Raises ``Refuted``: too few did, or a line is false."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    names = set()
    for line in signatures.splitlines():
        signer, _, encoded = line.removeprefix("\u2014 ").partition(" ")
        value = base64.b64decode(encoded, validate=True)
        for name, key in quorum.witnesses.items():
            if key.name == signer and value[:4] == key.hash:
                _verify_cosignature(key, value[4:], text)
                names.add(name)
    if not quorum.reached_by(names):
        raise Refuted(f"too few witnesses cosigned the checkpoint: {quorum.required} is wanted")
    return len(names)


def _verify_cosignature(key: Key, value: bytes, text: str) -> None:
    # C2SP tlog-cosignature: the time stands before the signature, and is signed with the text.
    at = int.from_bytes(value[:TIME_BYTES], "big")
    message = f"cosignature/v1\ntime {at}\n{text}".encode()
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(value[TIME_BYTES:], message)
    except InvalidSignature as error:
        raise Refuted(f"the cosignature of {key.name} does not verify") from error
