"""Whether a log only grew between two of its checkpoints, and the evidence when it did not.

For an auditor, or a person who kept an old checkpoint (every receipt holds one).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cockpit.domain.errors import Tampered
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint
from cockpit.tlog.merkle import ProofInvalid, verify_consistency
from cockpit.tlog.note import Verifier


@dataclass(frozen=True, slots=True)
class Growth:
    """The log grew from ``old`` to ``new`` (or stayed), and everything under ``old`` is under ``new``, unchanged."""

    old: Checkpoint
    new: Checkpoint


class NotGrown(Tampered):
    """Two checkpoints that the log signed do not follow each other; ``old`` and ``new`` are the notes, verbatim."""

    code: ClassVar[str] = "log_not_grown"

    def __init__(self, message: str, old: bytes, new: bytes) -> None:
        super().__init__(message)
        self.old = old
        self.new = new

    def evidence(self) -> bytes:
        """Both notes, one after the other: with the log's verifier key anyone can check what it signed."""
        return self.old + b"\n" + self.new


class Forked(NotGrown):
    """The log signed two roots at one size. The two notes alone prove it to anyone."""

    code = "log_forked"


class Shrunk(NotGrown):
    """What is shown as new is smaller than what the log signed before: entries are gone, or are kept back."""

    code = "log_shrunk"


class Unproven(NotGrown):
    """The proof does not lead from the old root to the new one: the past was changed, or the proof is wrong.

    The two notes alone do not tell which. All leaves do: hash the first ones, and compare with the old root.
    """

    code = "log_unproven"


def check_growth(old: bytes, new: bytes, proof: Sequence[bytes], log: Verifier) -> Growth:
    """That the log only grew from the old note to the new, by a consistency proof (RFC 9162 section 2.1.4).

    Raises ``Forked``, ``Shrunk`` or ``Unproven``, each with both notes; plain ``Tampered`` when one of the notes is
    not the log's, which says nothing of the log.
    """
    before, after = (parse_checkpoint(note, log.key, log.name) for note in (old, new))
    if before.size == after.size and before.root != after.root:
        raise Forked(f"the log signed two roots at size {before.size}", old, new)
    if after.size < before.size:
        raise Shrunk(f"the log had {before.size} entries and shows {after.size}", old, new)
    try:
        verify_growth(before.size, before.root, after.size, after.root, proof)
    except ProofInvalid as error:
        raise Unproven(f"no proof that the first {before.size} entries are unchanged: {error}", old, new) from error
    return Growth(before, after)


def verify_growth(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """``verify_consistency``, and from an empty log, which has an empty proof. Raises ``ProofInvalid``."""
    if old:
        verify_consistency(old, new, proof, old_root, new_root)
    elif proof or old_root != _EMPTY or (new == 0 and new_root != _EMPTY):
        raise ProofInvalid("from an empty log, the proof is empty and the old root is that of nothing")


_EMPTY = hashlib.sha256(b"").digest()
