"""The quorum file: which logs and witnesses are trusted, and how many must have cosigned (C2SP tlog-policy)."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.tlog.checkpoint import Checkpoint, parse_checkpoint
from cockpit.tlog.cosignature import Cosignature, find_cosignatures
from cockpit.tlog.note import COSIGNATURE, ED25519, Verifier, parse_vkey

MAX_BYTES = 256 * 1024
_NONE = "none"
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log whose checkpoints are accepted; its key's name is its origin. ``url`` may be empty."""

    key: Verifier
    url: str = ""


@dataclass(frozen=True, slots=True)
class TrustedWitness:
    """A witness, by the name that the quorum file gives it. ``url``, its submission prefix, may be empty."""

    name: str
    key: Verifier
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnessed when ``least`` of its members are; a member is a witness or a group named before it."""

    name: str
    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quorum:
    """A parsed quorum file. ``required``: the witness or group that must have witnessed, or ``none``."""

    required: str
    logs: tuple[TrustedLog, ...] = ()
    witnesses: tuple[TrustedWitness, ...] = ()
    groups: tuple[Group, ...] = ()

    def is_met(self, witnessed: AbstractSet[str]) -> bool:
        """Whether cosignatures of the witnesses of these names (of the file) are enough."""
        reached = set(witnessed) & {witness.name for witness in self.witnesses}
        # A group names only what stands before it, so one walk in the file's order decides them all.
        for group in self.groups:
            if sum(member in reached for member in group.members) >= group.least:
                reached.add(group.name)
        return self.required == _NONE or self.required in reached


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that a quorum file accepts, and what each of its witnesses said."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


def check_quorum(quorum: Quorum, note: bytes, log: Verifier | None = None) -> Witnessed:
    """The checkpoint of a note signed by ``log`` (or by a log of the file), and cosigned as the file wants.

    Raises ``Tampered`` when it is signed by no such log, when a signature of a known key is false, and when too few
    witnesses cosigned it.
    """
    checkpoint = _checkpoint(note, (log,) if log else tuple(trusted.key for trusted in quorum.logs))
    found = find_cosignatures(note, [witness.key for witness in quorum.witnesses])
    names = {witness.name for witness in quorum.witnesses if witness.key in found}
    if not quorum.is_met(names):
        raise Tampered(f"too few witnesses cosigned the checkpoint: {quorum.required} is wanted", code="quorum")
    return Witnessed(checkpoint, tuple(found.values()))


def _checkpoint(note: bytes, logs: tuple[Verifier, ...]) -> Checkpoint:
    origin = note.partition(b"\n")[0].decode(errors="replace")
    for log in logs:
        if log.type == ED25519 and log.name == origin:
            return parse_checkpoint(note, log.key, log.name)
    raise Tampered("the checkpoint is of no log that the quorum file names", code="unknown_log")


def parse_quorum(raw: bytes) -> Quorum:
    """The quorum that a file says. Raises ``OperatorMustAct``, which names the line."""
    if len(raw) > MAX_BYTES or not raw.endswith(b"\n") or _FORBIDDEN.search(raw):
        raise OperatorMustAct("the quorum file is no text of lines, or above 256 KiB", code="quorum_file")
    reading = _Reading()
    # Only spaces and tabs separate, only a newline ends: a name is opaque octets, whatever Unicode says of them.
    for number, line in enumerate(raw.decode("utf-8", "surrogateescape").split("\n"), start=1):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            try:
                reading.take(words)
            except (OperatorMustAct, ValueError) as error:
                raise OperatorMustAct(f"the quorum file, line {number}: {error}", code="quorum_file") from error
    if reading.required is None:
        raise OperatorMustAct("the quorum file has no quorum line; add one", code="quorum_file")
    return Quorum(reading.required, tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups))


@dataclass(slots=True)
class _Reading:
    """What the lines so far said. Each method raises ``ValueError`` or ``OperatorMustAct``."""

    required: str | None = None
    logs: list[TrustedLog] = field(default_factory=list)
    witnesses: list[TrustedWitness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    grouped: set[str] = field(default_factory=set)

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", text, *url] if len(url) <= 1:
                self._log(text, *url)
            case ["witness", name, text, *url] if len(url) <= 1:
                self._witness(name, text, *url)
            case ["group", name, least, _, *_]:
                self._group(name, least, tuple(words[3:]))
            case ["quorum", name]:
                self._quorum(name)
            case _:
                raise ValueError("it is none of: log, witness, group, quorum")

    def _log(self, text: str, url: str = "") -> None:
        key = _key(text, ED25519)
        if any(key.key == other.key.key for other in self.logs):
            raise ValueError("this log's key stands there already")
        self.logs.append(TrustedLog(key, url))

    def _witness(self, name: str, text: str, url: str = "") -> None:
        key = _key(text, COSIGNATURE)
        # The same key under two names would count twice.
        if any(key.key == other.key.key for other in self.witnesses):
            raise ValueError("this witness's key stands there already")
        self._name(name)
        self.witnesses.append(TrustedWitness(name, key, url))

    def _group(self, name: str, least: str, members: tuple[str, ...]) -> None:
        if not self.named.issuperset(members):
            raise ValueError("a member is not defined above")
        if len(set(members)) != len(members) or self.grouped.intersection(members):
            raise ValueError("a member stands in a group already")
        count = {"any": 1, "all": len(members)}.get(least) or (int(least) if _COUNT.fullmatch(least) else 0)
        if not 1 <= count <= len(members):
            raise ValueError("say any, all, or how many of the members")
        self._name(name)
        self.grouped.update(members)
        self.groups.append(Group(name, count, members))

    def _quorum(self, name: str) -> None:
        if self.required is not None:
            raise ValueError("there is a quorum line already")
        if name != _NONE and name not in self.named:
            raise ValueError("the quorum is not defined above")
        self.required = name

    def _name(self, name: str) -> None:
        if name == _NONE or name in self.named:
            raise ValueError("this name is taken")
        self.named.add(name)


def _key(text: str, type: bytes) -> Verifier:
    key = parse_vkey(text)
    if key.type != type:
        raise ValueError("the key is of another type: a log's begins with 0x01, a witness's with 0x04")
    return key
