"""Decisions on reads: our compiled policies with 100,000 consents in memory, against Cedar itself, in one run.

``./run bench policy [--quick] [--json]``. ``docs/reference/performance.md`` says what is measured and how.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter, perf_counter_ns, process_time

from benchmarks.measure import Report, arguments, machine, middle, percentile, ratio, resident_mb, say, show
from benchmarks.policy_world import KINDS, drawn, held, read, recipients, spoiled
from cockpit.consent.cedar.oracle import Oracle
from cockpit.consent.engine import Held, decide, select
from cockpit.consent.facts import Candidate, ReadRequest, candidate, question
from cockpit.consent.policy_set import PolicySet
from cockpit.consent.standing import broken
from cockpit.domain.decision import Allowed
from cockpit.policies import load_policies
from cockpit.registry import load_registry

ROUNDS = 3
CONSENTS, RECIPIENTS = 100_000, 200
DECISIONS, QUICK_DECISIONS = 200_000, 60_000
BY_CEDAR, QUICK_BY_CEDAR = 6_000, 1_500
COMPARED, QUICK_COMPARED = 60_000, 3_000
REFUSED = 0.2
"""Of the reads that are timed: services mostly ask for what they were given."""


@dataclass(frozen=True, slots=True)
class World:
    """Consents in memory, by person and recipient, and the reads that come."""

    held: Held
    reads: Sequence[ReadRequest]
    bytes_per_consent: float


def world(consents: int, decisions: int) -> World:
    """The same consents and reads each time."""
    draw = random.Random(4)
    before = resident_mb()
    known = recipients(draw, RECIPIENTS)
    made = [held(draw, number, *draw.choice(known)) for number in range(consents)]
    shelf: dict[tuple[str, str], tuple[Candidate, ...]] = {}
    for ready in made:
        key = (ready.consent.person, ready.consent.clause.service)
        shelf[key] = (*shelf.get(key, ()), ready)
    size = (resident_mb() - before) * 1e6 / consents
    reads = []
    for _ in range(decisions):
        request = read(draw, draw.choice(made))
        reads.append(spoiled(draw, request) if draw.random() < REFUSED else request)
    return World(shelf, reads, size)  # type: ignore[arg-type]


@dataclass(slots=True)
class Round:
    """One round's numbers, each a second of the processor."""

    ours_per_s: float
    cedar_per_s: float
    prepared_per_s: float
    p50_us: float
    p99_us: float
    allowed: float


def one_round(policies: PolicySet, oracle: Oracle, there: World, by_cedar: int) -> Round:
    """Ours and Cedar's in turns, ten times, so that both meet the same minute of the machine."""
    ours = cedar = prepared = 0.0
    allowed, turn, few = 0, len(there.reads) // 10, by_cedar // 10
    for start in range(0, turn * 10, turn):
        batch = there.reads[start : start + turn]
        begin = process_time()
        for request in batch:
            decision = decide(policies, request, select(there.held, request))
            allowed += decision.__class__ is Allowed
        ours += process_time() - begin
        asked = [question(one[0], request) for request in batch if (one := select(there.held, request))][:few]
        begin = process_time()
        for each in asked:
            oracle.verdict(each)
        cedar += (process_time() - begin) / len(asked)
        ready = [one[0] for request in batch[:few] if (one := select(there.held, request))]
        begin = process_time()
        for each_ready in ready:
            candidate(each_ready.consent, each_ready.recipient)
        prepared += (process_time() - begin) / len(ready)
    laps = _laps(policies, there)
    return Round(
        turn * 10 / ours, 10 / cedar, 10 / prepared, percentile(laps, 0.5) / 1e3, percentile(laps, 0.99) / 1e3,
        allowed / (turn * 10),
    )  # fmt: skip


def _laps(policies: PolicySet, there: World) -> list[int]:
    """How long each decision takes on the wall, in nanoseconds."""
    laps = []
    for request in there.reads[:50_000]:
        begin = perf_counter_ns()
        decide(policies, request, select(there.held, request))
        laps.append(perf_counter_ns() - begin)
    return laps


def mismatches(policies: PolicySet, oracle: Oracle, count: int) -> int:
    """How many of ``count`` drawn reads, of all kinds, Cedar decides otherwise or by other policies."""
    found = 0
    for ready, request, rules in drawn(random.Random(8), count):
        asked = question(ready, request, frozenset(broken(rules, ready, request, policies.entities)))
        found += not oracle.agrees(asked, policies.compiled.evaluate(asked))
    return found


def measured(*, quick: bool, rounds: int, consents: int) -> Report:
    """The whole benchmark."""
    registry = load_registry()
    begin = perf_counter()
    policies = load_policies(registry, KINDS)
    compiled_ms = (perf_counter() - begin) * 1e3
    oracle = Oracle(policies.exported, policies.entity_json, policies.sha256)
    say(f"Making {consents:,} consents...")
    there = world(consents, QUICK_DECISIONS if quick else DECISIONS)
    # As a server does once it has loaded what stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    found = []
    for number in range(rounds):
        found.append(one_round(policies, oracle, there, QUICK_BY_CEDAR if quick else BY_CEDAR))
        say(f"Round {number + 1} of {rounds}: {found[-1].ours_per_s:,.0f} decisions/s")
    compared = QUICK_COMPARED if quick else COMPARED
    say(f"Comparing {compared:,} decisions with Cedar's...")
    ours, cedar = middle([one.ours_per_s for one in found]), middle([one.cedar_per_s for one in found])
    metrics = {
        "decisions_per_s": ours,
        "p50_us": middle([one.p50_us for one in found]),
        "p99_us": middle([one.p99_us for one in found]),
        "oracle_mismatches": mismatches(policies, oracle, compared),
        "oracle_compared": compared,
        "prepared_per_s": middle([one.prepared_per_s for one in found]),
        "bytes_per_consent": there.bytes_per_consent,
        "compile_ms": compiled_ms,
    }
    known = {
        "machine": machine(),
        "consents": consents,
        "decisions": len(there.reads),
        "rounds": rounds,
        "policies": len(policies.compiled.policies),
        "allowed_share": round(middle([one.allowed for one in found]) or 0, 2),
    }
    peers = {"ours": {"decisions_per_s": ours}, "cedarpy": {"decisions_per_s": cedar}}
    return Report("policy", known, metrics, {"vs_cedarpy": ratio(ours, cedar)}, peers)


def main() -> None:
    """The command."""
    options = arguments(
        __doc__ or "",
        ("--rounds", {"type": int, "default": ROUNDS}),
        ("--consents", {"type": int, "default": CONSENTS}),
    )
    show(measured(quick=options.quick, rounds=options.rounds, consents=options.consents), as_json=options.json)


if __name__ == "__main__":
    main()
