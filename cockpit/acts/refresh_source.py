"""Refresh a source from files: each file goes through its connector in the sandbox, then in one transaction into
the space, locked or not, with its entry in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import CitizenMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConnectorId, Kind, PersonId, collection_of
from cockpit.domain.mandate import Mandate
from cockpit.domain.moment import day_of, instant
from cockpit.domain.record import Json, Record
from cockpit.sources.port import Fault, FaultKind, PullContext, SourceFile
from cockpit.sources.preview import media_type_of, preview
from cockpit.sources.sandbox import pull_file
from cockpit.store.space import Deposited


@dataclass(frozen=True, slots=True)
class FileRefresh:
    """What came of one file. ``connector`` is None when nobody recognised it; ``faults`` say what was not read."""

    file_name: str
    connector: ConnectorId | None
    new: int
    changed: int
    unchanged: int
    kinds: tuple[Kind, ...]
    faults: tuple[Fault, ...]

    @property
    def kept(self) -> bool:
        """Whether anything of the file is in the space."""
        return self.new + self.changed + self.unchanged > 0


def refresh_source(
    cockpit: Cockpit, person: PersonId, sources: Iterable[SourceFile], mandate: Mandate | None = None
) -> tuple[FileRefresh, ...]:
    """Bring files in, one after another; a file that fails does not stop the next. Raises ``NotFound``.

    ``mandate`` is that of whoever brings them for the person.
    """
    return tuple(_refresh_file(cockpit, person, file, mandate) for file in sources)


def _refresh_file(cockpit: Cockpit, person: PersonId, file: SourceFile, mandate: Mandate | None) -> FileRefresh:
    now = cockpit.clock()
    if len(file.content) > cockpit.settings.upload_bytes:
        fault = Fault(FaultKind.TOO_BIG, "file-too-big", "the file is larger than this cockpit accepts")
        return FileRefresh(file.name, None, 0, 0, 0, (), (fault,))
    records: list[Record] = []
    faults: list[Fault] = []
    context = PullContext(day_of(now), cockpit.settings.trusted_certificates)
    with pull_file(cockpit.shelf, file, context) as pulled:
        for outcome in pulled:
            # A kind nobody published has no key to be sealed to: the connector is wrong, the rest is not.
            if isinstance(outcome, Record) and outcome.kind in cockpit.registry.kinds:
                records.append(outcome)
            elif isinstance(outcome, Record):
                faults.append(Fault(FaultKind.UNSUPPORTED, "unknown-kind", "the reader produced an unknown kind"))
            elif isinstance(outcome, Fault):
                faults.append(outcome)
        connector = pulled.connector
    if not records or connector is None:
        return FileRefresh(file.name, connector, 0, 0, 0, (), tuple(faults))
    try:
        done = _keep(cockpit, person, file, connector, records, len(faults), mandate, now)
    except CitizenMustAct as error:
        if error.reason != "quota":
            raise
        faults.append(Fault(FaultKind.TOO_BIG, "quota-full", str(error)))
        return FileRefresh(file.name, connector, 0, 0, 0, (), tuple(faults))
    return FileRefresh(file.name, connector, done.new, done.changed, done.unchanged, done.kinds, tuple(faults))


def _keep(
    cockpit: Cockpit,
    person: PersonId,
    file: SourceFile,
    connector: ConnectorId,
    records: list[Record],
    faults: int,
    mandate: Mandate | None,
    now: datetime,
) -> Deposited:
    """The file, its picture and its records, in one transaction with its entry in the log."""
    # Before the transaction: drawing and sending take their time, and no other writer should wait for them.
    picture = preview(file.content)
    staged = cockpit.spaces.stage_file(person, file.content, media_type_of(file.content), picture)
    with cockpit.spaces.write(person) as writer:
        blob = writer.keep_file(staged)
        done = writer.deposit(connector, records, instant(now), blob, file.name)
        counts = {"new": done.new, "changed": done.changed, "unchanged": done.unchanged, "faults": faults}
        families: list[Json] = [str(name) for name in sorted({collection_of(kind) for kind in done.kinds})]
        acted: dict[str, Json] = {"actor": mandate.told} if mandate else {}
        event = Event(
            EventType.SOURCE_REFRESHED,
            audit={"connector": connector, "collections": families},
            subject={
                "connector": connector,
                "kinds": list(done.kinds),
                **counts,
                "digest": _digest(file.content),
                **acted,
            },
        )
        cockpit.ledger.append(writer.connection, event, now, person)
    return done


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
