"""The rules of a witness: check, remember, only then cosign (C2SP tlog-witness)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from cockpit.domain.errors import Tampered
from cockpit.tlog.checkpoint import Checkpoint, read_checkpoint
from cockpit.tlog.cosignature import cosign
from cockpit.tlog.growth import verify_growth
from cockpit.tlog.merkle import ProofInvalid
from cockpit.tlog.note import Verifier, open_note, parse_note, print_signature
from cockpit.witness.identity import Identity
from cockpit.witness.memory import Head, Memory
from cockpit.witness.request import AddCheckpoint, Answer, Malformed, parse_request, size_answer


@dataclass(frozen=True, slots=True)
class Witness:
    """Who cosigns, which logs (an origin may have several keys, while one takes over), what is remembered, the time.

    ``clock``: POSIX seconds.
    """

    identity: Identity
    logs: tuple[Verifier, ...]
    memory: Memory
    clock: Callable[[], int]

    def add_checkpoint(self, body: bytes) -> Answer:
        """The answer to a posted body. Every refusal is decided here; the lines follow the specification's order."""
        try:
            request = parse_request(body)
            text, _ = parse_note(request.note)
            origin = text.partition("\n")[0]
            checkpoint = read_checkpoint(text, origin)
        except (Malformed, Tampered) as error:
            return Answer(400, f"{error}\n".encode())
        keys = [log for log in self.logs if log.name == origin]
        if not keys:
            return Answer(404, b"this witness does not know this log\n")
        if not _signed_by(keys, request.note):
            return Answer(403, b"the checkpoint is not signed by this log's key\n")
        if request.old > checkpoint.size:
            return Answer(400, b"the old size is above the checkpoint's\n")
        return self._judge(request, checkpoint, text)

    def _judge(self, request: AddCheckpoint, checkpoint: Checkpoint, text: str) -> Answer:
        head = self.memory.head(checkpoint.origin)
        if self._is_fork(head, checkpoint, request.note) or request.old != head.size:
            return size_answer(head.size)
        try:
            verify_growth(head.size, head.root, checkpoint.size, checkpoint.root, request.proof)
        except ProofInvalid as error:
            return Answer(422, f"{error}\n".encode())
        return self._cosign(head, request, checkpoint, text)

    def _is_fork(self, head: Head, checkpoint: Checkpoint, note: bytes) -> bool:
        """Whether the log signed another root at the size that we cosigned; both notes are then kept."""
        if not head.note or checkpoint.size != head.size or checkpoint.root == head.root:
            return False
        self.memory.keep_fork(checkpoint.origin, head.size, checkpoint.root, head.note, note, self.clock())
        return True

    def _cosign(self, seen: Head, request: AddCheckpoint, checkpoint: Checkpoint, text: str) -> Answer:
        origin, size, root = checkpoint.origin, checkpoint.size, checkpoint.root
        # Remembered, on disk, before there is a signature: one that is lost can be asked for again, none is taken back.
        head = self.memory.advance(origin, seen, size, root, request.note, self.clock)
        if (head.size, head.root) != (size, root) or head.note != request.note:
            return size_answer(head.size)
        signature = cosign(text, self.identity.name, self.identity.key, head.at)
        return Answer(200, f"{print_signature(signature)}\n".encode())


def _signed_by(keys: Iterable[Verifier], note: bytes) -> bool:
    """Whether one of the log's keys signed the note."""
    for key in keys:
        with suppress(Tampered):
            open_note(note, key.name, key.key)
            return True
    return False
