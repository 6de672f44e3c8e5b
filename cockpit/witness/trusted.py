"""The quorum file of a deployment, and what its witnesses said of a note."""

from __future__ import annotations

from pathlib import Path

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.tlog.cosignature import find_cosignatures
from cockpit.tlog.quorum import Quorum, check_quorum, parse_quorum


def read_quorum(path: Path | None) -> Quorum | None:
    """The quorum file, None when there is none. Raises ``OperatorMustAct`` for one that cannot be read."""
    if path is None:
        return None
    try:
        return parse_quorum(path.read_bytes())
    except (OSError, Tampered, ValueError) as error:
        raise OperatorMustAct(f"the quorum file {path} cannot be read: {error}", code="quorum_file") from error


def is_enough(quorum: Quorum, note: bytes) -> bool:
    """Whether as many cosigned the note as the file wants."""
    try:
        check_quorum(quorum, note)
    except Tampered:
        return False
    return True


def cosigned_by(quorum: Quorum, note: bytes) -> tuple[str, ...]:
    """The names of the file's witnesses that cosigned the note, in the file's order. Raises ``Tampered``."""
    found = find_cosignatures(note, [witness.key for witness in quorum.witnesses])
    return tuple(witness.key.name for witness in quorum.witnesses if witness.key in found)
