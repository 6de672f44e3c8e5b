"""The connector: recognises the CSV files of the three families, and turns them into monthly energy records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.sources.port import Fault, FaultKind, Outcome, Probe, PullContext, SourceFile

from .archive import Entry, entries, first_bytes, is_zip, unsupported_file
from .blocks import layout_changed
from .curves import Curves, Month, Reading
from .parse import Document
from .text import decoded, key

ID = ConnectorId("fr.enedis.csv")
VERSION = "1.0.0"
MOST_BYTES = 32 * 1024 * 1024
MOST_BAD_LINES = 100
"""Faults about single lines that one import gives; those after are counted in one last fault."""

_SNIFFED = 8192


class EnedisCsv:
    """See ``cockpit.sources.port.FileConnector``."""

    def recognise(self, probe: Probe) -> float:
        """1.0 is never given: a CSV carries no mark of its own, only the titles of its columns."""
        if not is_zip(probe.head):
            return _sureness(probe.head)
        inside = _sureness(first_bytes(probe.head))
        named = b"puissances-atteintes" in probe.head or b"mes-index-elec" in probe.head
        return max(inside, 0.9 if named else 0.0)

    def pull(self, file: SourceFile, context: PullContext) -> Iterator[Outcome]:
        """Faults first, as they are met, then one record for each meter, direction, interval and month."""
        yield from _capped(_outcomes(file))


connector = EnedisCsv()


def _sureness(head: bytes) -> float:
    # Cut at a line's end: a character cut in two would make the whole head look like another encoding.
    start = key(decoded(head[:_SNIFFED].rpartition(b"\n")[0] or head[:_SNIFFED]))
    if "identifiantprm" in start and ("horodate" in start or "typededonnees" in start):
        return 0.95
    if "recapitulatifdemespuissancesatteintes" in start or "recapitulatifdemaconsommation" in start:
        return 0.95
    if "recapitulatifdemesindex" in start:
        return 0.6
    return 0.9 if "dateetheurederelevepar" in start and "puissanceatteinte" in start else 0.0


def _outcomes(file: SourceFile) -> Iterator[Outcome]:
    if len(file.content) > MOST_BYTES:
        yield Fault(FaultKind.TOO_BIG, "file-too-big", "The file is larger than 32 MiB.")
        return
    if not file.content.strip():
        yield Fault(FaultKind.UNSUPPORTED, "empty-file", "The file is empty.")
        return
    curves = Curves()
    yield from _from_zip(file.content, curves) if is_zip(file.content) else _from_csv(file, curves)
    yield from curves.faults()
    yield from (_record(month) for month in curves.months())


def _from_csv(file: SourceFile, curves: Curves) -> Iterator[Fault]:
    document = Document(decoded(file.content), file.name)
    readings: list[Reading] = []
    yield from _sorted_out(document, readings, "")
    curves.add(readings)
    if not document.known:
        yield layout_changed("line 1")
    elif not document.refused and all(reading.value is None for reading in readings):
        yield Fault(FaultKind.UNSUPPORTED, "no-measure", "The file has the right columns and not one measure.")


def _from_zip(content: bytes, curves: Curves) -> Iterator[Fault]:
    for entry in entries(content):
        if isinstance(entry, Fault):
            yield entry
        else:
            yield from _from_entry(entry, curves)


def _from_entry(entry: Entry, curves: Curves) -> Iterator[Fault]:
    place = f"file {entry.rank}"
    document = Document(decoded(entry.content), entry.name)
    readings: list[Reading] = []
    faults = list(_sorted_out(document, readings, f"{place}, "))
    if readings or (document.known and not document.refused):
        yield from faults
        curves.add(readings)
    else:
        # An index file is normal in a supplier's archive: it is named once, without a fault for each of its lines.
        yield unsupported_file(place)


def _sorted_out(document: Document, readings: list[Reading], prefix: str) -> Iterator[Fault]:
    """Put the readings aside, and hand on the faults with the file they are in."""
    for outcome in document.read():
        if isinstance(outcome, Reading):
            readings.append(replace(outcome, place=prefix + outcome.place) if prefix else outcome)
        else:
            yield replace(outcome, place=prefix + (outcome.place or "")) if prefix else outcome


def _record(month: Month) -> Record:
    return Record(
        kind=Kind("energy.series"),
        source_key=month.source_key,
        day=month.first_day,
        until=month.last_day,
        data=month.data,
        provenance=Provenance(
            connector=ID,
            connector_version=VERSION,
            method=Method.PARSED,
            basis=Basis.OBSERVED,
            place=month.place,
        ),
    )


def _capped(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    bad = 0
    for outcome in outcomes:
        if isinstance(outcome, Fault) and outcome.kind is FaultKind.BAD_LINE:
            bad += 1
            if bad > MOST_BAD_LINES:
                continue
        yield outcome
    if bad > MOST_BAD_LINES:
        sentence = f"{bad - MOST_BAD_LINES} more lines could not be read; only the first {MOST_BAD_LINES} are listed."
        yield Fault(FaultKind.BAD_LINE, "more-bad-lines", sentence)
