"""That a log only grew: the entries of an auditor's bundle lead to the root that somebody kept earlier."""

from __future__ import annotations

import base64
import io
import json
import zipfile

from cockpit.verifier.audit_bundle import Bundle, Refuted, ends, fold, push, read_note

PROOF_FILE = "c2sp.org/tlog-proof@v1\n"


def read_old(content: bytes) -> tuple[str, ...]:
    """The signed checkpoints of an older bundle, a proof file (C2SP tlog-proof) or a checkpoint. Raises ``ValueError``.

    Their signatures are not checked here: ``check_grown`` does, under the key of the newer bundle.
    """
    if zipfile.is_zipfile(io.BytesIO(content)):
        old = Bundle(content, "", "")
        seen = (json.loads(old.read(f"logs/{log}/checkpoints.json")) for log in old.logs())
        return tuple(str(one["note"]) for notes in seen for one in notes)
    note = content.decode("utf-8")
    if note.startswith(PROOF_FILE):
        note = note.partition("\n\n")[2]
    if note.count("\n\n") != 1 or not note.endswith("\n"):
        raise ValueError("this is no older bundle, proof file or checkpoint")
    return (note,)


def check_grown(bundle: Bundle, old: tuple[str, ...]) -> list[str]:
    """Each old checkpoint is a state that the log of the bundle went through; returns the logs it does not hold.

    A log that is gone has an entry that covers it: it expired, with no fewer entries than it had. Raises ``Refuted``:
    entries that were there are changed, moved or gone, or the checkpoint is not this log's.
    """
    key = base64.b64decode(bundle.state()["log_key"], validate=True).hex()
    origins = {bundle.newest(log)[0]: log for log in bundle.logs()}
    wanted: dict[str, dict[int, bytes]] = {}
    absent = []
    covered = {log: (size, root) for log, size, root in ends(bundle, "shard.expired")}
    for note in old:
        origin = note.partition("\n")[0]
        size, root = read_note(note, origin, key)
        if origin not in origins:
            last, of_then = covered.get(origin.rpartition("/")[2], (0, b""))
            if size > last or (size == last and root != of_then):
                raise Refuted(f"{origin} is gone, and no entry covers its {size} entries")
            absent.append(origin)
        elif wanted.setdefault(origins[origin], {}).setdefault(size, root) != root:
            raise Refuted(f"the log {origin} signed two states of {size} entries")
    for log, roots in wanted.items():
        check_roots(log, [base64.b64decode(entry["leaf"], validate=True) for entry in bundle.leaves(log)], roots)
    return sorted(set(absent))


def check_roots(log: str, leaves: list[bytes], roots: dict[int, bytes]) -> None:
    """The first leaves lead to each of these roots (by size). Raises ``Refuted``."""
    if max(roots) > len(leaves):
        raise Refuted(f"{log} had {max(roots)} entries, and has {len(leaves)} now")
    stack: list[tuple[int, bytes]] = []
    for size in range(len(leaves) + 1):
        if size in roots and fold(stack) != roots[size]:
            raise Refuted(f"the first {size} entries of {log} are not those that were signed earlier")
        if size < len(leaves):
            push(stack, leaves[size])
