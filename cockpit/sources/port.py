"""The connector contract: recognise a file, then yield records, faults and checkpoints as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from cockpit.domain.record import Record

PROBE_BYTES = 64 * 1024
"""How much of a file ``recognise`` is shown."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The beginning of a file, enough to tell whose it is."""

    name: str
    head: bytes
    size: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A whole file to pull from."""

    name: str
    content: bytes


class FaultKind(StrEnum):
    """The few ways in which a source fails; the page says in words who must act."""

    SIGN_IN_AGAIN = "sign-in-again"
    RATE_LIMITED = "rate-limited"
    SOURCE_DOWN = "source-down"
    LAYOUT_CHANGED = "layout-changed"
    UNSUPPORTED = "unsupported"
    BAD_LINE = "bad-line"
    """One line, page or element could not be read; the rest was."""
    TOO_BIG = "too-big"
    """The file went over a limit of size, time or memory."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be read, and where. ``message`` is a plain English sentence that holds no value of the file.

    ``place`` names the line, page or element, for example ``line 12``, ``page 3``, ``STMTTRN 4, line 88``.
    ``code`` is stable and translated by the pages, for example ``bad-amount``, ``bad-date``, ``no-invoice-inside``.
    """

    kind: FaultKind
    code: str
    message: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything before this point may be committed; ``cursor`` is opaque and handed back to the next pull."""

    cursor: str


Outcome: TypeAlias = Record | Fault | Checkpoint


class FileConnector(Protocol):
    """A connector of shape ``file``. It has no clock, network, database or filesystem of its own.

    ``recognise`` returns 0.0 (not mine) to 1.0 (certainly mine) and never raises on any bytes.
    ``pull`` yields outcomes in file order and never raises on any bytes: what cannot be read is a Fault.
    """

    def recognise(self, probe: Probe) -> float: ...

    def pull(self, file: SourceFile, context: PullContext) -> Iterator[Outcome]: ...


@dataclass(frozen=True, slots=True)
class PullContext:
    """What a connector is told about the outside: never a secret, never a path.

    ``trusted_certificates``: extra leaf certificates (PEM) the operator or person imported, tried beside the
    connector's own trust list. ``today`` is the ISO date of the run, for formats whose meaning depends on it.
    """

    today: str
    trusted_certificates: tuple[bytes, ...] = ()
