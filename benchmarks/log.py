"""What the logs cost: growing the tree, an event made durable, accesses in batches, verifying every leaf.

``./run bench log [--quick] [--json]``. Each round begins on a fresh deployment; the numbers are medians of three.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import Connection

from benchmarks.measure import Number, Report, arguments, machine, middle, say, show
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.bootstrap import build
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.domain.record import Json
from cockpit.settings import Settings
from cockpit.store import log_rows
from cockpit.store.growth import Growth
from cockpit.store.walls import EVERYONE
from cockpit.tlog.checkpoint import parse_checkpoint
from cockpit.tlog.leaf import MOST_IN_BATCH, Leaf
from cockpit.tlog.logs import CONSENT, origin_of
from cockpit.tlog.merkle import Edge, leaf_hash
from cockpit.tlog.tiles import WIDTH, Tile, bundle, placed, unbundle

ROUNDS = 3
PERSONS = 4
"""Whose accesses a batch holds: a household."""

TOGETHER = 4
"""Batches of a transaction under load: what comes in a tenth of a second waits for one commit."""

MANY = 64
"""Persons of a batch that many readings fell into at once."""

MILLION = 1_000_000


def now() -> datetime:
    """A clock that stands still."""
    return datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@contextmanager
def deployment() -> Iterator[Cockpit]:
    """A new deployment on SQLite, as a household has it: a commit returns once the disk has it."""
    with tempfile.TemporaryDirectory(prefix="cockpit-bench-log-") as folder:
        cockpit = build(Settings(data=Path(folder) / "data", argon2_memory_kib=64), now)
        try:
            yield cockpit
        finally:
            cockpit.close()


def appended_per_s(leaves: Sequence[bytes]) -> float:
    """Leaves hashed and put into the tree and its tiles, in memory, one after another."""
    edge, tiles = Edge(), dict[Tile, list[bytes]]()
    began = perf_counter()
    for leaf in leaves:
        for tile, digest in placed(edge.size, edge.append(leaf_hash(leaf))):
            tiles.setdefault(tile, []).append(digest)
    edge.root()
    return len(leaves) / (perf_counter() - began)


def access(number: int) -> Event:
    """A reading as ``acts.read_for_service`` logs it."""
    audit: dict[str, Json] = {
        "service": "c_0123456789abcdef",
        "use": "energy-advice-v1",
        "kind": "energy.series",
        "fields": ["start", "interval", "unit", "values"],
        "decision": "allowed",
    }
    subject: dict[str, Json] = {
        **audit,
        "consent": f"{number:032x}",
        "service_name": "Coach énergie",
        "count": number % 100,
        "from": "2026-10-01",
        "until": "2026-10-31",
        "grain": "day",
    }
    return Event(EventType.ACCESS_ALLOWED, audit, subject)


def batched_per_s(cockpit: Cockpit, persons: Sequence[PersonId], transactions: int, together: int = 1) -> float:
    """Accesses logged, ``together`` batches in each transaction, which is on the disk when it ends."""
    events = [(access(number), persons[number % len(persons)]) for number in range(MOST_IN_BATCH)]
    began = perf_counter()
    for _ in range(transactions):
        with cockpit.database.write(EVERYONE) as connection:
            for _ in range(together):
                cockpit.ledger.append_batch(connection, events, now())
    return transactions * together * MOST_IN_BATCH / (perf_counter() - began)


def event_cpu_ms(cockpit: Cockpit, person: PersonId, count: int) -> float:
    """The processor time of one consent's event: tagged, sealed to its person, put into the tree, signed, kept."""
    event = Event(EventType.CONSENT_GIVEN, access(0).audit, access(0).subject)
    began = process_time()
    for _ in range(count):
        with cockpit.database.write(person) as connection:
            cockpit.ledger.append(connection, event, now(), person)
    return (process_time() - began) * 1000 / count


def made_leaves(count: int) -> list[bytes]:
    """Leaves as they are, with commitments as random as real ones."""
    policy = os.urandom(32).hex()
    made = []
    for _ in range(count):
        digits = os.urandom(80).hex()
        leaf = Leaf("consent.given", "2026-11-23T09:30Z", policy, digits[:64], digits[64:128], digits[128:])
        made.append(leaf.to_bytes())
    return made


def fill(cockpit: Cockpit, leaves: Sequence[bytes], page: int = 20_000) -> None:
    """Put leaves into the consent log, by its own writer but without openings: these are what nobody verifies."""
    for start in range(0, len(leaves), page):
        with cockpit.database.write() as connection:
            growth = Growth.of(connection, CONSENT)
            for leaf in leaves[start : start + page]:
                growth.add(leaf, lambda _: b"")
            growth.settle(connection, cockpit.ledger.signed)


def verify_s(cockpit: Cockpit) -> float:
    """Every leaf from its entry bundle, the tree again, each tile compared, the root under the signature."""
    began = perf_counter()
    with cockpit.database.read() as connection:
        size, note = cockpit.ledger.checkpoint(connection)
        edge = Edge()
        for start in range(0, size, WIDTH):
            served = bundle(log_rows.bundled(connection, CONSENT, start, WIDTH))
            _verify_bundle(connection, edge, unbundle(served))
        head = parse_checkpoint(note, cockpit.operator.log.verify_key(), origin_of(cockpit.ledger.origin, CONSENT))
    if (head.size, head.root) != (size, edge.root()):
        raise RuntimeError("the log does not verify")
    return perf_counter() - began


def _verify_bundle(connection: Connection, edge: Edge, leaves: Sequence[bytes]) -> None:
    tile, hashes = Tile(0, edge.size // WIDTH), [leaf_hash(leaf) for leaf in leaves]
    for digest in hashes:
        edge.append(digest)
    if log_rows.find_tiles(connection, CONSENT, [tile])[tile] != b"".join(hashes):
        raise RuntimeError("a tile is not that of its entries")


def round_of(*, quick: bool) -> dict[str, Number]:
    """One of each measure, so that all meet the same minute."""
    leaves = made_leaves(100_000 if quick else MILLION)
    found: dict[str, Number] = {"append_per_s": appended_per_s(leaves[:200_000])}
    with deployment() as cockpit:
        persons = [open_space(cockpit, f"p{n}", "quatre mots faciles", "P", "fr").person for n in range(MANY)]
        household = persons[:PERSONS]
        batched_per_s(cockpit, household, 2)
        found["batched_durable_per_s"] = batched_per_s(cockpit, household, 5 if quick else 25, TOGETHER)
        found["batched_alone_per_s"] = batched_per_s(cockpit, household, 20 if quick else 100)
        found["batched_many_per_s"] = batched_per_s(cockpit, persons, 5 if quick else 20)
        found["consent_event_cpu_ms"] = event_cpu_ms(cockpit, persons[0], 100 if quick else 500)
    with deployment() as cockpit:
        fill(cockpit, leaves)
        found["verify_1m_s"] = verify_s(cockpit) * MILLION / len(leaves)
    return found


def main() -> None:
    """The command."""
    options = arguments(__doc__ or "")
    rounds = []
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}")
        rounds.append(round_of(quick=options.quick))
    metrics = {name: middle([found[name] for found in rounds]) for name in rounds[0]}
    calibration = {
        "machine": machine(),
        "leaves": 100_000 if options.quick else MILLION,
        "records_in_a_batch": MOST_IN_BATCH,
        "persons_in_a_batch": PERSONS,
        "batches_in_a_commit": TOGETHER,
        "rounds": ROUNDS,
    }
    show(Report("log", calibration, metrics, {}, {}), as_json=options.json)


if __name__ == "__main__":
    main()
