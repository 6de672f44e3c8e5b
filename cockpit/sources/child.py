"""The reading child: one fresh process a file, confined first, then told the file, then gone.

Started by ``cockpit.sources.running``; nothing else may import connector code.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

from cockpit.domain.ids import ConnectorId
from cockpit.sources import confine, wire
from cockpit.sources.port import PROBE_BYTES, Fault, FaultKind, FileConnector, Outcome, Probe, SourceFile

OUT_OF_MEMORY = 70
"""The exit status that tells the parent which limit was met."""

CERTAIN = 0.5
"""When a connector whose name matches is at least this sure, the others are not even imported."""

Say = Callable[[wire.Frame], None]


def main(memory_bytes: int, cpu_seconds: int, open_files: int) -> None:
    """Read one job on standard input, answer in frames on standard output."""
    out = _own_output()
    confine.lower_limits(memory_bytes, cpu_seconds, open_files)
    confine.close_doors()

    def say(frame: wire.Frame) -> None:
        out.write(wire.pack(frame))
        out.flush()

    try:
        match wire.read_job(sys.stdin.buffer.read):
            case wire.Job() as job:
                answer(job, say)
            case wire.Depict(content, media_type):
                draw(content, media_type, say)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _own_output() -> BinaryIO:
    """The pipe to the parent, moved away from descriptor 1 so that nothing a library prints can reach it."""
    pipe = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.close(silence)
    return os.fdopen(pipe, "wb")


def answer(job: wire.Job, say: Say) -> None:
    """Rank the readers, then let the first one that finds something of its own in the file speak."""
    probe = Probe(job.name, job.content[:PROBE_BYTES], job.size)
    asked: dict[ConnectorId, FileConnector] = {}
    ranked: list[ConnectorId] = []
    file = SourceFile(job.name, job.content)
    for certain in (CERTAIN, 0.0):
        fresh = _rank(job, probe, asked, certain, say)
        ranked += fresh
        if job.pull:
            for connector in fresh:
                if _told(connector, asked[connector].pull(file, job.context), say):
                    return
    say(wire.Nobody() if job.pull else wire.Ranked(tuple(ranked)))
    say(wire.Done())


def draw(content: bytes, media_type: str, say: Say) -> None:
    """Say the picture of a file. A file that cannot be drawn ends the child, and the parent shows none."""
    depict = importlib.import_module("cockpit.sources.depict").depict
    say(wire.Depicted(depict(content, media_type)))
    say(wire.Done())


def _rank(
    job: wire.Job, probe: Probe, asked: dict[ConnectorId, FileConnector], certain: float, say: Say
) -> list[ConnectorId]:
    """Those not asked before that recognise the file, best first, ties by id.

    Readers whose globs match the name come first; when one of them is certain, importing the rest is put off.
    """
    scores: list[tuple[float, ConnectorId]] = []
    for reader in sorted(job.readers, key=lambda each: (not each.named, each.connector)):
        if reader.connector in asked:
            continue
        if not reader.named and job.pull and certain and any(score >= certain for score, _ in scores):
            break
        say(wire.Asking(reader.connector))
        module = importlib.import_module(f"{reader.package}.connector")
        asked[reader.connector] = module.connector
        scores.append((module.connector.recognise(probe), reader.connector))
    return [connector for score, connector in sorted(scores, key=lambda each: (-each[0], each[1])) if score > 0]


def _told(connector: ConnectorId, outcomes: Iterator[Outcome], say: Say) -> bool:
    """Pass the outcomes on; False when there was nothing but "no such thing inside"."""
    held: list[Outcome] = []
    for outcome in outcomes:
        held.append(outcome)
        if not _says_not_mine(outcome):
            break
    else:
        return False
    say(wire.Chosen(connector))
    for outcome in held:
        say(wire.frame_of(outcome))
    for outcome in outcomes:
        say(wire.frame_of(outcome))
    say(wire.Done())
    return True


def _says_not_mine(outcome: Outcome) -> bool:
    return isinstance(outcome, Fault) and outcome.kind is FaultKind.UNSUPPORTED and outcome.code.startswith("no-")
