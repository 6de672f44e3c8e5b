"""The log's side: ask witnesses to cosign a checkpoint, and say which did not and why (C2SP tlog-witness).

A witness that fails delays nothing but the answer: who asks decides, by a quorum file, whether enough cosigned.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx2

from cockpit.domain.errors import Tampered
from cockpit.tlog.checkpoint import read_checkpoint
from cockpit.tlog.cosignature import add_signatures, verify_cosignature
from cockpit.tlog.note import Signature, Verifier, parse_note
from cockpit.witness.request import SIZE_TYPE, AddCheckpoint, Answer, Malformed, parse_size, print_request

SECONDS = 5.0
"""How long one witness may take for one answer, from the connection to the last byte."""
_ANSWER_BYTES = 64 * 1024

Prove = Callable[[int, int], Sequence[bytes]]
"""The consistency proof from an old size to a new one, 0 < old < new; called in the asking thread only."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A witness to ask: its key, and its submission prefix, to which ``/add-checkpoint`` is added."""

    key: Verifier
    url: str


@dataclass(slots=True)
class Round:
    """What became of asking. ``note``: the checkpoint with the cosignatures; ``sizes``: what each witness now knows,
    to hand in next time; ``failed``: why, in a sentence for the operator, by the witness's name.
    """

    note: bytes
    sizes: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def ask_witnesses(
    note: bytes, witnesses: Sequence[Asked], known: Mapping[str, int], prove: Prove, seconds: float = SECONDS
) -> Round:
    """Post the checkpoint to each witness, at once; again, once, to those that know another size than ``known`` says.

    ``note``: the log's own signed checkpoint. ``known``: by name, the size that a witness cosigned last; 0 where none
    is said. Nothing is raised for a witness that fails. Raises ``Tampered`` when ``note`` is no checkpoint.
    """
    text, _ = parse_note(note)
    size = read_checkpoint(text, text.partition("\n")[0]).size
    done = Round(note)
    with httpx2.Client(timeout=seconds, follow_redirects=False) as client, ThreadPoolExecutor(8) as threads:
        asking = {witness: known.get(witness.key.name, 0) for witness in witnesses}
        for last in (False, True):
            bodies = _bodies(note, size, asking, prove, done)
            answers = threads.map(lambda pair: _post(client, pair[0], pair[1], seconds), bodies.items())
            again: dict[Asked, int] = {}
            for witness, answer in zip(bodies, list(answers), strict=True):
                told = _take(witness, answer, text, size, done)
                if told == asking[witness]:
                    done.failed[witness.key.name] = f"it cosigned another root at {told} entries"
                elif told is not None and last:
                    done.failed[witness.key.name] = f"somebody brought it to {told} entries meanwhile; ask again"
                elif told is not None:
                    again[witness] = told
            asking = again
    return done


def _bodies(note: bytes, size: int, asking: Mapping[Asked, int], prove: Prove, done: Round) -> dict[Asked, bytes]:
    bodies = {}
    for witness, old in asking.items():
        if old > size:
            done.failed[witness.key.name] = f"it knows {old} entries, and the checkpoint has {size}"
        else:
            proof = tuple(prove(old, size)) if 0 < old < size else ()
            bodies[witness] = print_request(AddCheckpoint(old, proof, note))
    return bodies


def _post(client: httpx2.Client, witness: Asked, body: bytes, seconds: float) -> Answer | str:
    """The answer, or why there is none. A witness that trickles is cut off as one that is silent."""
    until = time.monotonic() + seconds
    content = b""
    try:
        with client.stream("POST", f"{witness.url.rstrip('/')}/add-checkpoint", content=body) as response:
            for chunk in response.iter_raw():
                content += chunk
                if len(content) > _ANSWER_BYTES or time.monotonic() > until:
                    return "its answer is too long or too slow"
            return Answer(response.status_code, content, response.headers.get("Content-Type", ""))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return f"it cannot be reached: {type(error).__name__}"


def _take(witness: Asked, answer: Answer | str, text: str, size: int, done: Round) -> int | None:
    """Note the cosignature or the failure down; the size told, when the witness knows another one."""
    name = witness.key.name
    if isinstance(answer, str):
        done.failed[name] = answer
        return None
    try:
        if answer.status == 409 and answer.media_type.partition(";")[0] == SIZE_TYPE:
            return parse_size(answer.body)
        if answer.status != 200:
            done.failed[name] = f"it answered {answer.status}"
            return None
        done.note = add_signatures(done.note, _cosignatures(witness.key, answer.body, text))
        done.sizes[name] = size
    except (Malformed, Tampered) as error:
        done.failed[name] = f"its answer is no cosignature: {error}"
    return None


def _cosignatures(witness: Verifier, lines: bytes, text: str) -> list[Signature]:
    """The verified lines of this witness; those of other keys are ignored. Raises ``Tampered`` when there is none."""
    _, signatures = parse_note(f"{text}\n".encode() + lines)
    made = [signature for signature in signatures if witness.made(signature)]
    for signature in made:
        verify_cosignature(text, signature, witness)
    if not made:
        raise Tampered("no line of it is by its key")
    return made
