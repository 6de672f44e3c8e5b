"""Check one's history: that nothing was erased, edited or kept back, by one's own key and the public logs alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import CitizenMustAct, Tampered
from cockpit.store import cosigned, log_rows
from cockpit.store.journal import JournalEntry, journal
from cockpit.store.space import Reader
from cockpit.tlog import merkle
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint
from cockpit.tlog.growth import NotGrown, check_growth
from cockpit.tlog.leaf import tag
from cockpit.tlog.logs import CONSENT, LogName, origin_of
from cockpit.tlog.note import Verifier
from cockpit.witness.trusted import cosigned_by, read_quorum

MOST_KEPT_BYTES = 64 * 1024


class Fault(StrEnum):
    """What can be wrong with a history."""

    GAP = "gap"
    OTHER_TAG = "other-tag"
    UNPROVEN = "unproven"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """One log that holds entries of this person: its origin, its signed size and root, and how many are theirs."""

    origin: str
    size: int
    root: str
    entries: int


@dataclass(frozen=True, slots=True)
class Witnessing:
    """Who else vouches for the consent log: the witnesses that cosigned its first ``size`` entries, by name."""

    size: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryCheck:
    """How many entries were walked, in which logs; ``faults`` name the numbers of those that do not hold.

    ``witnessing`` is None where the deployment asks no witness.
    """

    entries: int
    logs: tuple[CheckedLog, ...]
    faults: tuple[tuple[Fault, int], ...]
    witnessing: Witnessing | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is missing, changed or kept back."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """A checkpoint kept from earlier against today's: the sizes of both, and what is wrong, or nothing.

    ``fault`` is ``log_forked``, ``log_shrunk`` or ``log_unproven``; ``evidence`` are then both signed notes, to show to
    anyone.
    """

    origin: str
    size_then: int
    size_now: int
    fault: str = ""
    evidence: str = ""


class NotACheckpoint(CitizenMustAct):
    """What was given is no checkpoint of a log of this cockpit."""

    code = "not_a_checkpoint"


def check_history(cockpit: Cockpit, reader: Reader) -> HistoryCheck:
    """Walk the person's tags from 0 on: each entry must be theirs, in its log's signed tree, and the next must not be.

    The time it takes grows with the logs, whose marks are all looked at. Raises ``Tampered`` for a journal that does
    not open, or a checkpoint that is not the log's.
    """
    entries, key = journal(reader), cockpit.keyrings.tag_key(reader.person)
    heads = {log: _head(cockpit, reader, log) for log in sorted({entry.log for entry in entries})}
    faults = [(Fault.GAP, number) for number, entry in enumerate(entries) if entry.number != number]
    faults += [(Fault.OTHER_TAG, one.number) for one in entries if _tag_of(one) != tag(key, one.number)]
    faults += [(Fault.UNPROVEN, one.number) for one in entries if not _proven(cockpit, reader, one, heads[one.log])]
    if _holds(cockpit, reader, tag(key, len(entries))):
        faults.append((Fault.HIDDEN, len(entries)))
    counts = Counter(entry.log for entry in entries)
    logs = (
        CheckedLog(origin_of(cockpit.ledger.origin, log), head.size, head.root.hex(), counts[log])
        for log, head in heads.items()
    )
    return HistoryCheck(len(entries), tuple(logs), tuple(faults), _witnessing(cockpit, reader))


def check_kept(cockpit: Cockpit, reader: Reader, kept: bytes) -> KeptCheck:
    """A checkpoint that the person kept (of an archive, a proof, a witness) against today's.

    Raises ``NotACheckpoint`` for anything that no log of this cockpit signed.
    """
    ledger, key = cockpit.ledger, cockpit.operator.log.verify_key()
    origin = kept[:MOST_KEPT_BYTES].partition(b"\n")[0].decode("utf-8", "replace")
    log = next((log for log in ledger.logs(reader.connection) if origin_of(ledger.origin, log) == origin), None)
    if log is None or len(kept) > MOST_KEPT_BYTES:
        raise NotACheckpoint("this is no checkpoint of a log of this cockpit")
    try:
        then = parse_checkpoint(kept, key, origin)
    except Tampered as error:
        raise NotACheckpoint("this checkpoint was not signed by this cockpit, or was changed since") from error
    size, note = ledger.checkpoint(reader.connection, log)
    proof: Sequence[bytes] = ()
    if 0 < then.size <= size:
        proof = ledger.consistency_proof(reader.connection, then.size, size, log)
    try:
        check_growth(kept, note, proof, Verifier(origin, key))
    except NotGrown as error:
        return KeptCheck(origin, then.size, size, error.reason, error.evidence().decode("utf-8", "replace"))
    return KeptCheck(origin, then.size, size)


def _witnessing(cockpit: Cockpit, reader: Reader) -> Witnessing | None:
    quorum = read_quorum(cockpit.settings.quorum)
    if quorum is None:
        return None
    seen = cosigned.find(reader.connection, CONSENT)
    return Witnessing(seen.size, cosigned_by(quorum, seen.note) if seen.note else ())


def _head(cockpit: Cockpit, reader: Reader, log: LogName) -> Checkpoint:
    _, note = cockpit.ledger.checkpoint(reader.connection, log)
    return parse_checkpoint(note, cockpit.operator.log.verify_key(), origin_of(cockpit.ledger.origin, log))


def _proven(cockpit: Cockpit, reader: Reader, entry: JournalEntry, head: Checkpoint) -> bool:
    try:
        path = cockpit.ledger.inclusion_proof(reader.connection, entry.index, head.size, entry.log)
        merkle.verify_inclusion(merkle.leaf_hash(entry.leaf), entry.index, head.size, path, head.root)
    except (merkle.ProofInvalid, Tampered, ValueError, KeyError):
        return False
    return True


def _tag_of(entry: JournalEntry) -> str:
    place = entry.batch
    said = msgspec.json.decode(entry.leaf if place is None else place.record)
    return str(said["tag"])


def _holds(cockpit: Cockpit, reader: Reader, mark: str) -> bool:
    """Whether any entry of any log carries this mark: one that the person was not told of."""
    needle = mark.encode()
    return any(needle in content for content in _contents(cockpit, reader))


def _contents(cockpit: Cockpit, reader: Reader) -> Iterator[bytes]:
    for log in cockpit.ledger.logs(reader.connection):
        for page in log_rows.leaf_pages(reader.connection, log):
            for row in page:
                yield bytes(row.leaf if row.records is None else row.records)
