"""Take everything away: one archive, whose contents are committed to in the log before it is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.archive.bundle import ArchiveWriter, LogPart, ProvenEntry
from cockpit.archive.index_page import Chapter, ConsentShown, index_page, read_me
from cockpit.archive.receipts import receipts_name
from cockpit.domain.errors import SpaceLocked
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import BlobId, Kind
from cockpit.domain.moment import instant
from cockpit.domain.record import StoredRecord
from cockpit.store.journal import JournalEntry, journal
from cockpit.store.ledger import tag_key
from cockpit.store.rows import newest
from cockpit.store.space import CONSENTS, Reader
from cockpit.tlog.checkpoint import parse_checkpoint
from cockpit.tlog.note import vkey


@dataclass(frozen=True, slots=True)
class Exported:
    """What the archive holds, counted."""

    records: int
    files: int
    consents: int
    entries: int


def export_space(cockpit: Cockpit, visit: Visit, out: BinaryIO) -> Exported:
    """Write the person's whole archive to ``out`` (seekable, empty). Raises ``SpaceLocked`` or ``Tampered``."""
    if visit.keyring is None:
        raise SpaceLocked("the space is locked; give the passphrase to open it")
    archive, now, language = ArchiveWriter(out), instant(cockpit.clock()), visit.language or "fr"
    # One write transaction over all of it: nothing can happen between what is gathered and what is logged.
    with cockpit.database.write() as connection:
        reader = Reader(connection, visit.keyring, cockpit.spaces.versions, cockpit.spaces.files)
        chapters, files = _add_records(cockpit, reader, archive, language)
        consents = _add_consents(reader, archive)
        lines = [(entry.at, entry.type, str(entry.subject.get("service_name") or "")) for entry in journal(reader)]
        archive.add("index.html", index_page(visit.name, now, chapters, lines, language, consents).encode())
        archive.add("README.txt", read_me().encode())
        log = _log_export(cockpit, reader, archive.contents_sha256())
    archive.add_log(log)
    archive.seal(log, now, cockpit.operator.receipts)
    return Exported(sum(len(chapter.rows) for chapter in chapters), files, len(consents), len(log.entries))


def _add_records(cockpit: Cockpit, reader: Reader, archive: ArchiveWriter, language: str) -> tuple[list[Chapter], int]:
    paths: dict[BlobId, str] = {}
    chapters: list[Chapter] = []
    for kind, sheet in sorted(cockpit.registry.kinds.items()):
        rows = []
        for stored in reader.records(Kind(kind)):
            if stored.blob is not None and stored.blob not in paths:
                content = reader.file(stored.blob)
                paths[stored.blob] = archive.add_original(len(paths) + 1, stored.file_name or "", content)
            rows.append(_row(stored, paths.get(stored.blob) if stored.blob else None))
        archive.add_records(kind, rows)
        fields = {name: words.in_language(language) for name, words in sheet.fields.items()}
        chapters.append(Chapter(kind, sheet.title.in_language(language), fields, rows))
    return chapters, len(paths)


def _row(stored: StoredRecord, path: str | None) -> dict[str, Any]:
    record = stored.record
    return {
        "uid": stored.uid,
        "kind": record.kind,
        "version": stored.version,
        "day": record.day,
        "until": record.until,
        "data": record.data,
        "provenance": msgspec.to_builtins(record.provenance),
        "file": path,
        "stored_at": stored.stored_at,
    }


def _add_consents(reader: Reader, archive: ArchiveWriter) -> list[ConsentShown]:
    shown = []
    for consent, lines in newest(reader.lines(CONSENTS)).items():
        versions = [{name: value for name, value in line.items() if name not in {"uid", "receipt"}} for line in lines]
        archive.add_json(f"consents/{consent}.json", {"consent": consent, "versions": versions})
        for number, line in enumerate(lines, start=1):
            archive.add_json(f"receipts/{consent}-{number}.json", line["receipt"])
        decisions = [(line["at"], line["event"]) for line in lines]
        shown.append(
            ConsentShown(lines[0]["service_name"], decisions, lines[0]["receipt"]["receipt"]["notice"]["text"])
        )
    return shown


def _log_export(cockpit: Cockpit, reader: Reader, contents_sha256: str) -> LogPart:
    """Log the export, then gather every entry with its proof to the checkpoint that includes it."""
    connection, ledger = reader.connection, cockpit.ledger
    event = Event(EventType.EXPORT_MADE, {"contents_sha256": contents_sha256})
    ledger.append(connection, event, cockpit.clock(), reader.person)
    size, note = ledger.checkpoint(connection)
    log_key = cockpit.operator.log.verify_key()
    return LogPart(
        origin=ledger.origin,
        size=size,
        root=parse_checkpoint(note, log_key, ledger.origin).root,
        checkpoint=note,
        tag_key=tag_key(connection, cockpit.operator, reader.person),
        log_vkey=vkey(ledger.origin, log_key),
        receipts_vkey=vkey(receipts_name(ledger.origin), cockpit.operator.receipts.verify_key()),
        entries=tuple(
            _proven(entry, ledger.inclusion_proof(connection, entry.index, size)) for entry in journal(reader)
        ),
    )


def _proven(entry: JournalEntry, proof: list[bytes]) -> ProvenEntry:
    return ProvenEntry(
        entry.index,
        entry.number,
        entry.leaf,
        (entry.audit_salt, entry.audit),
        (entry.subject_salt, entry.subject),
        tuple(proof),
    )
