"""Proof files, ``.tlog-proof``: that an entry is in a log, checked with nothing but the file (C2SP tlog-proof)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from cockpit.domain.errors import Tampered
from cockpit.tlog.merkle import HASH_BYTES, ProofInvalid, leaf_hash, verify_inclusion
from cockpit.tlog.note import Verifier, parse_note
from cockpit.tlog.quorum import Quorum, Witnessed, check_quorum

HEADER = "c2sp.org/tlog-proof@v1"
MAX_BYTES = 1_200_000
_MAX_HASHES = 63
_INDEX = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class ProofFile:
    """Entry ``index`` is under the checkpoint (a signed note, verbatim); ``hashes`` lead from its leaf to the root.

    ``extra`` is authenticated by nothing; None when there is none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def print_proof_file(proof: ProofFile) -> bytes:
    """The file's bytes. Raises ``ValueError`` for what could not be read back."""
    extra = [] if proof.extra is None else [f"extra {_base64(proof.extra)}"]
    lines = [HEADER, *extra, f"index {proof.index}", *map(_base64, proof.hashes)]
    printed = "\n".join(lines).encode() + b"\n\n" + proof.checkpoint
    try:
        if parse_proof_file(printed) == proof:
            return printed
    except Tampered:
        pass
    raise ValueError("this is no proof that could be read back")


def parse_proof_file(raw: bytes) -> ProofFile:
    """The proof in a file, not verified: exactly what printing it again would give. Raises ``Tampered``."""
    head, separator, checkpoint = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Tampered("not a proof file") from error
    if len(raw) > MAX_BYTES or not separator or lines.pop(0) != HEADER:
        raise Tampered("not a proof file")
    extra = _unbase64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    word, _, index = lines.pop(0).partition(" ") if lines else ("", "", "")
    hashes = tuple(map(_unbase64, lines))
    if word != "index" or not _INDEX.fullmatch(index) or extra == b"" or not _are_hashes(hashes):
        raise Tampered("not a proof file")
    parse_note(checkpoint)
    return ProofFile(int(index), hashes, checkpoint, extra)


def verify_proof_file(raw: bytes, leaf: bytes, quorum: Quorum, log: Verifier | None = None) -> Witnessed:
    """The witnessed checkpoint under which ``leaf`` (its bytes) stands, at the place that the file says.

    ``log``: the log's key, when it is not one of the quorum file's. Raises ``Tampered`` for a file that is none, a
    checkpoint that the quorum refuses, and a proof that does not lead to its root.
    """
    proof = parse_proof_file(raw)
    witnessed = check_quorum(quorum, proof.checkpoint, log)
    checkpoint = witnessed.checkpoint
    try:
        verify_inclusion(leaf_hash(leaf), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    except ProofInvalid as error:
        raise Tampered(f"the entry is not at {proof.index} under this checkpoint: {error}") from error
    return witnessed


def _are_hashes(hashes: tuple[bytes, ...]) -> bool:
    return len(hashes) <= _MAX_HASHES and all(len(digest) == HASH_BYTES for digest in hashes)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Tampered("not a proof file") from error
    # One form only: stray bits in the last character would give a second file for the same proof.
    if _base64(raw) != text:
        raise Tampered("not a proof file")
    return raw
