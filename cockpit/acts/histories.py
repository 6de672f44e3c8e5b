"""Who saw what: the person's history in one grammar, and the proof of each line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import NotFound, Tampered
from cockpit.domain.event import EventType
from cockpit.domain.ids import Kind
from cockpit.domain.mandate import Capacity
from cockpit.domain.record import Json
from cockpit.domain.way import WayType
from cockpit.store.journal import JournalEntry, journal
from cockpit.store.space import Reader
from cockpit.tlog import merkle
from cockpit.tlog.checkpoint import parse_checkpoint
from cockpit.tlog.logs import origin_of


class Verb(StrEnum):
    """What happened, in the one grammar of the history."""

    OPENED = "opened"
    ADDED = "added"
    READ = "read"
    WAS_REFUSED = "was-refused"
    RECEIVED = "received"
    ALLOWED = "allowed"
    REFUSED = "refused"
    PUT_OFF = "put-off"
    NARROWED = "narrowed"
    RENEWED = "renewed"
    REVIEWED = "reviewed"
    PAUSED = "paused"
    RESUMED = "resumed"
    WAS_SUSPENDED = "was-suspended"
    STOPPED = "stopped"
    SET_RULES = "set-rules"
    CAME_TO_ITS_END = "came-to-its-end"
    WAS_REVOKED = "was-revoked"
    TOOK_AWAY = "took-away"
    GAINED_A_WAY = "gained-a-way"
    CHANGED_A_WAY = "changed-a-way"
    LOST_A_WAY = "lost-a-way"
    RECOVERED = "recovered"
    USED_ESCROW = "used-escrow"
    ROTATED = "rotated"
    ERASED = "erased"
    GAVE_A_MANDATE = "gave-a-mandate"
    ENDED_A_MANDATE = "ended-a-mandate"
    CAME_FOR_ME = "came-for-me"
    WAS_AUDITED = "was-audited"
    WAS_BOUND = "was-bound"
    STATED = "stated"
    WAS_LATE = "was-late"


_VERBS = {
    EventType.SPACE_OPENED: Verb.OPENED,
    EventType.SOURCE_REFRESHED: Verb.ADDED,
    EventType.CONSENT_GIVEN: Verb.ALLOWED,
    EventType.CONSENT_REFUSED: Verb.REFUSED,
    EventType.CONSENT_DEFERRED: Verb.PUT_OFF,
    EventType.CONSENT_NARROWED: Verb.NARROWED,
    EventType.CONSENT_RENEWED: Verb.RENEWED,
    EventType.CONSENT_REVIEWED: Verb.REVIEWED,
    EventType.CONSENT_PAUSED: Verb.PAUSED,
    EventType.CONSENT_RESUMED: Verb.RESUMED,
    EventType.CONSENT_SUSPENDED: Verb.WAS_SUSPENDED,
    EventType.CONSENT_WITHDRAWN: Verb.STOPPED,
    EventType.RULES_CHANGED: Verb.SET_RULES,
    EventType.CONSENT_EXPIRED: Verb.CAME_TO_ITS_END,
    EventType.CONSENT_REVOKED: Verb.WAS_REVOKED,
    EventType.CONSENT_INVALIDATED: Verb.WAS_REVOKED,
    EventType.TOKEN_ISSUED: Verb.RECEIVED,
    EventType.ACCESS_ALLOWED: Verb.READ,
    EventType.ACCESS_REFUSED: Verb.WAS_REFUSED,
    EventType.EXPORT_MADE: Verb.TOOK_AWAY,
    EventType.WAY_ADDED: Verb.GAINED_A_WAY,
    EventType.WAY_CHANGED: Verb.CHANGED_A_WAY,
    EventType.WAY_REMOVED: Verb.LOST_A_WAY,
    EventType.SPACE_RECOVERED: Verb.RECOVERED,
    EventType.ESCROW_USED: Verb.USED_ESCROW,
    EventType.VAULT_KEY_ROTATED: Verb.ROTATED,
    EventType.COLLECTION_KEYS_ROTATED: Verb.ROTATED,
    EventType.RECORD_ERASED: Verb.ERASED,
    EventType.MANDATE_GIVEN: Verb.GAVE_A_MANDATE,
    EventType.MANDATE_ENDED: Verb.ENDED_A_MANDATE,
    EventType.MANDATE_USED: Verb.CAME_FOR_ME,
    EventType.AUDITOR_OPENED: Verb.WAS_AUDITED,
    EventType.OBLIGATION_DUE: Verb.WAS_BOUND,
    EventType.OBLIGATION_DONE: Verb.STATED,
    EventType.OBLIGATION_MISSED: Verb.WAS_LATE,
}


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts for the person. ``name`` is empty when they acted on a locked space."""

    capacity: Capacity
    name: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """[who] [verb] [what, how many] for [use], thanks to [consent].

    ``who`` is a service's name, a connector's id for ``ADDED``, or None when it is the person. ``count`` is how many
    objects were read or added; ``reason`` says why a read was refused, or is the operator's own words for using the
    escrow or an auditor's for opening a case; ``auditors`` are the two who opened it; ``way`` is the type of the way
    to open the space that changed; ``number`` is the entry's place in the person's own history, from 0;
    ``beyond_rule`` tells that a rule of theirs wants such a read pointed out; ``acting`` is who did it for them, or
    whom a mandate is about.
    """

    number: int
    at: str
    verb: Verb
    who: str | None
    service: str | None
    kinds: tuple[Kind, ...]
    count: int
    use: str | None
    consent: str | None
    reason: str | None
    way: WayType | None = None
    beyond_rule: bool = False
    acting: Acting | None = None
    auditors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryProof:
    """One line's proof: the entry, its Merkle proof to its log's newest signed checkpoint, checked on the spot.

    ``verified`` is what the check just done says; hashes are bytes of 32. The leaf of an entry in a batch
    is the one that the entry's own path leads to.
    """

    entry: JournalEntry
    origin: str
    size: int
    root: bytes
    path: tuple[bytes, ...]
    checkpoint: str
    verified: bool


