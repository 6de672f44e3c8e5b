"""Bring the house up to date: every new entry checked, every log's root recomputed, before anything is kept."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from cockpit.audit.checked import Fact, facts_of
from cockpit.audit.faults import NotAnswered, Refuted
from cockpit.audit.frontier import Frontier
from cockpit.audit.house import House, fix, fixed
from cockpit.audit.line import Line
from cockpit.audit.wire import MOST_ENTRIES, Entry, LogHead, Page, Proof, Register, State
from cockpit.domain.errors import Tampered
from cockpit.domain.moment import instant
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import VerifyKey
from cockpit.tlog import merkle
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint

_LOG = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


@dataclass(frozen=True, slots=True)
class Synced:
    """How many entries are new in each log, and how many each has now."""

    new: dict[str, int]
    sizes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that the house saw and verified."""

    checkpoint: Checkpoint
    note: str


def sync(house: House, line: Line) -> Synced:
    """Fetch, check and keep what is new. Raises ``NotAnswered``, or ``Refuted`` once its evidence is kept."""
    now = instant(line.clock())
    try:
        with house.writing() as kept:
            return _sync(kept, line, now)
    except Refuted as refuted:
        with house.writing() as kept:
            content = json.dumps(refuted.evidence, sort_keys=True, default=_as_text)
            kept.execute(
                "INSERT INTO evidence (found_at, code, sentence, content) VALUES (?, ?, ?, ?)",
                (now, refuted.reason, str(refuted), content),
            )
        raise


def newest(kept: sqlite3.Connection, log: str) -> Seen | None:
    """The newest checkpoint the house has of a log."""
    found = kept.execute(
        "SELECT origin, size, root, note FROM seen WHERE log = ? ORDER BY size DESC LIMIT 1", (log,)
    ).fetchone()
    return Seen(Checkpoint(found[0], found[1], found[2]), found[3]) if found else None


def stored(kept: sqlite3.Connection, log: str, first: int = 0) -> Iterator[Entry]:
    """The entries the house holds of a log, in order."""
    for row in kept.execute(
        "SELECT content FROM entry WHERE log = ? AND position >= ? ORDER BY position", (log, first)
    ):
        yield msgspec.json.decode(row[0], type=Entry)


def _sync(kept: sqlite3.Connection, line: Line, now: str) -> Synced:
    state = line.get("state", State)
    key = _held_key(kept, line, state)
    new, sizes = {}, {}
    for head in state.logs:
        checkpoint = _held_checkpoint(kept, line, key, head)
        known = newest(kept, head.log)
        before = known.checkpoint.size if known else 0
        if known is None or checkpoint.size > before:
            _grow(kept, line, head, checkpoint, known)
            row = (head.log, head.origin, checkpoint.size, checkpoint.root, head.checkpoint, now)
            kept.execute("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?)", row)
        new[head.log], sizes[head.log] = checkpoint.size - before, checkpoint.size
    _hold_known_logs(kept, state)
    fix(kept, "state", msgspec.json.encode(state).decode())
    fix(kept, "synced_at", now)
    if "recipients" in state.mandate.scopes:
        _keep_register(kept, line, now)
    return Synced(new, sizes)


def _held_key(kept: sqlite3.Connection, line: Line, state: State) -> VerifyKey:
    """The log's key: the pinned one, or, at the first time, the one shown (trust on first use)."""
    if state.issuer != line.address or state.mandate.id != line.mandate:
        raise Refuted("other-cockpit", "another cockpit, or another mandate, answered", issuer=state.issuer)
    pinned = fixed(kept, "log_key")
    if pinned and pinned != state.log_key.hex():
        raise Refuted("other-key", "the log's key is not the one this house knows", known=pinned, now=state.log_key)
    fix(kept, "log_key", state.log_key.hex())
    return VerifyKey(state.log_key)


def _held_checkpoint(kept: sqlite3.Connection, line: Line, key: VerifyKey, head: LogHead) -> Checkpoint:
    base = line.address.partition("://")[2] + "/log"
    if not _LOG.fullmatch(head.log) or head.origin not in {base, f"{base}/{head.log}"}:
        raise Refuted("other-log", "a log has another name than this cockpit's", origin=head.origin)
    try:
        checkpoint = parse_checkpoint(head.checkpoint.encode(), key, head.origin)
    except Tampered as error:
        raise Refuted("checkpoint-unsigned", f"the checkpoint of {head.log} is not signed by the log",
                      log=head.log, theirs=head.checkpoint) from error  # fmt: skip
    known = newest(kept, head.log)
    if known is None:
        return checkpoint
    shown = {"log": head.log, "ours": known.note, "theirs": head.checkpoint}
    if checkpoint.size < known.checkpoint.size:
        raise Refuted("shrunk", f"{head.log} has become shorter: {known.checkpoint.size} entries were seen, "
                      f"{checkpoint.size} are left", **shown)  # fmt: skip
    if checkpoint.size == known.checkpoint.size and checkpoint.root != known.checkpoint.root:
        raise Refuted("fork", f"{head.log} has two roots for {checkpoint.size} entries", **shown)
    return checkpoint


