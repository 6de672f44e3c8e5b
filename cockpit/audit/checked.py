"""One entry, held to its leaf: the one form, and each opening what the leaf commits to. Gives the facts it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cockpit.audit.faults import Refuted
from cockpit.audit.frontier import Frontier
from cockpit.audit.wire import Entry, Opening
from cockpit.sealing.canonical import parse_canonical
from cockpit.tlog.leaf import commit

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z")
_TYPE = re.compile(r"[a-z_]{1,32}\.[a-z_]{1,32}")
_TAG = re.compile(r"(?:[0-9a-f]{32})?")
_LEAF = frozenset({"v", "type", "at", "policy", "audit", "subject", "tag"})
_BATCH = frozenset({"v", "type", "at", "policy", "count", "root"})
_RECORD = frozenset({"v", "type", "audit", "subject", "tag"})
_FORMS = {"type": _TYPE, "at": _MINUTE, "policy": _DIGEST, "audit": _DIGEST, "subject": _DIGEST, "tag": _TAG,
          "root": _DIGEST}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """What one entry, or one record of a batch (``nth``), says. ``part`` is None when the mandate does not open it."""

    log: str
    index: int
    nth: int
    at: str
    type: str
    policy: str
    part: dict[str, Any] | None

    def said(self, name: str) -> str:
        """A text of the part, or nothing."""
        found = (self.part or {}).get(name)
        return found if isinstance(found, str) else ""


def facts_of(log: str, index: int, entry: Entry) -> list[Fact]:
    """The facts of the entry that must stand at ``index``. Raises ``Refuted``, naming what is wrong and where."""
    if entry.index != index:
        raise Refuted("entry-moved", f"entry {index} of {log} was handed over as {entry.index}", log=log, index=index)
    try:
        leaf = parse_canonical(entry.leaf)
    except ValueError as error:
        raise Refuted("leaf-form", f"entry {index} of {log} is not canonical", log=log, index=index) from error
    if _is(leaf, _LEAF):
        _hold(log, index, leaf["audit"], entry.opening)
        part = entry.opening.part if entry.opening else None
        return [Fact(log, index, 0, leaf["at"], leaf["type"], leaf["policy"], part)]
    if _is(leaf, _BATCH):
        return _batch(log, index, leaf, entry)
    raise Refuted("leaf-form", f"entry {index} of {log} has another form", log=log, index=index)


def _batch(log: str, index: int, leaf: dict[str, Any], entry: Entry) -> list[Fact]:
    tree, facts = Frontier(), []
    for nth, batched in enumerate(entry.records):
        try:
            record = parse_canonical(batched.record)
        except ValueError as error:
            raise Refuted("leaf-form", f"a record of entry {index} is not canonical", log=log, index=index) from error
        if not _is(record, _RECORD):
            raise Refuted("leaf-form", f"a record of entry {index} has another form", log=log, index=index)
        _hold(log, index, record["audit"], batched.opening)
        tree.add(batched.record)
        part = batched.opening.part if batched.opening else None
        facts.append(Fact(log, index, nth, leaf["at"], record["type"], leaf["policy"], part))
    if tree.size != leaf["count"] or tree.root().hex() != leaf["root"]:
        raise Refuted("batch-root", f"the records of entry {index} are not those of its batch", log=log, index=index)
    return facts


def _hold(log: str, index: int, committed: str, opening: Opening | None) -> None:
    if opening is None:
        return
    try:
        holds = len(opening.salt) == 64 and commit(bytes.fromhex(opening.salt), opening.part) == committed
    except (TypeError, ValueError):
        holds = False
    if not holds:
        raise Refuted(
            "other-opening", f"entry {index} of {log} says something else than was logged", log=log, index=index,
            salt=opening.salt, part=opening.part, committed=committed,
        )  # fmt: skip


def _is(value: object, names: frozenset[str]) -> bool:
    if not isinstance(value, dict) or set(value) != names or value["v"] != 1 or isinstance(value["v"], bool):
        return False
    texts = (isinstance(value[name], str) and form.fullmatch(value[name]) for name, form in _FORMS.items()
             if name in names)  # fmt: skip
    return all(texts) and ("count" not in names or (type(value["count"]) is int and value["count"] > 0))