def history(reader: Reader) -> tuple[HistoryLine, ...]:
    """The whole history, newest first. Raises ``Tampered``."""
    return tuple(_line(entry) for entry in reversed(journal(reader)))


def proof(cockpit: Cockpit, reader: Reader, number: int) -> EntryProof:
    """The proof of the person's entry ``number``. Raises ``NotFound`` when there is none."""
    entry = next((entry for entry in journal(reader) if entry.number == number), None)
    if entry is None:
        raise NotFound("there is no such entry in this history")
    ledger, origin = cockpit.ledger, origin_of(cockpit.ledger.origin, entry.log)
    size, note = ledger.checkpoint(reader.connection, entry.log)
    path = ledger.inclusion_proof(reader.connection, entry.index, size, entry.log)
    checkpoint = parse_checkpoint(note, cockpit.operator.log.verify_key(), origin)
    try:
        merkle.verify_inclusion(merkle.leaf_hash(entry.leaf), entry.index, checkpoint.size, path, checkpoint.root)
    except (merkle.ProofInvalid, Tampered):
        verified = False
    else:
        verified = True
    return EntryProof(entry, origin, size, checkpoint.root, tuple(path), note.decode(), verified)


def _line(entry: JournalEntry) -> HistoryLine:
    part = entry.subject
    kinds = part.get("kinds") or ([part["kind"]] if "kind" in part else [])
    assert isinstance(kinds, list)
    verb = _VERBS[EventType(entry.type)]
    refused, way = verb is Verb.WAS_REFUSED, _text(part, "way")
    return HistoryLine(
        number=entry.number,
        at=entry.at,
        verb=verb,
        who=_text(part, "connector") or _text(part, "service_name"),
        service=_text(part, "service"),
        kinds=tuple(Kind(str(kind)) for kind in kinds),
        count=_count(part),
        use=_text(part, "use"),
        consent=_text(part, "consent"),
        reason=_text(part, "decision") if refused else _text(part, "reason"),
        way=WayType(way) if way else None,
        beyond_rule=bool(part.get("rules")),
        acting=_acting(part),
        auditors=_names(part, "auditors"),
    )


def _acting(part: dict[str, Json]) -> Acting | None:
    said = part.get("actor") or part.get("mandate")
    if not isinstance(said, dict):
        return None
    return Acting(Capacity(str(said["capacity"])), str(said.get("name") or ""))


def _count(part: dict[str, Json]) -> int:
    count = part.get("count")
    if isinstance(count, int):
        return count
    new, changed = part.get("new"), part.get("changed")
    return (new if isinstance(new, int) else 0) + (changed if isinstance(changed, int) else 0)


def _text(part: dict[str, Json], key: str) -> str | None:
    value = part.get(key)
    return value if isinstance(value, str) else None


def _names(part: dict[str, Json], key: str) -> tuple[str, ...]:
    names = part.get(key)
    return tuple(str(name) for name in names) if isinstance(names, list) else ()
