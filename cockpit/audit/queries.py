"""The questions an auditor asks, as functions over the house's own tables; each answers with one table."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.audit.balance import tallied
from cockpit.audit.checked import Fact
from cockpit.audit.facts import ENDS, facts, kinds_of, purpose_of, register, unopened
from cockpit.audit.replay import replayed

THRESHOLD = 11
"""Smaller counts of persons' doings are shown as ``<11`` in statistics, so that nobody stands out."""

Cell = str | int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is narrowed to: minutes (``2026-11-23T09:30Z``), both included, and a use or nothing."""

    since: str = ""
    until: str = "9"
    use: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """An answer. ``columns`` are codes; ``unopened`` entries were left out, since the mandate does not open them."""

    query: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    unopened: int = 0
    needs_register: bool = False


def in_force(kept: sqlite3.Connection, asked: Asked) -> Table:
    """Consents given, ended and in force at ``until``, by service and use."""
    found = [fact for fact in facts(kept, until=asked.until) if fact.type.startswith("consent.")]
    rows = [
        (service, use, tally.given, tally.ended, tally.open, tally.most_live)
        for (service, use), tally in sorted(tallied(fact for fact in found if fact.part is not None).items())
        if _is_about(use, asked) and tally.given
    ]
    columns = ("service", "use", "given", "ended", "open", "most_live")
    return Table("in-force", columns, tuple(rows), unopened(found))


def without_consent(kept: sqlite3.Connection, asked: Asked) -> Table:
    """Accesses that could not have been, by replay; empty when all is well."""
    rows = [
        (fact.at, *_place(fact), *purpose_of(fact), ", ".join(kinds_of(fact)), code)
        for fact, code in ((finding.fact, finding.code) for finding in replayed(kept))
        if asked.since <= fact.at <= asked.until and _is_about(fact.said("use"), asked)
    ]
    columns = ("at", "log", "index", "nth", "service", "use", "kinds", "finding")
    left = unopened(facts(kept, "access.allowed", since=asked.since, until=asked.until))
    return Table("without-consent", columns, tuple(rows), left, register(kept) is None)


def stop_delay(kept: sqlite3.Connection, asked: Asked) -> Table:
    """After the last consent to a service and use ended: what was still allowed, and until when it still knocked."""
    found = list(facts(kept, until=asked.until))
    tallies = tallied(fact for fact in found if fact.type.startswith("consent.") and fact.part is not None)
    ends = {purpose_of(fact): fact for fact in found if fact.type in ENDS and fact.part is not None}
    rows: list[tuple[Cell, ...]] = []
    for pair, end in sorted(ends.items()):
        if tallies[pair].open or end.at < asked.since or not _is_about(pair[1], asked):
            continue
        after = [fact for fact in found if purpose_of(fact) == pair and _comes_after(fact, end)]
        read = [fact for fact in after if fact.type == "access.allowed"]
        knocks = [fact for fact in after if fact.type == "access.refused"]
        last = knocks[-1].at if knocks else ""
        rows.append((*pair, end.at, len(read), len(knocks), last, _minutes(end.at, last) if last else 0))
    columns = ("service", "use", "ended_at", "allowed_after", "knocks_after", "last_knock", "minutes")
    return Table("stop-delay", columns, tuple(rows), unopened(found))


def denials(kept: sqlite3.Connection, asked: Asked) -> Table:
    """Refused accesses by service, use and reason."""
    found = list(facts(kept, "access.refused", since=asked.since, until=asked.until))
    counts = Counter((*purpose_of(fact), fact.said("decision")) for fact in found if fact.part is not None)
    rows = [(*key, count) for key, count in sorted(counts.items()) if _is_about(key[1], asked)]
    return Table("denials", ("service", "use", "reason", "count"), tuple(rows), unopened(found))


def obligations_overdue(kept: sqlite3.Connection, asked: Asked) -> Table:
    """What a withdrawal obliges a recipient to, past its day at ``until``, with no entry that says it was done."""
    known, found = register(kept), list(facts(kept, until=asked.until))
    latest = max((fact.at for fact in found), default="")
    at = min(asked.until, latest)
    done = Counter((*purpose_of(fact), fact.said("action")) for fact in found if fact.type == "obligation.done")
    late: Counter[tuple[str, str, str, str]] = Counter()
    for fact in found:
        use = known.uses.get(fact.said("use")) if known and fact.type == "consent.withdrawn" else None
        for duty in use["obligations"] if use and _is_about(fact.said("use"), asked) else ():
            due = _later(fact.at, int(duty["days"]))
            key = (*purpose_of(fact), str(duty["action"]))
            if duty["trigger"] != "withdrawal" or due >= at:
                continue
            if done[key]:
                done[key] -= 1
            else:
                late[(*key, due)] += 1
    rows = tuple((*key, count) for key, count in sorted(late.items()))
    columns = ("service", "use", "action", "due", "count")
    return Table("obligations-overdue", columns, rows, unopened(found), known is None)


def recipients(kept: sqlite3.Connection, asked: Asked) -> Table:
    """By kind of data: who may ask for it, how many consents name it, how often it was read."""
    known = register(kept)
    found = list(facts(kept, "consent.given", "access.allowed", since=asked.since, until=asked.until))
    counts: Counter[tuple[str, str, str]] = Counter()
    for fact in found:
        for kind in kinds_of(fact) if _is_about(fact.said("use"), asked) else ():
            counts[kind, fact.said("service"), fact.type] += 1
    declared = {
        (kind, str(service["id"]))
        for service in (known.recipients if known else ())
        for use in service["uses"]
        for kind in use["fields"]
        if _is_about(f"{use['use']}-v{use['version']}", asked)
    }
    rows = [
        (kind, service, "yes" if (kind, service) in declared else "no", counts[kind, service, "consent.given"],
         counts[kind, service, "access.allowed"])
        for kind, service in sorted(declared | {(kind, service) for kind, service, _ in counts})
    ]  # fmt: skip
    columns = ("kind", "service", "declared", "given", "reads")
    return Table("recipients", columns, tuple(rows), unopened(found), known is None)


def special(kept: sqlite3.Connection, asked: Asked) -> Table:
    """Special categories (GDPR art. 9) given or read under a use that does not ask for explicit consent."""
    known = register(kept)
    found = list(facts(kept, "consent.given", "access.allowed", since=asked.since, until=asked.until))
    rows: Counter[tuple[str, str, str, str]] = Counter()
    for fact in found:
        use = known.uses.get(fact.said("use")) if known else None
        explicit = use is not None and str(use["special_basis"]).rpartition("#")[2] == "A9-2-a"
        for kind in kinds_of(fact):
            if known and kind in known.special and not explicit and _is_about(fact.said("use"), asked):
                rows[*purpose_of(fact), kind, fact.type] += 1
    table = tuple((*key, count) for key, count in sorted(rows.items()))
    return Table("special", ("service", "use", "kind", "type", "count"), table, unopened(found), known is None)


def changes(kept: sqlite3.Connection, asked: Asked) -> Table:
    """Changes of the published policies (their hash along the leaves) and of recipients, with what made them."""
    rows: list[tuple[Cell, ...]] = []
    known, before = register(kept), ""
    now = known.policy if known else ""
    left = 0
    for fact in facts(kept, until=asked.until):
        inside = fact.at >= asked.since
        if fact.policy != before and inside:
            rows.append((fact.at, *_place(fact)[:2], "policy", fact.policy, "known" if fact.policy == now else "other"))
        before = fact.policy
        if inside and fact.type.startswith("recipient."):
            left += fact.part is None
            rows.append((fact.at, *_place(fact)[:2], fact.type, fact.said("service"), fact.said("reason")))
    columns = ("at", "log", "index", "change", "what", "more")
    return Table("changes", columns, tuple(rows), left, known is None)


def auditors(kept: sqlite3.Connection, asked: Asked) -> Table:
    """What auditors themselves did: mandates, readings, cases, exports."""
    rows = []
    for fact in facts(kept, since=asked.since, until=asked.until):
        if not fact.type.startswith("auditor."):
            continue
        part = fact.part or {}
        who = fact.said("mandate") or ", ".join(filter(None, (fact.said("asked_by"), fact.said("agreed_by"))))
        first, count = part.get("first"), part.get("count")
        span = f"{first}-{first + count - 1}" if isinstance(first, int) and isinstance(count, int) else ""
        what = fact.said("log") or fact.said("case") or fact.said("manifest_sha256")
        rows.append((fact.at, fact.index, fact.type, who, what, span))
    return Table("auditors", ("at", "index", "type", "mandate", "what", "range"), tuple(rows))


def statistics(kept: sqlite3.Connection, asked: Asked) -> Table:
    """How often each type of entry came, by month and use; fewer than 11 are shown as ``<11``."""
    found = list(facts(kept, since=asked.since, until=asked.until))
    counts = Counter((fact.at[:7], fact.type, fact.said("use")) for fact in found if _is_about(fact.said("use"), asked))
    rows = tuple((*key, shown(count)) for key, count in sorted(counts.items()))
    return Table("statistics", ("month", "type", "use", "count"), rows, unopened(found))


def shown(count: int) -> Cell:
    """A count that is published: nothing is said of a few."""
    return count if count >= THRESHOLD else f"<{THRESHOLD}"


QUERIES: dict[str, Callable[[sqlite3.Connection, Asked], Table]] = {
    "in-force": in_force,
    "without-consent": without_consent,
    "stop-delay": stop_delay,
    "denials": denials,
    "obligations-overdue": obligations_overdue,
    "recipients": recipients,
    "special": special,
    "changes": changes,
    "auditors": auditors,
    "statistics": statistics,
}
"""Every question, by the name it is asked under. The life of one consent is asked of an open case only."""


def _is_about(use: str, asked: Asked) -> bool:
    return not asked.use or use == asked.use


def _place(fact: Fact) -> tuple[str, int, int]:
    return fact.log, fact.index, fact.nth


def _comes_after(fact: Fact, end: Fact) -> bool:
    """Whether it surely comes later: in the same log by its place, in another by its minute."""
    return fact.index > end.index if fact.log == end.log else fact.at > end.at


def _instant(minute: str) -> datetime:
    return datetime.strptime(minute, "%Y-%m-%dT%H:%M%z")


def _minutes(start: str, end: str) -> int:
    return int((_instant(end) - _instant(start)).total_seconds()) // 60


def _later(minute: str, days: int) -> str:
    return f"{_instant(minute) + timedelta(days=days):%Y-%m-%dT%H:%MZ}"
