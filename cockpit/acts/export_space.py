"""Take everything away: one archive, whose contents are committed to in the log before it is sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import msgspec

from cockpit.accounts.sessions import Visit, only_the_person
from cockpit.accounts.slots import unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.archive.bundle import ArchiveWriter, LogPart, ProvenEntry, Tree
from cockpit.archive.index_page import MAX_ROWS, Chapter, ConsentShown, index_page, read_me
from cockpit.archive.issue import Issuer
from cockpit.domain.errors import CitizenMustAct, NotFound, Tampered
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import BlobId, Kind
from cockpit.domain.moment import instant
from cockpit.domain.record import StoredRecord
from cockpit.receipts.receipt import receipt_bytes
from cockpit.receipts.signed_records import receipts_name
from cockpit.sealing.keyring import Keyring
from cockpit.store import policy_sets, walks
from cockpit.store.journal import JournalEntry, journal
from cockpit.store.lines import newest
from cockpit.store.space import CONSENTS, Reader
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint
from cockpit.tlog.logs import CONSENT, LogName, origin_of
from cockpit.tlog.note import vkey


@dataclass(frozen=True, slots=True)
class Exported:
    """What the archive holds, counted."""

    records: int
    files: int
    consents: int
    entries: int


Progress = Callable[[int, int], None]
"""Told now and then: how many records were written, of how many. It may raise to stop the export."""


def export_space(cockpit: Cockpit, visit: Visit, out: BinaryIO, progress: Progress | None = None) -> Exported:
    """Write the person's whole archive to ``out`` (seekable, empty), holding little of it in memory.

    Records and files are those of one moment, read without keeping anybody from writing; consents and the log are of
    the moment, a little later, when the export itself is logged. Raises ``SpaceLocked`` or ``Tampered``, and
    ``CitizenMustAct`` (``erased_meanwhile``) when a file to take was erased while the archive was being made.
    """
    only_the_person(visit)
    keyring = unlocked(visit)
    with ArchiveWriter(out) as archive:
        return _written(cockpit, visit, keyring, archive, progress or _silent)


def _written(cockpit: Cockpit, visit: Visit, keyring: Keyring, archive: ArchiveWriter, progress: Progress) -> Exported:
    now, language = instant(cockpit.clock()), visit.language or "fr"
    with cockpit.spaces.read(keyring) as reader:
        chapters, files = _add_records(cockpit, reader, archive, language, progress)
    with cockpit.database.write(visit.person) as connection:
        consents = _add_consents(cockpit, cockpit.spaces.reader(connection, keyring), archive)
        event = Event(EventType.EXPORT_MADE, {"contents_sha256": archive.contents_sha256()})
        cockpit.ledger.append(connection, event, cockpit.clock(), visit.person)
        last = walks.entries(connection, visit.person)
        notes = {log: cockpit.ledger.checkpoint(connection, log) for log in cockpit.ledger.logs(connection)}
    # The logs only grow: what follows is read without their lock, up to the export's own entry.
    with cockpit.spaces.read(keyring) as reader:
        entries = [entry for entry in journal(reader) if entry.number < last]
        log = _log_part(cockpit, reader, entries, notes)
        _add_policies(reader, entries, archive)
    lines = [(entry.at, entry.type, str(entry.subject.get("service_name") or "")) for entry in entries[:-1]]
    archive.add("index.html", index_page(visit.name, now, chapters, lines, language, consents).encode())
    archive.add("README.txt", read_me().encode())
    archive.add_log(log)
    archive.seal(log, now, cockpit.operator.receipts)
    return Exported(sum(chapter.count for chapter in chapters), files, len(consents), len(log.entries))


TOLD_EVERY = 1000


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


def _add_records(
    cockpit: Cockpit, reader: Reader, archive: ArchiveWriter, language: str, progress: Progress
) -> tuple[list[Chapter], int]:
    kinds = [Kind(kind) for kind in sorted(cockpit.registry.kinds)]
    total, done = sum(reader.count(kind) for kind in kinds), 0
    paths: dict[BlobId, str] = {}
    chapters: list[Chapter] = []
    progress(0, total)
    for kind in kinds:
        sheet = cockpit.registry.kinds[kind]
        first, said, count = [], set[str](), 0
        for stored in reader.stream(kind):
            if stored.blob is not None and stored.blob not in paths:
                pieces = _original(cockpit, reader, stored.blob)
                paths[stored.blob] = archive.add_original(len(paths) + 1, stored.file_name or "", pieces)
            if count < MAX_ROWS:
                first.append(_row(stored, paths))
            said.update(stored.record.data)
            count += 1
            if count % TOLD_EVERY == 0:
                progress(done + count, total)
        archive.add_records(kind, partial(_rows, reader, kind, paths))
        fields = {name: words.in_language(language) for name, words in sheet.fields.items() if name in said}
        chapters.append(Chapter(kind, sheet.title.in_language(language), fields, first, count))
        done += count
        progress(done, total)
    return chapters, len(paths)


def _original(cockpit: Cockpit, reader: Reader, blob: BlobId) -> Iterator[bytes]:
    try:
        yield from reader.open_file(blob).read()
    except Tampered:
        # Rows are of the moment the export began, objects of now: look again before calling it damage.
        with cockpit.spaces.read(reader.keyring) as now:
            try:
                now.open_file(blob)
            except NotFound as error:
                raise CitizenMustAct("a file was erased meanwhile; start again", code="erased_meanwhile") from error
        raise


def _rows(reader: Reader, kind: Kind, paths: Mapping[BlobId, str]) -> Iterator[dict[str, Any]]:
    return (_row(stored, paths) for stored in reader.stream(kind))


def _row(stored: StoredRecord, paths: Mapping[BlobId, str]) -> dict[str, Any]:
    record = stored.record
    return {
        "uid": stored.uid,
        "kind": record.kind,
        "version": stored.version,
        "day": record.day,
        "until": record.until,
        "data": record.data,
        "provenance": msgspec.to_builtins(record.provenance),
        "file": paths.get(stored.blob) if stored.blob else None,
        "stored_at": stored.stored_at,
    }


_APART = {"uid", "joint"}
"""What a version is not told with: its name, and a code meant for somebody else."""


def _add_consents(cockpit: Cockpit, reader: Reader, archive: ArchiveWriter) -> list[ConsentShown]:
    shown = []
    issuer = Issuer(cockpit.ledger, cockpit.operator, reader, journal(reader))
    for consent, lines in newest(reader.lines(CONSENTS)).items():
        versions = [{name: value for name, value in line.items() if name not in _APART} for line in lines]
        archive.add_json(f"consents/{consent}.json", {"consent": consent, "versions": versions})
        for number, line in enumerate(lines, start=1):
            archive.add(f"receipts/{consent}-{number}.json", receipt_bytes(issuer.receipt(line)))
        decisions = [(line["at"], line["event"]) for line in lines]
        shown.append(ConsentShown(lines[0]["service_name"], decisions, lines[0]["notice"]["text"]))
    return shown


def _add_policies(reader: Reader, entries: Sequence[JournalEntry], archive: ArchiveWriter) -> None:
    """Every policy set that one of these decisions was made under; entries name it by its hash."""
    named = {str(msgspec.json.decode(entry.leaf)["policy"]) for entry in entries if "asked" in entry.subject}
    for sha256 in sorted(named):
        document = policy_sets.find(reader.connection, sha256)
        if document is not None:
            archive.add(f"policies/{sha256}.json", document)


def _log_part(
    cockpit: Cockpit, reader: Reader, entries: Sequence[JournalEntry], notes: Mapping[LogName, tuple[int, bytes]]
) -> LogPart:
    """The entries with their proofs to the checkpoints of the moment of the export."""
    ledger, log_key = cockpit.ledger, cockpit.operator.log.verify_key()
    consents = origin_of(ledger.origin, CONSENT)
    return LogPart(
        origin=ledger.origin,
        trees=tuple(
            _tree(log, note, parse_checkpoint(note, log_key, origin_of(ledger.origin, log)))
            for log, (_, note) in sorted(notes.items())
            if any(entry.log == log for entry in entries)
        ),
        tag_key=cockpit.keyrings.tag_key(reader.person),
        log_vkey=vkey(consents, log_key),
        receipts_vkey=vkey(receipts_name(ledger.origin), cockpit.operator.receipts.verify_key()),
        entries=tuple(
            _proven(entry, ledger.inclusion_proof(reader.connection, entry.index, notes[entry.log][0], entry.log))
            for entry in entries
        ),
    )


def _tree(log: LogName, note: bytes, checkpoint: Checkpoint) -> Tree:
    return Tree(log, checkpoint.size, checkpoint.root, note)


def _proven(entry: JournalEntry, proof: list[bytes]) -> ProvenEntry:
    place = entry.batch
    return ProvenEntry(
        entry.log,
        entry.index,
        entry.number,
        entry.leaf,
        (entry.audit_salt, entry.audit),
        (entry.subject_salt, entry.subject),
        tuple(proof),
        (place.position, place.record, place.path) if place else None,
    )
