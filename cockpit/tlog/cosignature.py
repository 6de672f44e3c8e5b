"""Cosignatures: what a witness says of a checkpoint, and when (C2SP tlog-cosignature, the Ed25519 type).

The signature type 0x06, ML-DSA-44, is reserved and not implemented: its lines are ignored as any unknown key's are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.domain.errors import Tampered
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.note import COSIGNATURE, Signature, Verifier, is_name, key_hash, parse_note, print_signature

_TIME_BYTES = 8
_LENGTH = _TIME_BYTES + 64
_LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cosignature:
    """``witness`` saw this checkpoint as the largest consistent one at ``at`` (POSIX seconds)."""

    witness: str
    at: int


def cosign(text: str, name: str, key: SigningKey, at: int) -> Signature:
    """The signature line of a witness over a checkpoint's text, at POSIX second ``at``.

    Raises ``ValueError`` for a name that is no name and a time that is none.
    """
    if not is_name(name) or not 0 <= at <= _LATEST:
        raise ValueError("neither this name nor this time can stand in a cosignature")
    value = at.to_bytes(_TIME_BYTES, "big") + key.sign(_context(at), text.encode())
    return Signature(name, key_hash(name, key.verify_key(), COSIGNATURE), value)


def verify_cosignature(text: str, signature: Signature, witness: Verifier) -> Cosignature:
    """What the witness said of this text. Raises ``Tampered`` when it is not its signature, or not over this text."""
    if witness.type != COSIGNATURE or not witness.made(signature) or len(signature.value) != _LENGTH:
        raise Tampered(f"not a cosignature of {witness.name}")
    at = int.from_bytes(signature.value[:_TIME_BYTES], "big")
    if at > _LATEST:
        raise Tampered(f"the cosignature of {witness.name} has no time")
    witness.key.verify(_context(at), text.encode(), signature.value[_TIME_BYTES:])
    return Cosignature(witness.name, at)


def find_cosignatures(note: bytes, witnesses: Iterable[Verifier]) -> dict[Verifier, Cosignature]:
    """The newest cosignature of each of these witnesses on a note; lines of others are ignored.

    Raises ``Tampered`` when a line of one of them does not verify: C2SP signed-note has the whole note rejected.
    """
    text, signatures = parse_note(note)
    found: dict[Verifier, Cosignature] = {}
    for witness in witnesses:
        said = [verify_cosignature(text, signature, witness) for signature in signatures if witness.made(signature)]
        if said:
            found[witness] = max(said, key=lambda cosignature: cosignature.at)
    return found


def add_signatures(note: bytes, added: Iterable[Signature]) -> bytes:
    """The note with further signature lines at its end; one that it has already is not added again."""
    _, present = parse_note(note)
    new = [signature for signature in dict.fromkeys(added) if signature not in present]
    return note + "".join(f"{print_signature(signature)}\n" for signature in new).encode()


def _context(at: int) -> bytes:
    # Two lines before the text: the first keeps a cosignature from being taken for a log's own signature.
    return f"cosignature/v1\ntime {at}\n".encode()