def _grow(kept: sqlite3.Connection, line: Line, head: LogHead, checkpoint: Checkpoint, known: Seen | None) -> None:
    """Add what is new, then hold all leaves to the signed root."""
    tree = Frontier()
    for entry in stored(kept, head.log):
        tree.add(entry.leaf)
    first = tree.size
    for entry in _fetched(line, head.log, first, checkpoint.size):
        facts = facts_of(head.log, tree.size, entry)
        kept.execute("INSERT INTO entry VALUES (?, ?, ?)", (head.log, tree.size, msgspec.json.encode(entry)))
        kept.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, facts))
        tree.add(entry.leaf)
    if tree.root() != checkpoint.root:
        _blame(kept, line, head, checkpoint, known, first)


def _fetched(line: Line, log: str, first: int, size: int) -> Iterator[Entry]:
    while first < size:
        page = line.get("entries", Page, log=log, first=first, count=min(MOST_ENTRIES, size - first))
        if page.log != log or page.first != first or not 0 < len(page.entries) <= size - first:
            raise Refuted("entries-missing", f"{log} was signed with {size} entries, and {first} is not handed over",
                          log=log, index=first, size=size)  # fmt: skip
        yield from page.entries
        first += len(page.entries)


def _blame(
    kept: sqlite3.Connection, line: Line, head: LogHead, checkpoint: Checkpoint, known: Seen | None, first: int
) -> None:
    """The root is another: say whether the log was forked since it was last seen, or which entry was changed."""
    shown = {"log": head.log, "ours": known.note if known else "", "theirs": head.checkpoint}
    if known is not None and known.checkpoint.size:
        old, proof = known.checkpoint, _proof(line, "consistency", log=head.log, old=known.checkpoint.size,
                                              new=checkpoint.size)  # fmt: skip
        try:
            merkle.verify_consistency(old.size, checkpoint.size, proof, old.root, checkpoint.root)
        except merkle.ProofInvalid as error:
            raise Refuted("fork", f"{head.log} does not continue what was seen of it: its past was changed",
                          **shown, proof=proof) from error  # fmt: skip
    for entry in stored(kept, head.log, first):
        proof = _proof(line, "inclusion", log=head.log, index=entry.index, size=checkpoint.size)
        try:
            merkle.verify_inclusion(merkle.leaf_hash(entry.leaf), entry.index, checkpoint.size, proof, checkpoint.root)
        except merkle.ProofInvalid as error:
            raise Refuted("entry-changed", f"entry {entry.index} of {head.log} is not the one that was logged",
                          **shown, index=entry.index, leaf=entry.leaf, proof=proof) from error  # fmt: skip
    raise Refuted("other-root", f"the entries of {head.log} do not give its signed root", **shown)


def _proof(line: Line, path: str, **parameters: str | int) -> tuple[bytes, ...]:
    try:
        return line.get(path, Proof, **parameters).hashes
    except NotAnswered:
        # No proof is no proof: the caller's check fails, and says of what.
        return ()


def _hold_known_logs(kept: sqlite3.Connection, state: State) -> None:
    """A log that was seen is still offered, unless the consent log says that its time was over."""
    offered = {head.log for head in state.logs}
    expired = {
        str(json.loads(row[0]).get("log"))
        for row in kept.execute("SELECT part FROM fact WHERE type = 'shard.expired' AND part IS NOT NULL")
    }
    for (log,) in kept.execute("SELECT DISTINCT log FROM seen").fetchall():
        if log not in offered | expired:
            seen = newest(kept, log)
            raise Refuted("log-gone", f"{log} was seen, and is no longer offered", log=log, ours=seen and seen.note)


def _keep_register(kept: sqlite3.Connection, line: Line, now: str) -> None:
    register = line.get("register", Register)
    content = msgspec.json.encode(register)
    kept.execute(
        "INSERT OR REPLACE INTO register VALUES (?, ?, ?)", (hashlib.sha256(content).hexdigest(), now, content)
    )


def _row(fact: Fact) -> tuple[str, int, int, str, str, str, str | None]:
    part = None if fact.part is None else canonical(fact.part).decode()
    return (fact.log, fact.index, fact.nth, fact.at, fact.type, fact.policy, part)


def _as_text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
