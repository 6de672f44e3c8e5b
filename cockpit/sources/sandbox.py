"""Read a file nobody vouches for: find whose it is and pull from it, in a confined child process.

Whatever the file does, the caller gets outcomes: a limit met, a crash, a file nobody knows are each one Fault.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from types import TracebackType

from cockpit.domain.ids import ConnectorId
from cockpit.domain.record import Record
from cockpit.sources import wire
from cockpit.sources.manifest import Manifest
from cockpit.sources.port import Fault, FaultKind, Outcome, Probe, PullContext, SourceFile
from cockpit.sources.running import DEFAULT, Child, Ended, Ending, Limits
from cockpit.sources.shelf import Shelf

__all__ = ["DEFAULT", "Limits", "Pulled", "candidates", "pull_file"]


def never() -> bool:
    """The answer of nobody cancelling."""
    return False


class Pulled:
    """One run over one file: iterate it for its outcomes, once; leave it or close it to end the child.

    ``connector`` is None until a connector has found something of its own in the file.
    """

    def __init__(
        self, shelf: Shelf, file: SourceFile, context: PullContext, limits: Limits, *, cancelled: Callable[[], bool]
    ) -> None:
        self.connector: ConnectorId | None = None
        self._shelf = shelf
        self._file = file
        self._context = context
        self._limits = limits
        self._cancelled = cancelled
        self._crashed = False
        self._outcomes = self._read()

    def __iter__(self) -> Iterator[Outcome]:
        return self._outcomes

    def __enter__(self) -> Pulled:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child now. Harmless when it has ended already."""
        # Closing the generator leaves its ``with Child``, which kills the process.
        self._outcomes.close()

    def _read(self) -> Generator[Outcome, None, None]:
        refusal = _refused_unread(self._shelf, self._file)
        if refusal:
            yield refusal
            return
        readers = _readers(self._shelf, self._file.name, len(self._file.content))
        while readers:
            culprit = yield from self._attempt(readers)
            if culprit is None:
                return
            # A reader that cannot even be asked must not hide the others: once more, without it.
            self._crashed = True
            readers = tuple(reader for reader in readers if reader.connector != culprit)
        yield self._nobody()

    def _attempt(self, readers: tuple[wire.Reader, ...]) -> Generator[Outcome, None, ConnectorId | None]:
        """One child's life. Returns the reader that crashed it before any had spoken, or None when all is said."""
        content = self._file.content
        job = wire.Job(readers, self._file.name, content, len(content), self._context, pull=True)
        asking: ConnectorId | None = None
        try:
            with Child(job, self._limits, self._cancelled) as child:
                for frame in child.frames():
                    match frame:
                        case wire.Asking(connector):
                            asking = connector
                        case wire.Chosen(connector):
                            self.connector = connector
                        case wire.Found() | wire.Missed() | wire.Reached():
                            yield _checked(self._shelf, self.connector, frame)
                        case wire.Nobody():
                            yield self._nobody()
        except Ended as end:
            if end.ending is Ending.CRASHED and self.connector is None and asking is not None:
                return asking
            yield _ended(end.ending)
        return None

    def _nobody(self) -> Fault:
        return _ended(Ending.CRASHED) if self._crashed else _not_recognised(self._shelf)


def pull_file(
    shelf: Shelf,
    file: SourceFile,
    context: PullContext,
    limits: Limits = DEFAULT,
    *,
    cancelled: Callable[[], bool] = never,
) -> Pulled:
    """Everything the right connector finds in ``file``, as a stream. Raises nothing that a file can cause.

    Connectors that recognise the file are tried best first; one that says only that there is no such thing inside
    (UNSUPPORTED faults whose code starts with ``no-``) gives way to the next. ``cancelled`` is asked about ten
    times a second. The child starts at the first step of the iteration.
    """
    return Pulled(shelf, file, context, limits, cancelled=cancelled)


def candidates(shelf: Shelf, probe: Probe, limits: Limits = DEFAULT) -> tuple[ConnectorId, ...]:
    """Who recognises a file from its beginning, best first, ties by id; empty when nobody does or a reader fails."""
    context = PullContext(today="1970-01-01")
    readers = _readers(shelf, probe.name, probe.size)
    job = wire.Job(readers, probe.name, probe.head, probe.size, context, pull=False)
    try:
        with Child(job, limits, never) as child:
            ranked = [frame.connectors for frame in child.frames() if isinstance(frame, wire.Ranked)]
    except Ended:
        return ()
    return ranked[0] if ranked else ()


def _checked(shelf: Shelf, connector: ConnectorId | None, frame: wire.Found | wire.Missed | wire.Reached) -> Outcome:
    """The outcome, once it is within what its connector declared. Raises ``Ended`` otherwise."""
    try:
        outcome = wire.outcome_of(frame)
    except ValueError:
        raise Ended(Ending.CRASHED) from None
    if connector is None:
        raise Ended(Ending.CRASHED)
    if isinstance(outcome, Record):
        manifest = shelf.manifest(connector)
        written = (outcome.provenance.connector, outcome.provenance.connector_version)
        if outcome.kind not in manifest.produces or written != (manifest.id, manifest.version):
            raise Ended(Ending.CRASHED)
    return outcome


def _readers(shelf: Shelf, name: str, size: int) -> tuple[wire.Reader, ...]:
    return tuple(
        wire.Reader(manifest.id, shelf.package(manifest.id), manifest.matches(name))
        for manifest in shelf.manifests()
        if manifest.reads(size)
    )


def _refused_unread(shelf: Shelf, file: SourceFile) -> Fault | None:
    """What the size alone decides."""
    if not file.content:
        return Fault(FaultKind.UNSUPPORTED, "empty-file", "The file is empty.")
    meant = _file_readers(shelf, file.name)
    if meant and not any(manifest.reads(len(file.content)) for manifest in meant):
        megabytes = max(manifest.file.max_bytes for manifest in meant if manifest.file) // (1024 * 1024)
        return Fault(FaultKind.TOO_BIG, "file-too-big", f"The file is larger than the {megabytes} MiB that are read.")
    return None


def _file_readers(shelf: Shelf, name: str) -> list[Manifest]:
    """The file connectors the name points to, or all of them when it points to none."""
    all_of_them = [manifest for manifest in shelf.manifests() if manifest.file]
    return [manifest for manifest in all_of_them if manifest.matches(name)] or all_of_them


def _not_recognised(shelf: Shelf) -> Fault:
    titles = ", ".join(manifest.title.en for manifest in shelf.manifests() if manifest.file)
    return Fault(
        FaultKind.UNSUPPORTED, "not-recognised", f"Nothing we can read was found in this file. We read: {titles}."
    )


def _ended(ending: Ending) -> Fault:
    match ending:
        case Ending.CANCELLED:
            return Fault(FaultKind.SOURCE_DOWN, "cancelled", "The reading was stopped before its end.")
        case Ending.CRASHED:
            return Fault(
                FaultKind.TOO_BIG, "reader-crashed", "The reader stopped on this file; what came before it was kept."
            )
        case Ending.TIME | Ending.MEMORY | Ending.OUTPUT:
            words = {Ending.TIME: "too long", Ending.MEMORY: "too much memory", Ending.OUTPUT: "too much room"}
            return Fault(
                FaultKind.TOO_BIG, "limit-exceeded", f"Reading this file takes {words[ending]}; it was stopped."
            )
